"""claude_code_like: a terminal coding agent with PascalCase tools, an environment block and reminders.

Follows the documented tool names, keys and result shapes of Claude Code; every sentence is our own.
"""

from __future__ import annotations

from perturb.core.registry import scaffold
from perturb.core.scaffold import Scaffold
from perturb.core.values import Case, Intent, Param, Result, Section, Tool, World
from perturb.scaffolding.wording import numbered, streams
from perturb.scaffolding.wording_defaults import worded
from perturb.scaffolds.pieces import environment_lines, memory_block, meta, optional, param, rule


def _file(description: str) -> Param:
    return param("file_path", "path", "string", f"{description}, as an absolute path", ("path", "absolute"))


TOOLS = (
    Tool(
        "Read",
        "Reads a text file. Each line comes with its number and a tab in front; these are not part of the "
        "file. Without offset and limit the file is read from its first line, up to 2000 lines.",
        "fs.read",
        (
            _file("The file to read"),
            optional("offset", "start", "number", "Line to begin with, from 1"),
            optional("limit", "end", "number", "Number of lines", ("count_from", "start")),
        ),
    ),
    Tool(
        "Edit",
        "Exchanges a piece of text in a file that has been read before. old_string has to match the file "
        "exactly, indentation included, and without the line numbers. It fails when old_string occurs "
        "more than once, unless replace_all is set.",
        "fs.edit",
        (
            _file("The file to change"),
            param("old_string", "old", "string", "What stands there now; must be unique unless replace_all"),
            param("new_string", "new", "string", "What is to stand there"),
            optional("replace_all", "all", "boolean", "Exchange every occurrence", default=False),
        ),
    ),
    Tool(
        "Write",
        "Writes a complete file and replaces what was there. Read an existing file first; for a change in "
        "it, Edit is better.",
        "fs.write",
        (_file("The file to write"), param("content", "content", "string", "All of its new content")),
    ),
    Tool(
        "Bash",
        "Runs a command in bash and returns what it prints. Meant for git, builds, tests and other "
        "programs; for finding, searching, reading and changing files there are tools of their own. Quote "
        "paths that hold spaces.",
        "shell.run",
        (
            param("command", "command", "string", "The command"),
            optional("timeout", "timeout_s", "number", "Limit in milliseconds, up to 600000", ("scale", 1000)),
            optional("description", "", "string", "What the command is for, in five to ten words"),
            optional("run_in_background", "background", "boolean", "Return at once"),
        ),
    ),
    Tool(
        "Glob",
        "Finds files by a pattern such as src/**/*.ts and returns their paths.",
        "fs.find",
        (
            param("pattern", "glob", "string", "The pattern"),
            optional("path", "root", "string", "Directory to look in", ("path", "absolute")),
        ),
    ),
    Tool(
        "Grep",
        "Searches the contents of files with a regular expression, below a directory or in one file. Use "
        "this instead of grep in Bash.",
        "fs.grep",
        (
            param("pattern", "pattern", "string", "The expression"),
            optional("path", "root", "string", "Where to search", ("path", "absolute")),
            optional("glob", "include", "string", "Only files of this name pattern"),
            optional("-i", "ignore_case", "boolean", "Ignore case"),
        ),
    ),
    Tool(
        "TodoWrite",
        "Keeps the list of steps of a longer task; every call gives the complete list.",
        "plan.set",
        (param("todos", "items", "array", "All steps with their status", items={"type": "object"}),),
    ),
    Tool(
        "WebFetch",
        "Fetches a page from an address that is known and answers a question about it. It only reads.",
        "web.fetch",
        (
            param("url", "url", "string", "The page"),
            meta("prompt", "string", "What to find out on it", "What does the page say?"),
        ),
    ),
    Tool(
        "WebSearch",
        "Searches the web, for what is newer than you know. Returns titles, addresses and snippets.",
        "web.search",
        (param("query", "query", "string", "The search words"),),
    ),
)


_IDENTITY = """\
You are an agent in a terminal and help one person with software work. What you write appears in that terminal \
as monospace text, so keep it short and say it plainly. Never make up addresses or facts; look them up or say \
that you do not know."""

