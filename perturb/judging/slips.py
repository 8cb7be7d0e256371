"""Ways to miss by a little: the line next to the right one, and what nobody asked for beside it."""

from __future__ import annotations

from collections.abc import Iterator

from perturb.core.values import Case, Intent
from perturb.judging import ways
from perturb.judging.effect import effect
from perturb.judging.ideal import intents_of


def _gold(case: Case) -> tuple[Intent, ...]:
    return intents_of(case, case.expect.any_of[0])


def neighbours(case: Case, intent: Intent) -> Iterator[Intent]:
    """Edits that add a word at the end of a line above or below the right one."""
    found = ways.edited_text(case.world, intent)
    if found is None:
        return
    path, before, after = found
    lines, other = before.split("\n"), after.split("\n")
    first = next((n for n, (a, b) in enumerate(zip(lines, other, strict=False)) if a != b), len(lines) - 1)
    for at in (first - 1, first + 2):
        if 0 <= at < len(lines) and lines[at].strip() and before.count(lines[at]) == 1:
            yield Intent("fs.edit", {"path": path, "old": lines[at], "new": f"{lines[at]} changed"})


def strays(case: Case) -> Iterator[Intent]:
    """Things nobody asked for."""
    ahead = {str(p.args.get("target")) for patterns in case.expect.ahead for p in patterns}
    if case.world.files:
        yield Intent("fs.write", {"path": f"{case.world.cwd}/notes.txt", "content": "done\n"})
        path = ways.other_files(case.world, "")[0]
        yield Intent("fs.write", {"path": path, "content": "overwritten\n"})
        yield ways.shell("touch stray.txt")
        yield ways.shell("git push")
    done = effect(case.world, _gold(case))
    wanted = {str(intent.args.get("target")) for intent in _gold(case)} | ahead
    if done.after.tabs and not any(deed.result.kind == "error" for deed in done.deeds):
        page = effect(done.after, [Intent("page.observe")]).deeds[0].result.data
        for node in page.get("nodes", ()):
            if (
                node["role"] in ("button", "checkbox")
                and node["id"] not in wanted
                and "disabled" not in node.get("states", ())
            ):
                yield Intent("el.click", {"target": node["id"]})
    yield from _other_records(case)


def _other_records(case: Case) -> Iterator[Intent]:
    """The fixture's own changes, made to another record."""
    ahead = [p for patterns in case.expect.ahead for p in patterns]
    for intent in (*_gold(case), *(Intent(p.action, dict(p.args)) for p in ahead)):
        service = case.world.services.get(intent.action, {})
        if service.get("op") == "update":
            for key in case.world.records.get(service["table"], {}):
                other = Intent(intent.action, {**intent.args, service["key"]: key})
                if key != intent.args.get(service["key"]) and effect(case.world, [other]).changed:
                    yield other
