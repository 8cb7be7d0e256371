"""mini_swe_like: one shell, one fenced command per message, observations as user messages (after mini-swe-agent, MIT).

The product ends a task with a sentinel command; here a message without a command ends it, so that an answer and a
question to the user can be told from a command.
"""

from __future__ import annotations

from perturb.registry import scaffold
from perturb.scaffold import Scaffold
from perturb.values import Call, Case, Intent, Result, Section, Tool, World
from perturb.wording_defaults import worded
from scaffolds.pieces import memory_block, param, rule

TOOLS = (
    Tool(
        "bash",
        "Every command runs in a new shell in the working directory; nothing but files stays from one to the next.",
        "shell.run",
        (param("command", "command", "string", "The command"),),
    ),
)


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section("Role", "You solve tasks on a computer through shell commands, one at a time, each with its reason."),
        Section(
            "Useful commands",
            "Read part of a file: sed -n '10,40p' FILE. Search: grep -rnE PATTERN DIR. Find files: find DIR -name NAME. "
            "List: ls DIR. Make a file: cat > FILE with a here-document. Change text: a short python3 here-document "
            "with pathlib that replaces the old text by the new.",
        ),
        Section("System", f"{world.os} with {world.shell}, working directory {world.cwd}, home {world.home}, date {world.clock[:10]}"),
    )


def _observation(code: int, text: str) -> str:
    return f"<returncode>{code}</returncode>\n<output>\n{text.rstrip()}\n</output>"


def _shell(result: Result, _world: World) -> str:
    return _observation(result.data["exit_code"], result.data["stdout"] + result.data["stderr"])


def _plain_text(result: Result, _world: World) -> str:
    return _observation(0, str(result.data.get("text", "")))


def _matches(result: Result, _world: World) -> str:
    found = result.data["matches"]
    return _observation(0 if found else 1, "\n".join(f"{m['path']}:{m['line']}:{m['text']}" for m in found))


_OWN = {
    "shell": _shell,
    "file": _plain_text,
    "matches": _matches,
    "listing": lambda r, _w: _observation(0, "\n".join(r.data["entries"])),
    "paths": lambda r, _w: _observation(0, "\n".join(r.data["paths"])),
    "edited": lambda _r, _w: _observation(0, ""),
    "written": lambda _r, _w: _observation(0, ""),
    "error": lambda r, _w: _observation(1, f"bash: {r.data['message']}"),
}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _observe(_call: Call, text: str) -> str:
    return text


def _opening(_case: Case, memory: str) -> str:
    return memory_block("AGENTS.md", memory)


@scaffold
def mini_swe_like() -> Scaffold:
    """A shell-only agent with a text protocol."""
    return Scaffold(
        name="mini_swe_like",
        version=1,
        family="cli",
        protocol="fenced",
        result_role="user",
        summary="shell only: one fenced command a message, observations as user messages",
        tools=TOOLS,
        sections=_sections,
        word=_word,
        serves=("cli", "ide"),
        rules=(rule("Say what you think before each command.", "text.present"),),
        limit=10_000,
        markup="plain",
        observe=_observe,
        opening=_opening,
    )
