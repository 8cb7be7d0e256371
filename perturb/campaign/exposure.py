"""Whether a perturbation touched what the right answer needs: without that, an effect of zero says little."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from perturb.core.errors import UnrepresentableError
from perturb.core.values import Case, Json, Tool
from perturb.judging.ideal import intents_of
from perturb.toolbox import toolbox

_WORD = re.compile(r"\w+")
# Keys that say how a value is expected, and are no value.
_FORMS = frozenset(("$any", "$has", "$free", "$claims", "$example", "$regex"))


def exposed(base: Case, perturbed: Case, part: str) -> bool | None:
    """Whether what changed in `part` holds a value that the right answer uses, or made another answer right.

    A rule that came, went or asks for something else makes another answer right. For the tools: whether one that the
    answer calls looks different. None for the scaffold, where everything does, and where
    nothing was changed.
    """
    if base.scaffold != perturbed.scaffold or part not in ("tools", *_TEXTS):
        return None
    if part == "tools":
        return _tools_exposed(base, perturbed)
    if perturbed.expect.any_of[0] != base.expect.any_of[0] or _rules(perturbed) != _rules(base):
        return True
    if any(base.world.refs.get(target) != perturbed.world.refs.get(target) for target in _targets(base)):
        return True
    old, new = list(_TEXTS[part](base)), list(_TEXTS[part](perturbed))
    before, after = (
        Counter(_words([text for text in some if text not in other])) for some, other in ((old, new), (new, old))
    )
    changed = {word.lower() for word in ((before - after) | (after - before))}
    return not changed.isdisjoint(_needed(base))


_TEXTS: dict[str, Callable[[Case], Any]] = {
    "system": lambda case: [*((s.title, s.text) for s in case.system), *(r.text for r in case.instructions)],
    "user": lambda case: [turn.text for turn in case.turns if turn.role == "user"],
    "environment": lambda case: [
        case.world.cwd, case.world.home, case.world.clock, *(dict(r.data) for r in _results(case)),
    ],
    "thinking": lambda case: [turn.thinking for turn in case.turns if case.surface.retention != "drop_all"],
    "results": lambda case: [
        ({} if any(e.kind in ("head", "format") for e in r.edits) else dict(r.data), [e.text for e in r.edits])
        for r in _results(case)
    ],
    "history": lambda case: [
        (turn.text, [dict(c.args) for c in turn.calls], [dict(r.data) for r in turn.results]) for turn in case.turns
    ],
}  # fmt: skip


def _rules(case: Case) -> list[tuple[str, Any]]:
    """What the rules ask for, wherever they are stated."""
    return [(rule.check, dict(rule.params)) for rule in case.instructions]


def _results(case: Case) -> Iterator[Any]:
    return (result for turn in case.turns for result in turn.results)


def _targets(case: Case) -> list[str]:
    """The elements that the right answer acts on."""
    return [str(p.args["target"]) for p in case.expect.any_of[0] if "target" in p.args]


def _needed(case: Case) -> set[str]:
    """The words, names and numbers that the right answer passes or states; small words say nothing."""
    values = [{k: v for k, v in p.args.items() if k != "kind"} for p in case.expect.any_of[0]]
    return {word.lower() for word in _words(values) if len(word) > 3 or any(c.isdigit() for c in word)}


def _words(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "$example" or "$claims" not in value:
                yield from _words([] if key in _FORMS else key)
                yield from _words(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _words(item)
    elif not isinstance(value, bool) and value is not None:
        yield from _WORD.findall(str(value))


def _tools_exposed(base: Case, perturbed: Case) -> bool:
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
