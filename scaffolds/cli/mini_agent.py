"""mini_agent: M2's own small reference agent (after MiniMax-AI/Mini-Agent, MIT). Native calls, numbered reads."""

from __future__ import annotations

from perturb.registry import scaffold
from perturb.scaffold import Scaffold
from perturb.values import Case, Intent, Result, Section, Tool, World
from perturb.wording import numbered
from perturb.wording_defaults import worded
from scaffolds.pieces import memory_block, optional, param, rule

TOOLS = (
    Tool(
        "read_file",
        "Read a text file. Lines come numbered; give offset and limit for a part of a long file.",
        "fs.read",
        (
            param("path", "path", "string", "File to read, absolute or relative to the workspace", ("path", "absolute")),
            optional("offset", "start", "integer", "First line, counted from 1"),
            optional("limit", "end", "integer", "How many lines", ("count_from", "start")),
        ),
    ),
    Tool(
        "write_file",
        "Write a whole file, replacing what was there.",
        "fs.write",
        (
            param("path", "path", "string", "File to write", ("path", "absolute")),
            param("content", "content", "string", "The complete new content"),
        ),
    ),
    Tool(
        "edit_file",
        "Replace one piece of text in a file. The old text must occur exactly once.",
        "fs.edit",
        (
            param("path", "path", "string", "File to change", ("path", "absolute")),
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
    Tool("web_search", "Search the web.", "web.search", (param("query", "query", "string", "What to look for"),)),
    Tool(
        "web_fetch",
        "Get the text of a web page.",
        "web.fetch",
        (param("url", "url", "string", "Address of the page"), optional("prompt", "goal", "string", "What to find out")),
    ),
    Tool("python", "Run Python and get what it prints.", "py.exec", (param("code", "code", "string", "The code"),)),
)


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section(
            "Role",
            "You are an agent that gets work done with tools: it reads and changes files, runs commands and looks "
            "things up. Go step by step, look before you change something, and check what you did.",
        ),
        Section(
            "Working guidelines",
            "1. Understand the request and find the files that matter.\n2. Make the smallest change that does the job.\n"
            "3. Verify with the project's own commands.\n4. When a tool reports an error, read it and adapt.\n"
            "5. When everything is done, or when you need an answer from the user, write to the user without calling a tool.",
        ),
        Section(
            "Workspace",
            f"You are in {world.cwd} on {world.os} ({world.shell}); home is {world.home}. Today is {world.clock[:10]}. "
            "Paths may be absolute or relative to the workspace.",
        ),
    )


def _shell(result: Result, _world: World) -> str:
    data = result.data
    parts = [data["stdout"].rstrip("\n")]
    if data["stderr"]:
        parts.append(f"[stderr]:\n{data['stderr'].rstrip()}")
    if data["exit_code"]:
        parts.append(f"[exit_code]:\n{data['exit_code']}")
    return "\n".join(part for part in parts if part) or "(no output)"


_OWN = {"file": lambda r, _w: numbered(r.data, "{n:6d}|{line}"), "shell": _shell}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _opening(_case: Case, memory: str) -> str:
    return memory_block("AGENTS.md", memory)


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
        rules=(rule("Keep each message to the user under 120 words.", "text.max_words", n=120),),
        opening=_opening,
    )
