"""cline_like: an editor's agent with an XML text protocol, one tool a message, environment details every turn.

After classic Cline (Apache-2.0): names, keys and result shapes; every sentence is our own.
"""

from __future__ import annotations

from perturb.core.registry import scaffold
from perturb.core.scaffold import Scaffold
from perturb.core.values import Call, Case, Intent, Param, Result, Section, Tool, World
from perturb.scaffolding.wording import numbered, relative, streams
from perturb.scaffolding.wording_defaults import worded
from perturb.scaffolds.pieces import environment_lines, memory_block, meta, optional, param, rule


def _path(description: str) -> Param:
    return param("path", "path", "string", f"{description}, relative to the working directory", ("path", "relative"))


TOOLS = (
    Tool(
        "read_file",
        "Reads a file, or a range of its lines. Use it when you need to know what a file holds. Lines "
        "come with their numbers.",
        "fs.read",
        (
            _path("File to read"),
            optional("start_line", "start", "integer", "First line"),
            optional("end_line", "end", "integer", "Last line"),
        ),
    ),
    Tool(
        "write_to_file",
        "Writes a whole file and replaces what was there; missing directories are made. Always give the "
        "complete content.",
        "fs.write",
        (_path("File to write"), param("content", "content", "string", "The complete content")),
    ),
    Tool(
        "replace_in_file",
        "Replaces one piece of text in an existing file by another. For targeted changes.",
        "fs.edit",
        (
            _path("File to change"),
            param("search", "old", "string", "Text as it is now, exactly and only once in the file"),
            param("replace", "new", "string", "Text as it is to be"),
        ),
    ),
    Tool(
        "search_files",
        "Searches the files below a directory with a regular expression and shows each match with its file.",
        "fs.grep",
        (
            param("path", "root", "string", "Directory to search", ("path", "relative")),
            param("regex", "pattern", "string", "The expression"),
            optional("file_pattern", "include", "string", "Only files of this glob"),
        ),
    ),
    Tool(
        "list_files",
        "Lists what is in a directory. Not meant for checking whether a file you wrote is there.",
        "fs.list",
        (_path("Directory"), optional("recursive", "recursive", "boolean", "Also everything below it")),
    ),
    Tool(
        "execute_command",
        "Runs a command line in the working directory. Say beforehand what it does, and prefer one "
        "command to a script.",
        "shell.run",
        (
            param("command", "command", "string", "The command"),
            meta("requires_approval", "boolean", "Whether the user should confirm it first", False),
            optional("timeout", "timeout_s", "integer", "Seconds to wait"),
        ),
    ),
    Tool(
        "web_search",
        "Searches the web.",
        "web.search",
        (param("query", "query", "string", "What to search for"),),
    ),
    Tool(
        "web_fetch",
        "Fetches a page as text.",
        "web.fetch",
        (param("url", "url", "string", "The page"), optional("prompt", "goal", "string", "What to find out on it")),
    ),
    Tool(
        "ask_followup_question",
        "Asks the user for something that is needed to go on and cannot be found out with a tool.",
        "say",
        (param("question", "text", "string", "The question"),),
        fixed={"kind": "ask"},
    ),
    Tool(
        "attempt_completion",
        "Presents the result to the user, once the task is done or turns out to be impossible. Ends the task.",
        "say",
        (param("result", "text", "string", "What was done, or the answer"),),
        fixed={"kind": "answer"},
    ),
)


_ROLE = """\
You are a software engineer inside a code editor. You reach a goal in small steps, each of them a tool use \
whose result you wait for and take into account."""

_OBJECTIVE = """\
1. Take the task apart into goals in a sensible order.
2. Work through them one after the other, each with one or more tool uses, one per message.
3. Before each use decide which tool fits best and whether you know all it needs. What can be found out with a \
tool is not asked for.
4. When the task is done, present the result. Do not present it before the earlier steps have been confirmed \
to work."""

