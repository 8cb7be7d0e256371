"""mini_swe_like: one shell, one fenced command per message, observations as user messages (after mini-swe-agent, MIT).

The product ends a task with a sentinel command; here a message without a command ends it, so that an answer and a
question to the user can be told from a command.
"""

from __future__ import annotations

from perturb.core.registry import scaffold
from perturb.core.scaffold import Scaffold
from perturb.core.values import Case, Intent, Result, Section, Tool, World
from perturb.scaffolding.wording import relative, streams
from perturb.scaffolding.wording_defaults import worded
from perturb.scaffolds.pieces import editor_block, environment_lines, joined, memory_block, param, rule

TOOLS = (
    Tool(
        "bash",
        "Every command runs in a new shell in the working directory; nothing but files stays from one to the next.",
        "shell.run",
        (param("command", "command", "string", "The command"),),
    ),
)


_ROLE = """\
You solve tasks on a computer by running shell commands, one at a time, each with the thought that led to it. \
After each command you are shown its return code and what it printed; then you decide on the next one. Nobody \
else runs anything for you."""

_WORK = """\
1. Look at the files that the task is about before you change anything.
2. Make the change in the files themselves and keep it small.
3. Run the project's own checks, or try out the case at hand, to see that it works.
4. Consider what else could be affected, and finish only when the task is done."""

_BOUNDS = """\
- Each message holds one thought and one command. Join commands with && or ; when they belong together.
- Every command runs in a new shell in the working directory: directory changes and variables do not last, \
files do.
- Editors and other programs that wait for a keyboard cannot be used.
- Output beyond a limit is cut in the middle, so look at long files in parts."""

_COMMANDS = """\
Part of a file: sed -n '10,40p' FILE
Search: grep -rnE -e PATTERN DIR
Find by name: find DIR -name NAME
List: ls DIR
Write a file: cat > FILE with a here-document
Change text: a short python3 here-document that reads the file with pathlib, replaces the text and writes it \
back"""


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section("Role", _ROLE),
        Section("Recommended order", _WORK),
        Section("Bounds", _BOUNDS),
        Section("Useful commands", _COMMANDS),
        Section("System", environment_lines(world)),
    )


def _observation(code: int, text: str) -> str:
    return f"<returncode>{code}</returncode>\n<output>\n{text.rstrip()}\n</output>"


def _shell(result: Result, _world: World) -> str:
    return _observation(result.data["exit_code"], streams(result.data))


def _plain_text(result: Result, _world: World) -> str:
    return _observation(0, str(result.data.get("text", "")))


def _matches(result: Result, world: World) -> str:
    found = result.data["matches"]
    return _observation(
        0 if found else 1, "\n".join(f"{relative(m['path'], world)}:{m['line']}:{m['text']}" for m in found)
    )


_OWN = {
    "shell": _shell,
    "file": _plain_text,
    "matches": _matches,
    "listing": lambda r, _w: _observation(0, "\n".join(r.data["entries"])),
    "paths": lambda r, w: _observation(0, "\n".join(f"./{relative(p, w)}" for p in r.data["paths"])),
    "edited": lambda _r, _w: _observation(0, ""),
    "written": lambda _r, _w: _observation(0, ""),
    "error": lambda r, _w: _observation(1, f"bash: {r.data['message']}"),
}


def _word(_intent: Intent, result: Result, world: World) -> str:
    text = worded(result, world, _OWN)
    return text if text.startswith("<returncode>") else _observation(0, text)


def _opening(case: Case, memory: str) -> str:
    return joined(memory_block("AGENTS.md", memory), editor_block(case.world))


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
        serves=("cli", "ide", "recorded"),
        rules=(
            rule("Write a sentence of thought in every message, also before a command.", "text.present"),
            rule("Never start an interactive editor (vi, vim, nano).", "command.lacks", words=["vi ", "vim ", "nano "]),
        ),
        limit=10_000,
        markup="plain",
        opening=_opening,
    )
