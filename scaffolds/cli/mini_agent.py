"""mini_agent: M2's own small reference agent (after MiniMax-AI/Mini-Agent, MIT). Native calls, numbered reads."""

from __future__ import annotations

from perturb.core.registry import scaffold
from perturb.core.scaffold import Scaffold
from perturb.core.values import Case, Intent, Result, Section, Tool, World
from perturb.scaffolding.wording import numbered
from perturb.scaffolding.wording_defaults import worded
from perturb.scaffolds.pieces import editor_block, environment_lines, joined, memory_block, optional, param, rule

TOOLS = (
    Tool(
        "read_file",
        "Read a text file. Lines come numbered; give offset and limit for a part of a long file.",
        "fs.read",
        (
            param(
                "path", "path", "string", "File to read, absolute or relative to the workspace", ("path", "relative")
            ),
            optional("offset", "start", "integer", "First line, counted from 1"),
            optional("limit", "end", "integer", "How many lines", ("count_from", "start")),
        ),
    ),
    Tool(
        "write_file",
        "Write a whole file, replacing what was there.",
        "fs.write",
        (
            param("path", "path", "string", "File to write", ("path", "relative")),
            param("content", "content", "string", "The complete new content"),
        ),
    ),
    Tool(
        "edit_file",
        "Replace one piece of text in a file. The old text must occur exactly once.",
        "fs.edit",
        (
            param("path", "path", "string", "File to change", ("path", "relative")),
            param("old_str", "old", "string", "Text to replace, exactly as it stands in the file"),
            param("new_str", "new", "string", "Text to put there"),
        ),
    ),
    Tool(
        "bash",
        "Run a command in a shell in the workspace and get its output.",
        "shell.run",
        (
            param("command", "command", "string", "The command line"),
            optional("timeout", "timeout_s", "integer", "Seconds to wait, at most 600"),
            optional("run_in_background", "background", "boolean", "Do not wait for it to end"),
        ),
    ),
    Tool(
        "bash_output",
        "Get what a background command printed since the last look.",
        "shell.poll",
        (param("bash_id", "session", "string", "Id that bash gave"),),
    ),
    Tool("bash_kill", "Stop a background command.", "shell.kill", (param("bash_id", "session", "string", "Its id"),)),
    Tool(
        "record_note",
        "Keep a fact for later sessions.",
        "memory.write",
        (
            param("content", "text", "string", "The fact, in a sentence or two"),
            optional("category", "tag", "string", "A word to file it under"),
        ),
    ),
    Tool("web_search", "Search the web.", "web.search", (param("query", "query", "string", "What to look for"),)),
    Tool(
        "web_fetch",
        "Get the text of a web page.",
        "web.fetch",
        (
            param("url", "url", "string", "Address of the page"),
            optional("prompt", "goal", "string", "What to find out"),
        ),
    ),
    Tool("python", "Run Python and get what it prints.", "py.exec", (param("code", "code", "string", "The code"),)),
)


_ROLE = """\
You are Mini, an agent with one user and one workspace. You read and change files, run commands, keep notes \
and use the tools of connected servers. What was asked for you do yourself, instead of telling the user how it \
could be done."""

_GUIDE = """\
1. Work out what is wanted and which facts are missing; get those with tools, not by guessing.
2. Take small steps, and look at the outcome of each before you choose the next one.
3. Look-ups that do not depend on each other may go out together; whatever needs an earlier outcome waits for \
it.
4. When a tool reports an error, read it and change something before you try again.
5. Check the result with the project's own commands before you call it done.
6. When everything is done, or when only the user can settle a question, write to the user without calling a \
tool."""

_FILES = """\
Paths may be absolute or relative to the workspace. Read a file before you change it. For a small change use \
edit_file and copy the old text exactly as it stands, without the line numbers that read_file puts in front. \
write_file is for new files and complete rewrites, and replaces what was there."""

_SHELL = """\
Every command starts in the workspace and shares no state with the one before. Put quotes round paths with \
spaces and join steps that depend on each other with &&. List, search and test with ordinary shell commands. \
Servers and watchers run in the background; stop them when they are no longer needed. Do nothing destructive \
that was not asked for."""

_TALK = """\
Say in a sentence what you are about to do. At the end tell what you did, what came of it and what is still \
open, honestly also where something did not work."""


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section("Role", _ROLE),
        Section("Working guidelines", _GUIDE),
        Section("Files", _FILES),
        Section("Shell", _SHELL),
        Section("Communication", _TALK),
        Section("Current workspace", environment_lines(world)),
    )


def _shell(result: Result, _world: World) -> str:
    data = result.data
    parts = [data["stdout"].rstrip("\n")]
    if data["stderr"]:
        parts.append(f"[stderr]:\n{data['stderr'].rstrip()}")
    if data["exit_code"]:
        parts.append(f"[exit_code]:\n{data['exit_code']}")
    return "\n".join(part for part in parts if part) or "(no output)"


_OWN = {
    "file": lambda r, _w: numbered(r.data, "{n:6d}|{line}") or "(the file is empty)",
    "shell": _shell,
    "edited": lambda r, _w: f"Successfully edited {r.data['path']}",
    "written": lambda r, _w: f"Successfully wrote {r.data['path']}",
}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _opening(case: Case, memory: str) -> str:
    return joined(memory_block("AGENTS.md", memory), editor_block(case.world))


@scaffold
def mini_agent() -> Scaffold:
    """The baseline scaffold: it keeps M2's interleaved thinking and adds little of its own."""
    return Scaffold(
        name="mini_agent",
        version=1,
        family="cli",
        protocol="native",
        result_role="tool",
        home=True,
        summary="M2's small reference agent: native calls, files, shell, web, Python",
        tools=TOOLS,
        sections=_sections,
        word=_word,
        rules=(
            rule("Write at most 120 words in each message to the user.", "text.max_words", n=120),
            rule("Never use sudo.", "command.lacks", words=["sudo "]),
        ),
        limit=60_000,
        opening=_opening,
    )
