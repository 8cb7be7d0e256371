"""recorded: the conversation as it was recorded, its system text, tools and results in their own words."""

from __future__ import annotations

from perturb.core.registry import scaffold
from perturb.core.scaffold import Scaffold
from perturb.core.values import Case, Intent, Result, Section, World
from perturb.scaffolding.wording_defaults import worded


def _sections(_world: World) -> tuple[Section, ...]:
    return ()


def _word(_intent: Intent, result: Result, world: World) -> str:
    """What the agent was shown; what an operator or the world put in its place is said plainly."""
    return str(result.data["recorded"]) if "recorded" in result.data else worded(result, world, {})


def _opening(_case: Case, memory: str) -> str:
    return memory


@scaffold
def recorded() -> Scaffold:
    """Nothing of its own."""
    return Scaffold(
        name="recorded",
        version=1,
        family="minimal",
        protocol="native",
        result_role="tool",
        summary="a recording as it was: its own system text, tools and results, word for word",
        tools=(),
        sections=_sections,
        word=_word,
        serves=("recorded",),
        # Whatever was cut was cut when it was recorded.
        limit=100_000_000,
        opening=_opening,
        verbatim=True,
    )
