"""Whether a text is on the way from one to another: no line was touched that need not be."""

from __future__ import annotations

# Lines that may differ between two texts that are compared; beyond, no text counts as on the way.
MOST_LINES = 400


def between(before: str, now: str, goal: str) -> bool:
    """Whether `now` lies on a shortest way, by lines put in and taken out, from `before` to `goal`, at neither end.

    >>> between("a\\nb", "a\\nB", "A\\nB"), between("a\\nb", "a\\nx", "A\\nB")
    (True, False)
    """
    whole, first, second = distance(before, goal), distance(before, now), distance(now, goal)
    return min(whole, first, second) > 0 and first + second == whole


def distance(one: str, other: str) -> int:
    """The fewest lines to take out and put in that make one text of the other; -1 when it is too many to count."""
    a, b = one.split("\n"), other.split("\n")
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if max(len(a), len(b)) > MOST_LINES:
        return -1
    # The longest common subsequence, row by row.
    row = [0] * (len(b) + 1)
    for line in a:
        previous = 0
        for place, other_line in enumerate(b, 1):
            above = row[place]
            row[place] = previous + 1 if line == other_line else max(above, row[place - 1])
            previous = above
    return len(a) + len(b) - 2 * row[-1]
