"""What an answer comes to, as one short word to compare: for decisions that have no gold.

Two answers that agree changed the same, or looked at the same, or both spoke; how they spoke is not compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from perturb.core.actions import decides
from perturb.core.canonical import digest
from perturb.core.rewrite import rewrite_value
from perturb.core.values import Answer, Case, Intent, Json, Rewrite, Undecodable, Unparsed
from perturb.judging.effect import effect
from perturb.toolbox import toolbox

# Words of prose in an argument, from which on the wording is the agent's own.
PROSE = 6


def meaning(base: Case, case: Case, answers: Sequence[Answer | Unparsed]) -> str:
    """What the answers of one decision come to in `case`, said in the names of `base`.

    Answers with the same meaning agree.
    """
    last = answers[-1]
    if isinstance(last, Unparsed):
        return last.kind
    broken = next((one for one in last.intents if isinstance(one, Undecodable)), None)
    if broken is not None:
        return f"{broken.kind} {digest(broken.call)}"
    every = [i for one in answers if isinstance(one, Answer) for i in one.intents if isinstance(i, Intent)]
    doing = [intent for intent in every if intent.action != "say"]
    if not doing:
        return "words" if every else "nothing"
    changed = effect(case.world, doing).changed
    told: Json = sorted([list(place), value] for place, value in changed.items()) if changed else _told(doing, case)
    return digest(_back(told, base, case))


def _told(intents: list[Intent], case: Case) -> Json:
    normal = [toolbox.normal(intent, case.world) for intent in intents]
    deciding = [{k: _bare(v) for k, v in one.args.items() if decides(one.action, k)} for one in normal]
    return sorted(([one.action, args] for one, args in zip(normal, deciding, strict=True)), key=digest)


def _bare(value: Json) -> Json:
    return "(words)" if isinstance(value, str) and is_prose(value) else value


def _back(value: Json, base: Case, case: Case) -> Json:
    """`value` in the names that things had before the rewrites that made `case` of `base`."""
    for rewrite in reversed(case.rewrites[len(base.rewrites) :]):
        value = rewrite_value(value, Rewrite(tuple((new, old) for old, new in rewrite.pairs)))
    return value


def is_prose(text: str) -> bool:
    """Whether a text is told in sentences, so that another wording says the same.

    >>> is_prose("Your flight has been moved to May 3."), is_prose("SELECT a, b FROM t WHERE c = 1 AND d = 2")
    (True, False)
    """
    words = text.split()
    plain = [word for word in words if word.strip(".,;:!?'\"()").isalpha() and not word.isupper()]
    return len(words) >= PROSE and len(plain) >= 0.75 * len(words) and not text.lstrip().startswith(("{", "[", "<"))
