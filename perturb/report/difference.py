"""What a perturbation changed in a prompt, for a person: long lines that differ in a few words show those words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

WORD = re.compile(r"\w+|\s+|[^\w\s]")
# Of a line that changed, what stays is shown this far around a change.
AROUND = 40
# Pairs of words; beyond this many, two lines are shown one after the other.
MOST_COMPARED = 4_000_000


def difference(before: str, after: str) -> str:
    r"""The lines that differ, each after the line before it; empty when there are none.

    `-` and `+` begin a line that is gone or new; `~` begins one that changed, with `[-gone-]` and `{+new+}`
    words in it.

    >>> print(difference('Tools:\n{"name": "read", "path": 1}\nend', 'Tools:\n{"name": "fn_1", "path": 1}\nend'))
    @@ line 2 @@
      Tools:
    ~ {"name": "[-read-]{+fn_1+}", "path": 1}
    """
    old, new = before.splitlines(), after.splitlines()
    shown: list[str] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            context = [f"  {new[j - 1]}"] if j else []
            shown += [f"@@ line {j + 1} @@", *context, *_replaced(old[i:i_end], new[j:j_end])]
    return "\n".join(shown)


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Lines paired one to one show their words; others stand whole, the gone ones first."""
    if len(old) != len(new):
        yield from (f"- {line}" for line in old)
        yield from (f"+ {line}" for line in new)
        return
    for one, two in zip(old, new, strict=True):
        words = _words(one, two)
        yield from [f"~ {words}"] if words is not None else [f"- {one}", f"+ {two}"]


def _words(one: str, two: str) -> str | None:
    """Both lines as one with the changed words marked; None where little is left in common."""
    old, new = WORD.findall(one), WORD.findall(two)
    if len(old) * len(new) > MOST_COMPARED:
        return None
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.5:
        return None
    return "".join(_marked(matcher.get_opcodes(), old, new))


def _marked(opcodes: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]) -> Iterable[str]:
    for place, (tag, i, i_end, j, j_end) in enumerate(opcodes):
        gone, come = "".join(old[i:i_end]), "".join(new[j:j_end])
        if tag == "equal":
            yield _shortened(gone, first=place == 0, last=place == len(opcodes) - 1)
            continue
        yield (f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else "")


def _shortened(text: str, *, first: bool, last: bool) -> str:
    """What stays between two changes, cut in its middle; at a line's ends, cut away from the change."""
    head = AROUND if not first else 0
    tail = AROUND if not last else 0
    if len(text) <= head + tail + 3:
        return text
    return text[:head] + " … " + (text[len(text) - tail :] if tail else "")
