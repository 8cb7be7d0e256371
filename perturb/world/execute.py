"""An intent done in the world."""

from __future__ import annotations

from collections.abc import Callable

from perturb.core.actions import OWN
from perturb.core.values import Intent, Json, Result, World
from perturb.world import files, pages, python, records, shell, web
from perturb.world.failure import WorldError

Doer = Callable[[World, dict[str, Json]], tuple[World, Result]]


def _say(world: World, _args: dict[str, Json]) -> tuple[World, Result]:
    return world, Result("done", {"message": ""})


_DOERS: dict[str, Doer] = {
    "shell.run": shell.run,
    "fs.read": files.read,
    "fs.write": files.write,
    "fs.edit": files.edit,
    "fs.list": files.listing,
    "fs.find": files.find,
    "fs.grep": files.grep,
    "web.search": web.search,
    "web.fetch": web.fetch,
    "py.exec": python.run,
    "nav.goto": pages.goto,
    "nav.back": pages.back,
    "el.click": pages.click,
    "el.type": pages.type_text,
    "el.select": pages.select,
    "page.observe": pages.observe,
    "tab.switch": pages.switch,
    "plan.set": _say,
    "say": _say,
}


def execute(world: World, intent: Intent) -> tuple[World, Result]:
    """Do `intent`: the world after it, and what it answers. Any intent gets an answer; failures are results."""
    args = {name: value for name, value in intent.args.items() if not name.startswith(OWN)}
    try:
        if intent.action in world.services:
            return records.call(world, intent.action, args)
        doer = _DOERS.get(intent.action)
        if doer is None:
            raise WorldError("unknown_action", f"nothing here can do {intent.action}")
        return doer(world, args)
    except WorldError as error:
        return world, Result("error", {"code": error.code, "message": error.message, **error.more})
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        return world, Result("error", {"code": "bad_argument", "message": f"{intent.action}: {error}"})
