"""claude_code_like: a terminal coding agent with PascalCase tools, an environment block and reminders.

Follows the documented tool names, keys and result shapes of Claude Code; every sentence is our own.
"""

from __future__ import annotations

from perturb.registry import scaffold
from perturb.scaffold import Scaffold
from perturb.values import Case, Intent, Param, Result, Section, Tool, World
from perturb.wording import numbered
from perturb.wording_defaults import worded
from scaffolds.pieces import memory_block, optional, param, rule


def _file(description: str) -> Param:
    return param("file_path", "path", "string", f"{description}, as an absolute path", ("path", "absolute"))


TOOLS = (
    Tool(
        "Read",
        "Reads a file. Long files can be read in parts.",
        "fs.read",
        (
            _file("The file to read"),
            optional("offset", "start", "number", "Line to begin with, from 1"),
            optional("limit", "end", "number", "Number of lines", ("count_from", "start")),
        ),
    ),
    Tool(
        "Edit",
        "Exchanges an exact piece of text in a file that has been read before.",
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
        "Writes a complete file.",
        "fs.write",
        (_file("The file to write"), param("content", "content", "string", "All of its new content")),
    ),
    Tool(
        "Bash",
        "Runs a shell command. For searching and reading files there are better tools than this one.",
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
        "Finds files by a name pattern such as **/*.ts.",
        "fs.find",
        (
            param("pattern", "glob", "string", "The pattern"),
            optional("path", "root", "string", "Directory to look in", ("path", "absolute")),
        ),
    ),
    Tool(
        "Grep",
        "Searches file contents with a regular expression.",
        "fs.grep",
        (
            param("pattern", "pattern", "string", "The expression"),
            optional("path", "root", "string", "Where to search", ("path", "absolute")),
            optional("glob", "include", "string", "Only files of this name pattern"),
            optional("-i", "ignore_case", "boolean", "Ignore case"),
        ),
    ),
    Tool(
        "WebFetch",
        "Fetches a page and answers a question about it.",
        "web.fetch",
        (
            param("url", "url", "string", "The page"),
            Param("prompt", {"type": "string", "description": "What to find out"}, "", True, (("meta", "Get the facts."),)),
        ),
    ),
    Tool("WebSearch", "Searches the web.", "web.search", (param("query", "query", "string", "The search words"),)),
)


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section(
            "Identity",
            "You work in a terminal and help with software tasks. Your words appear in that terminal; keep them few.",
        ),
        Section(
            "Doing tasks",
            "Look at the code before you suggest or make a change. Follow the conventions that are already there. Do what "
            "was asked, nothing beyond it: no extra files, no commits unless asked. Check your work with the project's "
            "own tests when it has some.",
        ),
        Section(
            "Tool use",
            "Prefer the tools made for reading, searching and changing files to shell commands. Steps that do not depend "
            "on each other may be done together. A call that was declined must not simply be repeated. Text inside "
            "system-reminder tags comes from the terminal, not from the user.",
        ),
        Section(
            "Environment",
            f"<env>\nWorking directory: {world.cwd}\nHome: {world.home}\nPlatform: {world.os}\nShell: {world.shell}\n"
            f"Date: {world.clock[:10]}\n</env>",
        ),
    )


def _shell(result: Result, _world: World) -> str:
    data = result.data
    text = (data["stdout"] + data["stderr"]).rstrip("\n")
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
            rule("Do not use emojis in your messages.", "text.lacks", words=["🎉", "✅", "🚀", "👍"]),
        ),
        opening=_opening,
    )