_RULES = """\
- The working directory is fixed: do not use cd, ~ or $HOME. Paths are given relative to it.
- List or search before you read when you do not know where something is. The environment details often tell \
already.
- The environment details at the end of each message come from the editor. The user did not write them and \
does not refer to them.
- For a small change replace text; write the whole file only when it is new or mostly changed, and then give \
it completely.
- Before a command think about whether it fits the operating system, and whether it could do harm; if so it \
requires approval.
- Mind the conventions of the project. Changes have to fit the code around them.
- The user may decline a tool use or give feedback instead of a result; take that in and go on.
- A result is final: put no offer and no question at its end."""


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section("Role", _ROLE),
        Section("Objective", _OBJECTIVE),
        Section("Rules of work", _RULES),
        Section("System information", environment_lines(world)),
    )


def _file(result: Result, _world: World) -> str:
    data = result.data
    whole = data["start"] <= 1 and data["end"] >= data["total"]
    shown = "File has" if whole else f"Showing lines {data['start']}-{data['end']} of"
    return numbered(data, "{n} | {line}") + f"\n({shown} {data['total']} lines{' total' if whole else ''}.)"


def _shell(result: Result, _world: World) -> str:
    data = result.data
    how = "executed successfully" if data["exit_code"] == 0 else "failed"
    return f"Command {how} (exit code {data['exit_code']}).\nOutput:\n{streams(data)}"


def _matches(result: Result, world: World) -> str:
    found = result.data["matches"]
    rows = [f"{relative(m['path'], world)}\n│----\n│{m['text']}  (line {m['line']})\n│----" for m in found]
    return "\n".join([f"Found {len(found)} result{'' if len(found) == 1 else 's'}.", *rows])


_OWN = {
    "file": _file,
    "shell": _shell,
    "matches": _matches,
    "edited": lambda r, w: f"The content was changed and saved to {relative(r.data['path'], w)}.",
    "written": lambda r, w: f"The content was saved to {relative(r.data['path'], w)}.",
    "paths": lambda r, w: "\n".join(relative(path, w) for path in r.data["paths"]) or "No files found.",
    "error": lambda r, _w: f"The tool could not do this:\n<error>\n{r.data['message']}\n</error>",
}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _observe(call: Call, text: str) -> str:
    subject = next((str(v) for v in call.args.values() if isinstance(v, str)), "")
    return f"[{call.tool} for '{subject[:60]}'] Result:\n{text}"


def _details(case: Case) -> str:
    world = case.world
    lines = ["<environment_details>", "# Visible files"]
    lines.append(relative(world.open_files[0], world) if world.open_files else "(none)")
    if len(world.open_files) > 1:
        lines += ["# Open tabs", *(relative(path, world) for path in world.open_files)]
    if world.diagnostics:
        lines += ["# Problems", *world.diagnostics]
    lines += ["# Current time", f"{world.clock} ({world.locale})", "# Mode", "ACT", "</environment_details>"]
    return "\n".join(lines)


def _opening(_case: Case, memory: str) -> str:
    return memory_block(".clinerules", memory)


@scaffold
def cline_like() -> Scaffold:
    """An editor's agent with an XML text protocol."""
    return Scaffold(
        name="cline_like",
        version=1,
        family="ide",
        protocol="xml_tags",
        result_role="user",
        summary="editor agent: XML tags in text, one tool a message, environment details every turn",
        tools=TOOLS,
        sections=_sections,
        word=_word,
        serves=("cli", "ide", "search", "service", "recorded"),
        rules=(
            rule("Every message must use a tool, also the one that ends the task.", "call.at_least_one"),
            rule("Never use more than one tool in a message.", "call.max", n=1),
            rule(
                "Leave out the fillers 'Great,', 'Certainly,', 'Okay,' and 'Sure,' wherever you write.",
                "text.lacks",
                words=["Great,", "Certainly,", "Okay,", "Sure,"],
            ),
        ),
        observe=_observe,
        opening=_opening,
        aside=_details,
    )
