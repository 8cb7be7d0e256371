"""Which recorded tools say something that every scaffold can say: the toolboxes of the products that are emulated.

A dialect is a tuple of tools, each with the action that it stands for, as in a scaffold. A recorded tool of that name
keeps its recorded face (description, schema) and gets the meaning. One line adds a product; a product without an
emulated scaffold is a tuple of tools more.
"""

from __future__ import annotations

from dataclasses import replace

from perturb.core.actions import ACTIONS, OWN, REQUIRED
from perturb.core.registry import SCAFFOLDS
from perturb.core.values import Param, Tool

_EMULATED = {
    "claude_code": "claude_code_like",
    "cline": "cline_like",
    "copilot": "vscode_like",
    "vscode": "vscode_like",
    "mini_swe_agent": "mini_swe_like",
}
_BASH = Tool("bash", "", "shell.run", (Param("command", {}, "command"), Param("timeout", {}, "timeout_s", False)))
_OWN: dict[str, tuple[Tool, ...]] = {
    "openhands": (replace(_BASH, name="execute_bash"),),
    "swe_agent": (_BASH,),
    "codex": (
        replace(_BASH, name="exec_command", params=(Param("cmd", {}, "command"),)),
        replace(_BASH, name="shell_command"),
        Tool("update_plan", "", "plan.set", (Param("plan", {}, "items"),)),
    ),
    "gemini_cli": (
        replace(_BASH, name="run_shell_command"),
        Tool("write_file", "", "fs.write", (Param("file_path", {}, "path"), Param("content", {}, "content"))),
    ),
    "mini_swe_agent": (_BASH,),
}


def dialect(product: str) -> tuple[Tool, ...]:
    """The tools of a product with what they mean; () for one that is not known."""
    emulated = SCAFFOLDS.get(_EMULATED.get(product, ""))
    return (*(emulated.tools if emulated else ()), *_OWN.get(product, ()))


def likely_product(names: set[str]) -> str:
    """The product whose tools these are, where a recording does not say; "" where too few are of any."""
    for product in _EMULATED:
        known = {tool.name for tool in dialect(product)}
        if len(known & names) >= 4:
            return product
    return ""


def meaning(tool: Tool, known: Tool) -> Tool | None:
    """The recorded `tool` with the meaning of `known`, its namesake; None where it cannot say what that needs.

    What the product takes beside the canonical arguments is carried along as its own and decides nothing.
    """
    if set(tool.rest) - {"additionalProperties", "description"}:
        return None
    fields = {param.name: param for param in known.params if param.field}
    params = tuple(
        replace(param, field=fields[param.name].field, codecs=fields[param.name].codecs)
        if param.name in fields
        else replace(param, field=OWN + param.name)
        for param in tool.params
    )
    needed = {name for name, field in ACTIONS[known.action].items() if field.default is REQUIRED and not field.free}
    carried = {param.field for param in params} | set(known.fixed)
    if not needed <= carried:
        return None
    return replace(tool, action=known.action, params=params, fixed=known.fixed, origin="scaffold")


def paths(tool: Tool, form: str) -> Tool:
    """`tool` with its paths spelled as a recording spells them: `form` is absolute or relative."""
    params = tuple(
        replace(param, codecs=(("path", form),)) if param.codecs and param.codecs[0][0] == "path" else param
        for param in tool.params
    )
    return replace(tool, params=params)
