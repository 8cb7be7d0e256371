"""Parameters and blocks that several scaffolds share."""

from __future__ import annotations

from typing import Any

from perturb.core.values import Codec, Instruction, Param, World


def param(
    name: str, field: str, kind: str, description: str, *codecs: Codec, required: bool = True, **more: Any
) -> Param:
    """A visible parameter of a JSON type that carries a canonical field."""
    return Param(name, {"type": kind, "description": description, **more}, field, required, codecs)


def optional(name: str, field: str, kind: str, description: str, *codecs: Codec, **more: Any) -> Param:
    """The same, which may be left out."""
    return param(name, field, kind, description, *codecs, required=False, **more)


def rule(text: str, check: str, **params: Any) -> Instruction:
    """One of a scaffold's own rules, stated in its system prompt."""
    return Instruction(text, "system", check, params)


def environment_lines(world: World) -> str:
    """Where the agent is, one fact a line."""
    return (
        f"Working directory: {world.cwd}\nHome directory: {world.home}\nOperating system: {world.os}\n"
        f"Shell: {world.shell}\nLocale: {world.locale}\nToday: {world.clock[:10]}"
    )


def meta(name: str, kind: str, description: str, example: Any, required: bool = True, **more: Any) -> Param:
    """A parameter that carries no meaning for the task: a reason, a risk label."""
    return Param(name, {"type": kind, "description": description, **more}, "", required, (("meta", example),))


def memory_block(name: str, rules: str) -> str:
    """A memory file with its rules, as it is put before the first request; empty without rules."""
    return f"Contents of {name} (project instructions, always in force):\n{rules}" if rules else ""


def editor_block(world: World) -> str:
    """What the user has open and what the editor reports, for scaffolds that are told it once; often empty."""
    lines = [f"Open in the user's editor: {path}" for path in world.open_files]
    lines += [f"Reported by the editor: {problem}" for problem in world.diagnostics]
    return "\n".join(lines)


def joined(*blocks: str) -> str:
    """The blocks that say something, with an empty line between them."""
    return "\n\n".join(block for block in blocks if block)
