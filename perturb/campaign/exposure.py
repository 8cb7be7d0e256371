"""Whether a perturbation touched what the right answer needs: without that, an effect of zero says little."""

from __future__ import annotations

from perturb.core.errors import UnrepresentableError
from perturb.core.values import Case, Tool
from perturb.judging.ideal import intents_of
from perturb.toolbox import toolbox


def exposed(base: Case, perturbed: Case, part: str) -> bool | None:
    """For changes of the tools: whether one that the right answer calls looks different now. None for other parts."""
    if part != "tools":
        return None
    needed = _called(base)
    if not needed:
        return False
    now = {_identity(tool): tool for tool in perturbed.tools}
    return any(now.get(_identity(tool)) != tool for tool in base.tools if tool.name in needed)


def _identity(tool: Tool) -> tuple[str, str]:
    """What a tool is, whatever it is called."""
    return tool.action, repr(sorted(tool.fixed.items()))


def _called(case: Case) -> set[str]:
    """The names of the tools that the ideal answer calls."""
    names = set()
    for intent in intents_of(case, case.expect.any_of[0]):
        try:
            names.add(toolbox.encode(case.tools, intent, case.world).tool)
        except UnrepresentableError:
            continue
    return names
