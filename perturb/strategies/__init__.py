"""Hypothesis strategies over agent decisions. Needs the ``hypothesis`` extra.

>>> from hypothesis import find
>>> from perturb.strategies import decisions
>>> find(decisions(fixtures=["cli-csv-count"], scaffolds=["mini_agent"]), lambda item: True).base.id
'cli-csv-count@1'
"""

from perturb.core.registry import load_builtin

load_builtin()

from perturb.strategies.profiles import register_profiles  # noqa: E402  # names are drawn from the registries
from perturb.strategies.replies import replies  # noqa: E402  # likewise
from perturb.strategies.schemas import arguments, tool_schemas  # noqa: E402  # likewise
from perturb.strategies.text import hostile_text  # noqa: E402  # likewise
from perturb.strategies.trajectories import cases, decisions, operators, recipes, scaffolds  # noqa: E402  # likewise

__all__ = [
    "arguments",
    "cases",
    "decisions",
    "hostile_text",
    "operators",
    "recipes",
    "register_profiles",
    "replies",
    "scaffolds",
    "tool_schemas",
]
