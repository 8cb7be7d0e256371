"""Pages: HTML in, an accessibility snapshot out; following links, filling forms, going back, tabs."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from html import escape
from urllib.parse import urljoin

from perturb.core.values import Json, Result, World
from perturb.world.failure import WorldError
from perturb.world.html_nodes import INTERACTIVE, Node, read_html

Args = dict[str, Json]
Done = tuple[World, Result]


@lru_cache(maxsize=2048)
def _nodes(html: str) -> tuple[Node, ...]:
    return tuple(read_html(html))


def number_refs(world: World) -> World:
    """The world with a reference number for every interactive element of every page that has none yet."""
    refs = dict(world.refs)
    for url in sorted(world.pages):
        for node in _nodes(world.pages[url]):
            if node.role in INTERACTIVE and node.id not in refs:
                refs[node.id] = len(refs) + 1
    return replace(world, refs=refs)


def _known(world: World, url: str) -> str:
    """The key of a page: with its query if there is one like that, without it otherwise."""
    bare = url.partition("#")[0]
    for candidate in (bare, bare.partition("?")[0]):
        for page in world.pages:
            if page.rstrip("/") == candidate.rstrip("/"):
                return str(page)
    raise WorldError("no_such_page", f"{url} cannot be reached: no such page")


def _current(world: World) -> str:
    if not world.tabs or not 0 <= world.tab < len(world.tabs):
        raise WorldError("no_such_page", "no page is open")
    return world.tabs[world.tab]


def _html(world: World, url: str) -> str:
    """A page's HTML with what was typed in its ``{{field}}`` places."""
    html = str(world.pages[_known(world, url)])
    for name, value in world.form.items():
        html = html.replace("{{" + name + "}}", escape(str(value)))
    return html


def observe(world: World, _args: Args) -> Done:
    """The page that is open."""
    return world, _snapshot(world)


def _snapshot(world: World, message: str = "") -> Result:
    url = _current(world)
    html = _html(world, url)
    data: dict[str, Json] = {
        "url": url,
        "title": _title(html),
        "tabs": [{"url": tab, "title": _title(_html(world, tab))} for tab in world.tabs],
        "tab": world.tab,
        "nodes": [_shown(node, world) for node in _nodes(html)],
    }
    return Result("page", {**data, "message": message} if message else data)


def _title(html: str) -> str:
    start, end = html.find("<title>"), html.find("</title>")
    return html[start + 7 : end].strip() if 0 <= start < end else ""


def _shown(node: Node, world: World) -> dict[str, Json]:
    shown: dict[str, Json] = {"id": node.id, "role": node.role, "name": node.name, "depth": node.depth}
    value = _value(node, world)
    states = []
    if node.role in ("checkbox", "radio") and value:
        states.append("checked")
    elif value and node.role not in ("button",):
        shown["value"] = value
    if "disabled" in node.attributes:
        states.append("disabled")
    if node.role == "heading" and node.tag[1:].isdigit():
        shown["level"] = int(node.tag[1:])
    if node.options:
        shown["options"] = list(node.options)
    if states:
        shown["states"] = states
    return shown


def _value(node: Node, world: World) -> str:
    if node.id in world.form:
        return str(world.form[node.id])
    if node.role in ("checkbox", "radio"):
        return "on" if "checked" in node.attributes else ""
    if node.role == "combobox":
        chosen = int(node.attributes.get("data-selected", "0"))
        return node.options[chosen] if chosen < len(node.options) else ""
    return node.attributes.get("value", "") if node.role in ("textbox", "spinbutton") else ""


def resting_value(world: World, element: str) -> str:
    """What a form element shows before anyone has touched it; "" for one that is on no page."""
    for html in world.pages.values():
        for node in _nodes(html):
            if node.id == element:
                return _value(node, replace(world, form={}))
    return ""


def goto(world: World, args: Args) -> Done:
    """Open a URL in the current tab."""
    url = str(args["url"])
    _known(world, url)
    return _moved(world, url)


def _moved(world: World, url: str, message: str = "") -> Done:
    if not world.tabs:
        world = replace(world, tabs=(url,), tab=0)
    else:
        tabs = (*world.tabs[: world.tab], url, *world.tabs[world.tab + 1 :])
        world = replace(world, tabs=tabs, trail=(*world.trail, world.tabs[world.tab]))
    return world, _snapshot(world, message)


def back(world: World, _args: Args) -> Done:
    """The page before this one."""
    if not world.trail:
        raise WorldError("no_such_page", "there is no page to go back to")
    tabs = (*world.tabs[: world.tab], world.trail[-1], *world.tabs[world.tab + 1 :])
    world = replace(world, tabs=tabs, trail=world.trail[:-1])
    return world, _snapshot(world)


def switch(world: World, args: Args) -> Done:
    """Another tab, by its index."""
    tab = args["tab"]
    if not isinstance(tab, int) or not 0 <= tab < len(world.tabs):
        raise WorldError("bad_argument", f"there is no tab {tab}")
    world = replace(world, tab=tab)
    return world, _snapshot(world)


def _target(world: World, args: Args) -> Node:
    target = str(args["target"])
    for node in _nodes(_html(world, _current(world))):
        if node.id == target:
            if "disabled" in node.attributes:
                raise WorldError("denied", f"{target} is disabled")
            return node
    raise WorldError("no_such_element", f"{target} is not on {_current(world)}")


def click(world: World, args: Args) -> Done:
    """Follow a link, press a button, toggle a box."""
    node = _target(world, args)
    if node.role in ("checkbox", "radio"):
        turned = "" if _value(node, world) and node.role == "checkbox" else "on"
        world = _typed(world, node, turned)
        return world, _snapshot(world)
    goal = node.attributes.get("data-goto") or (node.attributes.get("href") if node.tag == "a" else "")
    message = node.attributes.get("data-message", "")
    submits = node.attributes.get("type", "submit") == "submit" and node.form is not None
    if node.role == "button" and submits and not goal:
        return _submitted(world, node, message)
    if goal:
        _known(world, urljoin(_current(world), goal))
    if node.role == "button":
        # To press a button is a deed, wherever it leads: going to where it leads is not the same.
        world = replace(world, sent=(*world.sent, f"{_current(world)} {node.id}"))
    if goal:
        return _moved(world, urljoin(_current(world), goal), message)
    return world, _snapshot(world, message)


def _submitted(world: World, node: Node, message: str = "") -> Done:
    action = (node.form or {}).get("action", "")
    url = urljoin(_current(world), action) if action else _current(world)
    _known(world, url)
    return _moved(replace(world, sent=(*world.sent, f"{_current(world)} -> {url}")), url, message)


def _typed(world: World, node: Node, text: str) -> World:
    return replace(world, form={**world.form, node.id: text})


def type_text(world: World, args: Args) -> Done:
    """Fill a text field; with `submit` also send its form."""
    node = _target(world, args)
    if node.role not in ("textbox", "spinbutton"):
        raise WorldError("bad_argument", f"{node.id} is a {node.role}, not a text field")
    world = _typed(world, node, str(args["text"]))
    if args.get("submit", False) and node.form is not None:
        return _submitted(world, node)
    return world, _snapshot(world)


def select(world: World, args: Args) -> Done:
    """Choose an option by its label."""
    node, value = _target(world, args), str(args["value"])
    if node.role != "combobox":
        raise WorldError("bad_argument", f"{node.id} is a {node.role}, not a list to choose from")
    if value not in node.options:
        raise WorldError("bad_argument", f"{node.id} has no option {value!r}; it has {', '.join(node.options)}")
    world = _typed(world, node, value)
    return world, _snapshot(world)
