"""What a perturbation changed in a prompt, for a person: long lines that differ in a few words show those words.

The time is near-linear in the texts, whatever is in them: what is unique on both sides anchors the comparison
(patience diff, Bram Cohen), what lies between is compared by the greedy algorithm of E. W. Myers, "An O(ND) Difference
Algorithm" (1986), as far as `MOST_EDITS`; beyond that it is shown as replaced.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

WORD = re.compile(r"\w+|\s+|[^\w\s]")
# Of a line that changed, what stays is shown this far around a change.
AROUND = 40
MOST_EDITS = 100
# Equal stretches: (start in the old, start in the new, length).
Match = tuple[int, int, int]


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
    for i, i_end, j, j_end in changes(old, new):
        context = [f"  {new[j - 1]}"] if j else []
        shown += [f"@@ line {j + 1} @@", *context, *_replaced(old[i:i_end], new[j:j_end])]
    return "\n".join(shown)


def changes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The stretches that differ: ``old[i:i_end]`` became ``new[j:j_end]``.

    >>> list(changes("abcde", "abxde"))
    [(2, 3, 2, 3)]
    """
    i = j = 0
    for start, there, length in [*matches(old, new), (len(old), len(new), 0)]:
        if (i, j) != (start, there):
            yield i, start, j, there
        i, j = start + length, there + length


def matches(old: Sequence[str], new: Sequence[str]) -> list[Match]:
    """The stretches that stay, in order."""
    found: list[Match] = []
    i = j = 0
    for a, b in [*_anchors(old, new), (len(old), len(new))]:
        found += [(i + x, j + y, n) for x, y, n in _between(old[i:a], new[j:b])]
        found.append((a, b, int(a < len(old))))
        i, j = a + 1, b + 1
    return list(_joined(found))


def _joined(found: Iterable[Match]) -> Iterator[Match]:
    """Neighbours as one; none of length 0."""
    start = there = length = 0
    for i, j, n in found:
        if (i, j) == (start + length, there + length):
            length += n
            continue
        if length:
            yield start, there, length
        start, there, length = i, j, n
    if length:
        yield start, there, length


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of what stands once on either side: the longest chain that is in the same order on both."""
    once_old, once_new = (Counter(side) for side in (old, new))
    places = {token: place for place, token in enumerate(new) if once_new[token] == 1}
    pairs = [(a, places[token]) for a, token in enumerate(old) if once_old[token] == 1 and token in places]
    tops: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, b) in enumerate(pairs):
        pile = bisect_left(tops, b)
        tops[pile : pile + 1] = [b]
        last[pile : pile + 1] = [number]
        before.append(last[pile - 1] if pile else -1)
    chain, at = [], last[-1] if last else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[Match]:
    """What stays between two anchors: the common beginning, the common end, and what few edits leave of the rest."""
    least = min(len(old), len(new))
    head = next((n for n in range(least) if old[n] != new[n]), least)
    tail = next((n for n in range(least - head) if old[-1 - n] != new[-1 - n]), least - head)
    yield 0, 0, head
    a, b = len(old) - tail, len(new) - tail
    if head < a and head < b:
        yield from ((head + x, head + y, 1) for x, y in _edited(old[head:a], new[head:b]))
    yield a, b, tail


def _edited(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of places that stay, by Myers' greedy algorithm; none when more than `MOST_EDITS` are needed.

    On diagonal k (place in the old minus place in the new) `ends[k]` is how far d edits reach in the old.
    """
    ends, trail = {1: 0}, []
    for d in range(min(len(old) + len(new), MOST_EDITS) + 1):
        trail.append(dict(ends))
        for k in range(-d, d + 1, 2):
            x = ends[k + 1] if _down(ends, k, d) else ends[k - 1] + 1
            while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
                x += 1
            ends[k] = x
            if x >= len(old) and x - k >= len(new):
                return _retraced(trail, len(old), len(new))
    return []


def _down(ends: dict[int, int], k: int, d: int) -> bool:
    """Whether the d-th edit that reaches diagonal k takes something new rather than drops something old."""
    return k == -d or (k != d and ends[k - 1] < ends[k + 1])


def _retraced(trail: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for d in range(len(trail) - 1, -1, -1):
        ends, k = trail[d], x - y
        k_before = k + 1 if _down(ends, k, d) else k - 1
        x_before = ends[k_before]
        y_before = x_before - k_before
        while x > x_before and y > max(y_before, 0):
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = x_before, y_before
    return found[::-1]


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
    """Both lines as one with the changed words marked; None where less than half is in common."""
    old, new = WORD.findall(one), WORD.findall(two)
    same = matches(old, new)
    if 4 * sum(length for _, _, length in same) < len(old) + len(new):
        return None
    return "".join(_marked(same, old, new))


def _marked(same: Sequence[Match], old: Sequence[str], new: Sequence[str]) -> Iterable[str]:
    i = j = 0
    for start, there, length in [*same, (len(old), len(new), 0)]:
        gone, come = "".join(old[i:start]), "".join(new[j:there])
        yield (f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else "")
        i, j = start + length, there + length
        first, last = start == there == 0, (i, j) == (len(old), len(new))
        yield _shortened("".join(old[start:i]), first=first, last=last)


def _shortened(text: str, *, first: bool, last: bool) -> str:
    """What stays between two changes, cut in its middle; at a line's ends, cut away from the change."""
    head = AROUND if not first else 0
    tail = AROUND if not last else 0
    if len(text) <= head + tail + 3:
        return text
    return text[:head] + " … " + (text[len(text) - tail :] if tail else "")
