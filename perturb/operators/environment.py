"""Perturbations of the world the agent works in. A rewrite carries them through texts, history and expectation."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.rewrite import rewritten
from perturb.core.values import Case, Rewrite, Turn
from perturb.scaffolding.render import prompt_text


def _visible(case: Case) -> str:
    """What the trajectory says and shows, roughly: enough to see whether a name occurs."""
    return " ".join([repr(case.turns), repr(case.system), repr(case.instructions), case.world.cwd])


def _shown(case: Case, out: Case) -> Case | None:
    """`out` where the request tells it from `case`: a scaffold may say nothing of the machine."""
    return out if prompt_text(out) != prompt_text(case) else None


@operator(part="environment", relation="equivariant")
def relocate_root(case: Case, draw: Draw) -> Case | None:
    """Move the project to another directory, everywhere (E01)."""
    root = case.world.cwd
    if root.count("/") < 2 or not case.world.files:
        return None
    name = posixpath.basename(root)
    new = draw.choice([f"/srv/{name}", f"/data/projects/{name}", f"/mnt/volume7/a/b/{name}"])
    return rewritten(case, Rewrite(((root, new),))) if new != root else None


@operator(part="environment", relation="equivariant")
def rename_file(case: Case, draw: Draw) -> Case | None:
    """Rename a file that the trajectory mentions, everywhere (E02)."""
    shown = _visible(case)
    names = sorted({posixpath.basename(path) for path in case.world.files})
    stem_of = {name: posixpath.splitext(name) for name in names if name.count(".") == 1 and not name.startswith(".")}
    known = {"readme", "makefile", "index", "main", "package", "conftest", "__init__"}
    options = [n for n, (stem, _) in stem_of.items() if n in shown and stem.lower() not in known and len(stem) > 3]
    # In a shell a pattern can stand for a name; a rename must not change what it matches.
    old = draw.choice([name for name in options if f"*{name}" not in shown])
    stem, suffix = stem_of[old]
    shapes = [f"{stem}_main{suffix}", f"{stem}2{suffix}", f"{stem}_core{suffix}", f"core_{stem}{suffix}"]
    new = draw.choice([n for n in shapes if n not in names and _in_order([*case.world.files], old, n)])
    return rewritten(case, Rewrite(((old, new),)))


def _in_order(names: list[str], old: str, new: str) -> bool:
    """Whether names sort as before when one of them changes: listings and hits come in order."""
    changed = [name.replace(old, new) for name in sorted(names)]
    return changed == sorted(changed)


@operator(part="environment", relation="equivariant", control=True)
def another_home(case: Case, draw: Draw) -> Case | None:
    """Give the machine's user another home directory (E01)."""
    home = case.world.home
    new = draw.choice(["/home/builder", "/Users/sam", "/var/lib/agents/agent7"])
    if home in (new, case.world.cwd):
        return None
    return _shown(case, rewritten(case, Rewrite(((home, new),))))


@operator(part="environment", relation="equivariant")
def renumber_ids(case: Case, draw: Draw) -> Case | None:
    """Give every record another id, everywhere (E11)."""
    ids = sorted({key for table in case.world.records.values() for key in table})
    salt = draw.choice(["1", "2", "3"])
    usable = [key for key in ids if any(c.isdigit() for c in key)]
    pairs = tuple((key, _other_id(key, salt)) for key in usable)
    if not pairs or len({new for _, new in pairs} | set(ids)) < len(pairs) + len(ids):
        return None
    out = rewritten(case, Rewrite(pairs))
    # Before a record has been named there is nothing to number.
    return out if prompt_text(out) != prompt_text(case) else None


def _other_id(key: str, salt: str) -> str:
    """The same shape with other digits."""
    raw = blake2b((salt + key).encode(), digest_size=32).digest()
    digits = iter(raw)
    return "".join(str(next(digits) % 9 + 1) if c.isdigit() else c for c in key)


@operator(part="environment", relation="invariant")
def renumber_refs(case: Case, draw: Draw) -> Case | None:
    """Number the elements of all pages anew (E14)."""
    refs = case.world.refs
    if len(refs) < 2 or case.family != "browser":
        return None
    shift = draw.choice([17, 40, 131])
    numbers = sorted(refs.values(), reverse=True)
    fresh = {name: numbers[place] + shift for place, name in enumerate(refs)}
    out = replace(case, world=replace(case.world, refs=fresh))
    # Before a page has been seen there is nothing to number.
    return out if prompt_text(out) != prompt_text(case) else None


@operator(part="environment", relation="equivariant", control=True)
def another_day(case: Case, draw: Draw) -> Case | None:
    """Set the clock to another day, everywhere that day is named (E04)."""
    today = case.world.clock[:10]
    new = draw.choice(["2026-03-03", "2027-11-19", "2031-06-08"])
    if new == today or today in repr(case.expect) or today in repr(case.turns):
        return None
    clock = case.world.clock
    return _shown(case, rewritten(case, Rewrite(((clock, new + clock[10:]), (today, new)))))


@operator(part="environment", relation="equivariant")
def another_host(case: Case, draw: Draw) -> Case | None:
    """Move a web site to another host, everywhere (E01 for pages)."""
    urls = [*case.world.pages, *case.world.documents]
    hosts = sorted({url.split("/")[2] for url in urls if url.count("/") >= 2})
    old = draw.choice([host for host in hosts if host in _visible(case)])
    first, dot, rest = old.partition(".")
    shapes = [f"{first}-2{dot}{rest}", f"{first}-mirror{dot}{rest}", f"{first}-eu{dot}{rest}", f"mirror-{old}"]
    new = draw.choice([host for host in shapes if host not in hosts and _in_order(urls, old, host)])
    return rewritten(case, Rewrite(((old, new),)))


@operator(part="environment", relation="invariant", dose=0)
def more_in_listings(case: Case, draw: Draw) -> Case | None:
    """Show more, unrelated entries in directory listings and search results (E13)."""
    extra = [".editorconfig", "CONTRIBUTING.txt", "notes-old.txt"][: draw.choice([1, 2, 3])]
    return _changed_results(case, "listing", lambda entries: sorted({*entries, *extra}), "entries")


@operator(part="environment", relation="invariant", control=True)
def page_footer(case: Case, draw: Draw) -> Case | None:
    """Show a cookie notice and a footer at the end of every page (E13, E18 without the click)."""
    text = draw.choice(["This site uses cookies.", "Season's offer: free delivery until Friday."])
    node = {"id": "perturb-note", "role": "paragraph", "name": text, "depth": 0}
    return _changed_results(case, "page", lambda nodes: [*nodes, node], "nodes")


def _changed_results(case: Case, kind: str, change: Callable[[list], list], key: str) -> Case | None:  # type: ignore[type-arg]  # lists of JSON
    turns: list[Turn] = []
    for turn in case.turns:
        results = tuple(
            replace(r, data={**r.data, key: change(r.data[key])}) if r.kind == kind else r for r in turn.results
        )
        turns.append(replace(turn, results=results))
    return replace(case, turns=tuple(turns)) if tuple(turns) != case.turns else None
