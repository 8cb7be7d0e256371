"""The experiment's arms: trainings from the same records with the same compute, told apart by what was perturbed."""

from __future__ import annotations

from dataclasses import dataclass

from perturb.core.values import PARTS, Part

# Never trained on by any arm, one operator in each part: what a run says of them is news to every model.
HELD_OPERATORS = (
    "tools.version_suffix",
    "tools.wrap_in_list",
    "system.change_markup",
    "user.casing",
    "environment.another_day",
    "thinking.stale",
    "results.long_tail",
    "history.unrelated_dialogue_first",
)
HELD_SCAFFOLD = "search_browse_python"
# Generated decisions have no files, pages or records: one operator of this part applies to them, and it is held out.
TRAINABLE: tuple[Part, ...] = tuple(part for part in PARTS if part != "environment")


@dataclass(frozen=True, slots=True)
class Arm:
    """A training: options of ``perturb synthesize``, and the parts that its data never change."""

    name: str
    data: tuple[str, ...]
    untrained: frozenset[Part]


def arms() -> dict[str, Arm]:
    """All of them by name.

    >>> list(arms())[:4]
    ['base-only', 'tool-scaling', 'whole-trajectory', 'without-tools']
    """
    held = _options(*HELD_OPERATORS, HELD_SCAFFOLD)
    whole = ("--fixed-names", "--unperturbed", "0.25", *held)
    every = frozenset(PARTS)
    made = [
        Arm("base-only", ("--fixed-names", "--unperturbed", "1", *held), every),
        # Many tools under many names, and nothing else.
        Arm("tool-scaling", ("--most-tools", "8", "--unperturbed", "1", *held), every - {"tools"}),
        Arm("whole-trajectory", whole, every - set(TRAINABLE)),
    ]
    for part in TRAINABLE:
        untrained = every - set(TRAINABLE) | {part}
        made.append(Arm(f"without-{part}", (*whole, *_options(f"{part}.*")), untrained))
    return {arm.name: arm for arm in made}


def _options(*globs: str) -> tuple[str, ...]:
    return tuple(text for glob in globs for text in ("--hold-out", glob))
