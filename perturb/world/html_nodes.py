"""HTML as a flat list of accessibility nodes: role, name, depth, state. Nothing in it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

MAX_NODES = 3_000
_VOID = {"input", "img", "br", "hr", "meta", "link"}
_SKIP = {"script", "style", "head", "template", "noscript"}
_ROLES = {
    "a": "link",
    "button": "button",
    "select": "combobox",
    "textarea": "textbox",
    "p": "paragraph",
    "li": "listitem",
    "ul": "list",
    "ol": "list",
    "table": "table",
    "tr": "row",
    "td": "cell",
    "th": "columnheader",
    "nav": "navigation",
    "main": "main",
    "form": "form",
    "img": "img",
    "label": "label",
    "header": "banner",
    "footer": "contentinfo",
    "section": "region",
    "dt": "term",
    "dd": "definition",
}
_INPUTS = {"checkbox": "checkbox", "radio": "radio", "submit": "button", "button": "button", "number": "spinbutton"}
INTERACTIVE = {"link", "button", "textbox", "combobox", "checkbox", "radio", "spinbutton"}
# Roles that only group; their names would repeat what is in them.
_GROUPS = {"list", "table", "row", "navigation", "main", "form", "banner", "contentinfo", "region"}


@dataclass
class Node:
    """One element that matters. `form` is the id or position of the form it belongs to."""

    id: str
    tag: str
    role: str
    depth: int
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    form: dict[str, str] | None = None

    @property
    def name(self) -> str:
        """The accessible name."""
        for key in ("aria-label", "alt", "title"):
            if self.attributes.get(key):
                return self.attributes[key]
        if self.role in _GROUPS or self.role == "combobox":
            return ""
        text = " ".join("".join(self.text).split())
        return text or self.attributes.get("placeholder", "") or self.attributes.get("value", "")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[Node] = []
        self.labels: dict[str, str] = {}
        self._open: list[tuple[str, Node | None]] = []
        self._form: dict[str, str] | None = None
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in _SKIP:
            self._skip += 1
        if self._skip or len(self.nodes) >= MAX_NODES:
            self._open.append((tag, None))
            return
        if tag == "form":
            self._form = attributes
        if tag == "option":
            self._option(attributes)
        role = self._role(tag, attributes)
        node = None
        if role and attributes.get("type") != "hidden" and "hidden" not in attributes:
            depth = sum(1 for _, parent in self._open if parent is not None)
            number = sum(1 for known in self.nodes if known.tag == tag) + 1
            node = Node(attributes.get("id") or f"{tag}-{number}", tag, role, depth, attributes, form=self._form)
            self.nodes.append(node)
        if tag not in _VOID:
            self._open.append((tag, node))

    def _role(self, tag: str, attributes: dict[str, str]) -> str:
        if attributes.get("role"):
            return attributes["role"]
        if tag == "input":
            return _INPUTS.get(attributes.get("type", "text"), "textbox")
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            return "heading"
        return _ROLES.get(tag, "")

    def _option(self, attributes: dict[str, str]) -> None:
        select = next((node for tag, node in reversed(self._open) if tag == "select" and node), None)
        if select is not None:
            select.options.append("")
            if "selected" in attributes:
                select.attributes["data-selected"] = str(len(select.options) - 1)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIP and self._skip:
            self._skip -= 1
        if tag == "form":
            self._form = None
        for position in range(len(self._open) - 1, -1, -1):
            if self._open[position][0] == tag:
                del self._open[position:]
                return

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        nodes = [node for _, node in self._open if node is not None]
        if self._open and self._open[-1][0] == "option":
            select = next((node for node in reversed(nodes) if node.role == "combobox"), None)
            if select is not None and select.options:
                select.options[-1] += data.strip()
            return
        for node in reversed(nodes):
            node.text.append(data)
            if node.role in _GROUPS:
                return
            if node.role in INTERACTIVE:
                return


def read_html(html: str) -> list[Node]:
    """The nodes of a page, in document order. Total: broken HTML gives what can be read of it."""
    reader = _Reader()
    reader.feed(html[:500_000])
    reader.close()
    labels = {n.attributes["for"]: n.name for n in reader.nodes if n.role == "label" and n.attributes.get("for")}
    for node in reader.nodes:
        if node.id in labels and "aria-label" not in node.attributes:
            node.attributes["aria-label"] = labels[node.id]
    return [node for node in reader.nodes if node.role != "label" and not _empty(node)]


def _empty(node: Node) -> bool:
    """A paragraph or cell whose words are all said by the elements inside it."""
    return node.role in ("paragraph", "listitem", "cell") and not node.name
