"""cline_like: an editor's agent with an XML text protocol, one tool a message, environment details every turn.

After classic Cline (Apache-2.0): names, keys and result shapes; every sentence is our own.
"""

from __future__ import annotations

from perturb.registry import scaffold
from perturb.scaffold import Scaffold
from perturb.values import Call, Case, Intent, Param, Result, Section, Tool, World
from perturb.wording import numbered
from perturb.wording_defaults import worded
from scaffolds.pieces import memory_block, optional, param, rule


def _path(description: str) -> Param:
    return param("path", "path", "string", f"{description}, relative to the working directory", ("path", "relative"))


TOOLS = (
    Tool(
        "read_file",
        "Reads a file, or lines of it.",
        "fs.read",
        (
            _path("File to read"),
            optional("start_line", "start", "integer", "First line"),
            optional("end_line", "end", "integer", "Last line"),
        ),
    ),
    Tool(
        "write_to_file",
        "Writes a whole file; missing directories are made.",
        "fs.write",
        (_path("File to write"), param("content", "content", "string", "The complete content")),
    ),
    Tool(
        "replace_in_file",
        "Replaces one piece of text in a file.",
        "fs.edit",
        (
            _path("File to change"),
            param("search", "old", "string", "Text as it is now, exactly and only once in the file"),
            param("replace", "new", "string", "Text as it is to be"),
        ),
    ),
    Tool(
        "search_files",
        "Searches files below a directory with a regular expression.",
        "fs.grep",
        (
            param("path", "root", "string", "Directory to search", ("path", "relative")),
            param("regex", "pattern", "string", "The expression"),
            optional("file_pattern", "include", "string", "Only files of this glob"),
        ),
    ),
    Tool(
        "list_files",
        "Lists a directory.",
        "fs.list",
        (_path("Directory"), optional("recursive", "recursive", "boolean", "Also everything below it")),
    ),
    Tool(
        "execute_command",
        "Runs a command line in the working directory.",
        "shell.run",
        (
            param("command", "command", "string", "The command"),
            Param(
                "requires_approval",
                {"type": "boolean", "description": "Whether the user should confirm it first"},
                "",
                True,
                (("meta", False),),
            ),
            optional("timeout", "timeout_s", "integer", "Seconds to wait"),
        ),
    ),
    Tool(
        "ask_followup_question",
        "Asks the user for something that cannot be found out otherwise.",
        "say",
        (param("question", "text", "string", "The question"),),
        fixed={"kind": "ask"},
    ),
    Tool(
        "attempt_completion",
        "Presents the result to the user when the task is done or cannot be done.",
        "say",
        (param("result", "text", "string", "What was done, or the answer"),),
        fixed={"kind": "answer"},
    ),
)


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section("Role", "You are a software engineer inside a code editor. You reach a goal in small steps, each a tool use."),
        Section(
            "Rules of work",
            f"You cannot leave {world.cwd}; paths are relative to it. Decide from the environment details what is already "
            "known before you look things up. The details are added by the editor; the user did not write them. After each "
            "tool use wait for its result. Ask only when no tool can answer. When the task is done, present the result.",
        ),
        Section(
            "System information",
            f"Operating system: {world.os}\nShell: {world.shell}\nHome directory: {world.home}\nWorking directory: {world.cwd}",
        ),
    )


def _file(result: Result, _world: World) -> str:
    data = result.data
    end = "(File has {total} lines total.)" if data["end"] >= data["total"] else "(Showing lines {start}-{end} of {total}.)"
    return numbered(data, "{n} | {line}") + "\n" + end.format(**data)


def _shell(result: Result, _world: World) -> str:
    data = result.data
    how = "executed successfully" if data["exit_code"] == 0 else "failed"
    return f"Command {how} (exit code {data['exit_code']}).\nOutput:\n{(data['stdout'] + data['stderr']).rstrip()}"


def _matches(result: Result, _world: World) -> str:
    found = result.data["matches"]
    rows = [f"{m['path']}\n│----\n│{m['text']}  (line {m['line']})\n│----" for m in found]
    return "\n".join([f"Found {len(found)} result{'' if len(found) == 1 else 's'}.", *rows])


_OWN = {
    "file": _file,
    "shell": _shell,
    "matches": _matches,
    "edited": lambda r, _w: f"The content was changed and saved to {r.data['path']}.",
    "written": lambda r, _w: f"The content was saved to {r.data['path']}.",
    "error": lambda r, _w: f"The tool could not do this:\n<error>\n{r.data['message']}\n</error>",
}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _observe(call: Call, text: str) -> str:
    subject = next((str(v) for v in call.args.values() if isinstance(v, str)), "")
    return f"[{call.tool} for '{subject[:60]}'] Result:\n{text}"


def _details(case: Case) -> str:
    world = case.world
    lines = ["<environment_details>", "# Visible files", world.open_files[0] if world.open_files else "(none)"]
    if len(world.open_files) > 1:
        lines += ["# Open tabs", *world.open_files]
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
        serves=("cli", "ide", "service"),
        rules=(
            rule("Use exactly one tool in every message.", "call.at_least_one"),
            rule("Never use more than one tool in a message.", "call.max", n=1),
            rule("Do not begin a message with 'Great', 'Certainly', 'Okay' or 'Sure'.", "text.lacks", words=["Great,", "Certainly,", "Okay,", "Sure,"]),
        ),
        observe=_observe,
        opening=_opening,
        aside=_details,
    )
