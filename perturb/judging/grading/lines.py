"""Line ranges: two are one when the same lines are read; an overlap is not enough."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from perturb.core.exact import is_number
from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind, said
from perturb.judging.grading.spelling import canonical

_START = ("start", "start_line", "startline", "line_start", "from", "first", "begin", "startlinenumberbaseone",
          "start_line_one_indexed", "startlinenumber", "line", "startlineonebased")  # fmt: skip
_END = ("end", "end_line", "endline", "line_end", "to", "last", "stop", "endlinenumberbaseone",
        "end_line_one_indexed_inclusive", "endlinenumber", "end_line_one_indexed")  # fmt: skip
_OFFSET = ("offset", "skip")
_COUNT = ("limit", "count", "lines", "n", "num_lines", "length", "numlines", "max_lines", "size")
_RANGE = ("view_range", "range", "line_range", "linerange", "viewrange")


@kind("line_range")
def line_range(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """The same lines are read."""
    total = context.get("total_lines")
    if total is not None and (not isinstance(total, int) or isinstance(total, bool) or total < 0):
        raise UnusableError("context.total_lines: not a number of lines")
    spelling = said(context, "spelling")
    try:
        wanted = _expected(expected, spelling, total)
    except ValueError as problem:
        raise UnusableError(f"expected: {problem}") from problem
    try:
        heard = _clamped(*_read(canonical(context, got), spelling), total)
    except ValueError as problem:
        return Judged(False, str(problem))
    if wanted == heard:
        return Judged(True)
    return Judged(False, f"reads {_shown(heard)}, not {_shown(wanted)}")


def _expected(value: Any, spelling: str, total: int | None) -> tuple[int, int]:
    """The canonical range: from 1, the end included, -1 for the end of the file; else as it is spelled."""
    if isinstance(value, Mapping) and {"start", "end"} >= {str(k) for k in value} and value:
        return _clamped(_int(value.get("start", 1)), _int(value.get("end", -1), -1), total)
    if isinstance(value, list) and len(value) == 2:
        return _clamped(_int(value[0]), _int(value[1], -1), total)
    return _clamped(*_read(value, spelling), total)


def _shown(span: tuple[int, int]) -> str:
    return f"lines {span[0]} to {span[1] if span[1] >= 0 else 'the end'}"


def _clamped(start: int, end: int, total: int | None) -> tuple[int, int]:
    """A range as the lines there are. Raises ValueError for one that holds none."""
    if start < 1:
        raise ValueError("lines count from 1")
    if total is None:
        return start, end
    end = total if end < 0 or end > total else end
    if start > end:
        raise ValueError("no line is in that range")
    return start, end


def _int(value: Any, missing: int = 1) -> int:
    if value is None:
        return missing
    if not is_number(value) or value != int(value):
        raise ValueError("not a line number")
    return int(value)


def _read(value: Any, spelling: str) -> tuple[int, int]:
    """(first, last) from 1, the last included; -1 is the end of the file. Raises ValueError."""
    zero = bool(re.search(r"zero|0 based|0based|0 index|from 0", spelling))
    exclusive = bool(re.search(r"exclusiv|half open|not included|python slice|past the end", spelling))
    counted = bool(re.search(r"limit|count|length|number of lines|size", spelling))
    if isinstance(value, Mapping):
        return _from_object(value, zero, exclusive)
    if isinstance(value, list) and len(value) == 2:
        if counted and not re.search(r"end", spelling):
            return _from_count(_int(value[0]), value[1], zero)
        return _from_ends(value[0], value[1], zero, exclusive)
    if isinstance(value, str):
        return _from_text(value.strip(), spelling, zero, exclusive, counted)
    if is_number(value):
        line = _int(value) + zero
        return line, line
    raise ValueError("no range of lines")


def _from_ends(start: Any, end: Any, zero: bool, exclusive: bool) -> tuple[int, int]:
    first = _int(start, 0 if zero else 1) + zero
    last = _int(end, -1)
    if last < 0:
        return first, -1
    last = last + zero - exclusive
    if last < first:
        raise ValueError("no line is in that range")
    return first, last


def _from_count(start: int, count: Any, zero: bool) -> tuple[int, int]:
    first, size = start + zero, _int(count, -1)
    if size == 0:
        raise ValueError("no line is in that range")
    return first, -1 if size < 0 else first + size - 1


def _from_object(value: Mapping[str, Any], zero: bool, exclusive: bool) -> tuple[int, int]:
    keys = {str(key).lower().replace("-", "_"): item for key, item in value.items()}

    def pick(names: tuple[str, ...]) -> Any:
        return next((keys[name] for name in names if name in keys), None)

    pair = pick(_RANGE)
    if isinstance(pair, list) and len(pair) == 2:
        return _from_ends(pair[0], pair[1], zero, exclusive)
    if isinstance(pair, str):
        return _from_text(pair, "", zero, exclusive, False)
    count, offset = pick(_COUNT), pick(_OFFSET)
    if offset is not None or (count is not None and pick(_END) is None):
        start = offset if offset is not None else pick(_START)
        first = _int(start, 0 if zero else 1)
        if not zero and offset == 0:
            first = 1
        return _from_count(first, count, zero)
    if pick(_START) is None and pick(_END) is None and keys:
        raise ValueError("no range of lines")
    return _from_ends(pick(_START), pick(_END), zero, exclusive)


def _from_text(text: str, spelling: str, zero: bool, exclusive: bool, counted: bool) -> tuple[int, int]:
    if match := re.search(r"\bsed\b.*?-n\s+['\"]?(\d+)(?:,(\d+|\$))?p", text) or re.fullmatch(
        r"(\d+)(?:,(\d+|\$))?p", text
    ):
        end = match[2] if match[2] is not None else match[1]
        return _from_ends(int(match[1]), None if end == "$" else int(end), False, False)
    if match := re.search(r"\bhead\b\s+(?:-n\s*|-)(\d+)(?:.*\|\s*tail\s+(?:-n\s*|-)(\+?)(\d+))?", text):
        end = int(match[1])
        if not match[3]:
            return _from_count(1, end, False)
        return _from_ends(int(match[3]) if match[2] else end - int(match[3]) + 1, end, False, False)
    if match := re.search(r"\btail\b\s+-n\s*\+(\d+)(?:.*\|\s*head\s+(?:-n\s*|-)(\d+))?", text):
        return _from_count(int(match[1]), int(match[2]) if match[2] else None, False)
    if match := re.fullmatch(r"[\w./-]*?#?:?\bL?(\d+)\s*(?:(?:-|–|,|:|\.\.|to|through)\s*L?(\d+|-1|end|\$)?)?", text):
        if match[2] is None:
            single = not re.search(r"[-–,:.]$|to$", text)
            return _from_ends(int(match[1]), int(match[1]) if single else None, zero, exclusive and not single)
        end_text = None if match[2] in ("end", "$", "-1") else int(match[2])
        if counted and "end" not in spelling:
            return _from_count(int(match[1]), end_text, zero)
        return _from_ends(int(match[1]), end_text, zero, exclusive)
    raise ValueError("no range of lines")
