"""bare: native calls, nothing of its own. For small models and short contexts: the case's own tools and words."""

from __future__ import annotations

from perturb.core.registry import scaffold
from perturb.core.scaffold import Scaffold
from perturb.core.values import Case, Intent, Result, Section, World
from perturb.scaffolding.wording_defaults import worded


def _sections(_world: World) -> tuple[Section, ...]:
    return ()


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, {})


def _opening(_case: Case, memory: str) -> str:
    return memory


@scaffold
def bare() -> Scaffold:
    """No tools, no prompt, no frame."""
    return Scaffold(
        name="bare",
        version=1,
        family="minimal",
        protocol="native",
        result_role="tool",
        summary="Nothing of its own: the decision's tools and words alone, for small models.",
        tools=(),
        sections=_sections,
        word=_word,
        serves=("imported", "service"),
        opening=_opening,
    )
