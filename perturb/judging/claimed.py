"""Words whose claims nobody can decide: they are no error of the model, and no success."""

from __future__ import annotations

from perturb.claims.kinds import unstated
from perturb.core.values import Case, Intent


def undecided(case: Case, intents: tuple[Intent, ...]) -> str:
    """Why what was said can be called neither right nor wrong; empty when it can."""
    if len(intents) != 1 or intents[0].action != "say":
        return ""
    text = str(intents[0].args.get("text", ""))
    for patterns in case.expect.any_of:
        wanted = patterns[0].args.get("text") if len(patterns) == 1 and patterns[0].action == "say" else None
        if isinstance(wanted, dict) and "$claims" in wanted:
            left = unstated(text, wanted["$claims"])
            if left and all(verdict is None for _, verdict in left):
                return f"nobody can tell whether it states {dict(left[0][0])}"
    return ""
