"""What differs between two states of a repository, as git prints it: differences, summaries, codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff

from perturb.world.repository import Repository, Texts, blob_id

# Longer texts are compared as a whole: a difference is quadratic at worst.
MAX_LINES = 5_000


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The paths whose text differs, in order."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def letter(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """``A`` added, ``D`` deleted, ``M`` modified."""
    return "A" if path not in before else "D" if path not in after else "M"


def patch(found: Repository, before: Texts, after: Texts, paths: list[str], context: int = 3) -> str:
    """The unified difference of the given paths."""
    return "".join(_one(found.relative(path), before.get(path), after.get(path), context) for path in paths)


def _one(name: str, old: str | None, new: str | None, context: int) -> str:
    ids = f"index {blob_id(old)}..{blob_id(new)}"
    head = f"diff --git a/{name} b/{name}\n"
    if old is None:
        head += f"new file mode 100644\n{ids}\n"
    elif new is None:
        head += f"deleted file mode 100644\n{ids}\n"
    else:
        head += f"{ids} 100644\n"
    source = "/dev/null" if old is None else f"a/{name}"
    target = "/dev/null" if new is None else f"b/{name}"
    return head + "".join(_lines(old or "", new or "", source, target, context))


def _lines(old: str, new: str, source: str, target: str, context: int) -> Iterator[str]:
    before, after = _split(old), _split(new)
    if len(before) + len(after) > MAX_LINES:
        yield f"Files {source} and {target} differ\n"
        return
    for line in unified_diff(before, after, source, target, n=context):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _split(text: str) -> list[str]:
    lines = [line + "\n" for line in text.split("\n")]
    return [*lines[:-1], *([lines[-1][:-1]] if lines[-1] != "\n" else [])]


def counted(old: str | None, new: str | None) -> tuple[int, int]:
    """How many lines are added and removed."""
    lines = [line for line in _lines(old or "", new or "", "a", "b", 0) if line[:3] not in ("---", "+++")]
    return sum(line[0] == "+" for line in lines), sum(line[0] == "-" for line in lines)


def summary(found: Repository, before: Texts, after: Texts, paths: list[str]) -> str:
    """The ``--stat`` table."""
    if not paths:
        return ""
    rows = [(found.relative(path), *counted(before.get(path), after.get(path))) for path in paths]
    width, digits = max(len(row[0]) for row in rows), max(len(str(row[1] + row[2])) for row in rows)
    out = ""
    for name, added, removed in rows:
        marks = "+" * min(added, 30) + "-" * min(removed, 30)
        out += f" {name:<{width}} | {added + removed:>{digits}}{' ' + marks if marks else ''}\n"
    return out + totals(rows)


def totals(rows: list[tuple[str, int, int]]) -> str:
    """The last line of a summary."""
    added, removed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    parts = [f" {len(rows)} file{'s' * (len(rows) != 1)} changed"]
    if added or not removed:
        parts.append(f"{added} insertion{'s' * (added != 1)}(+)")
    if removed or not added:
        parts.append(f"{removed} deletion{'s' * (removed != 1)}(-)")
    return ", ".join(parts) + "\n"


def shown(found: Repository, before: Texts, after: Texts, paths: list[str], flags: set[str]) -> str:
    """The difference in the form that the options ask for."""
    if "--name-only" in flags:
        return "".join(f"{found.relative(path)}\n" for path in paths)
    if "--name-status" in flags:
        return "".join(f"{letter(path, before, after)}\t{found.relative(path)}\n" for path in paths)
    if "--numstat" in flags:
        rows = [(path, *counted(before.get(path), after.get(path))) for path in paths]
        return "".join(f"{added}\t{removed}\t{found.relative(path)}\n" for path, added, removed in rows)
    if "--shortstat" in flags:
        return totals([(path, *counted(before.get(path), after.get(path))) for path in paths]) if paths else ""
    if "--stat" in flags or "--compact-summary" in flags:
        return summary(found, before, after, paths)
    if "--quiet" in flags or "--no-patch" in flags or "-s" in flags:
        return ""
    context = next((int(flag[2:]) for flag in flags if flag.startswith("-U") and flag[2:].isdecimal()), 3)
    return patch(found, before, after, paths, min(context, 1000))