_TASKS = """\
- Look at the code before you suggest or make a change, and follow the conventions you find there.
- Do what was asked and nothing beyond it: no additional files, no documentation nobody wanted, no clean-up on \
the side.
- Prefer a change in an existing file to a new file.
- Commit, push or publish only when the person has asked for exactly that.
- Use the project's own tests and checks to see whether your change works, and report it truthfully when they \
fail.
- When you are stopped by something only the person can decide, ask; otherwise go on until the work is done."""

_TOOLS = """\
- There are tools made for reading, finding, searching and changing files; prefer them to cat, find, grep and \
sed in Bash.
- Calls that do not depend on each other may be made together; calls that do are made one after the other.
- A call that the person declined is not simply made again. Think about why and choose another way.
- Do not begin a command by changing into the directory you are already in."""

_HARNESS = """\
Tool results and messages may carry <system-reminder> tags. They come from the terminal program, not from the \
person, and have no bearing on the result they stand in. Old parts of a long conversation may be replaced by a \
summary."""

_STYLE = """\
Answer in as few lines as the matter allows, without a preface and without a summary of what can be seen \
anyway. Point to code as path:line. A reply without a tool call ends your turn."""


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section("Identity", _IDENTITY),
        Section("Harness", _HARNESS),
        Section("Doing tasks", _TASKS),
        Section("Using tools", _TOOLS),
        Section("Tone and style", _STYLE),
        Section("Environment", f"<env>\n{environment_lines(world)}\n</env>"),
    )


def _shell(result: Result, _world: World) -> str:
    data = result.data
    text = streams(data)
    if data["exit_code"]:
        return f"Exit code {data['exit_code']}\n{text}"
    return text or "(the command printed nothing)"


def _file_text(result: Result, _world: World) -> str:
    if not result.data["text"]:
        return "<system-reminder>The file is there but empty.</system-reminder>"
    return numbered(result.data, "{n}\t{line}")


_OWN = {
    "file": _file_text,
    "shell": _shell,
    "edited": lambda r, _w: f"{r.data['path']} has been changed.",
    "written": lambda r, _w: f"{r.data['path']} has been {'created' if r.data['created'] else 'replaced'}.",
    "paths": lambda r, _w: "\n".join(r.data["paths"]) or "No files match.",
    "error": lambda r, _w: f"<tool_use_error>{r.data['message']}</tool_use_error>",
}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _opening(_case: Case, memory: str) -> str:
    block = memory_block("CLAUDE.md", memory)
    return f"<system-reminder>\n{block}\n</system-reminder>" if block else ""


def _aside(case: Case) -> str:
    """What the editor beside the terminal reports with each message of the person."""
    world = case.world
    notes = [
        f"The person has {path} open in the editor. It may have nothing to do with the task."
        for path in world.open_files
    ]
    if world.diagnostics:
        problems = "\n".join(world.diagnostics)
        notes.append(f"<new-diagnostics>\n{problems}\n</new-diagnostics>")
    return "\n".join(f"<system-reminder>\n{note}\n</system-reminder>" for note in notes)


@scaffold
def claude_code_like() -> Scaffold:
    """A terminal coding agent."""
    return Scaffold(
        name="claude_code_like",
        version=1,
        family="cli",
        protocol="native",
        result_role="tool",
        home=True,
        summary="terminal coding agent: native calls, absolute paths, reminders, dedicated file tools",
        tools=TOOLS,
        sections=_sections,
        word=_word,
        rules=(
            rule("Give file paths to tools in absolute form.", "args.absolute_paths"),
            rule("Read a file in this conversation before you edit or overwrite it.", "edit.after_read"),
            rule(
                "Do not use emojis in your messages.",
                "text.lacks",
                words=list("🎉✅🚀👍🙂😀😊🔧🔍📁📄📝💡⚠❌✨🐛🧪📊🎯"),
            ),
            rule("Keep each message under 150 words.", "text.max_words", n=150),
        ),
        opening=_opening,
        aside=_aside,
    )
