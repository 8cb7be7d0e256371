"""playwright_mcp_like: browser tools with element references (after Playwright MCP, Apache-2.0)."""

from __future__ import annotations

from perturb.registry import scaffold
from perturb.scaffold import Scaffold
from perturb.values import Case, Intent, Param, Result, Section, Tool, World
from perturb.wording import snapshot
from perturb.wording_defaults import worded
from scaffolds.pieces import memory_block, optional, param, rule


def _element() -> tuple[Param, Param]:
    label = {"type": "string", "description": "The element in words, for the log"}
    return (
        Param("element", label, "", False, (("meta", "the element"),)),
        param("ref", "target", "string", "Its reference in the page snapshot", ("ref", "e")),
    )


TOOLS = (
    Tool("browser_navigate", "Go to a URL.", "nav.goto", (param("url", "url", "string", "The URL"),)),
    Tool("browser_navigate_back", "Go back one page.", "nav.back"),
    Tool("browser_snapshot", "Get the current page as an accessibility snapshot.", "page.observe"),
    Tool("browser_click", "Click an element.", "el.click", _element()),
    Tool(
        "browser_type",
        "Type text into a field.",
        "el.type",
        (
            *_element(),
            param("text", "text", "string", "What to type"),
            optional("submit", "submit", "boolean", "Press Enter afterwards"),
        ),
    ),
    Tool(
        "browser_select_option",
        "Choose in a drop-down list.",
        "el.select",
        (*_element(), param("values", "value", "array", "The option's label", ("wrap",), items={"type": "string"})),
    ),
    Tool("browser_tabs", "Go to another tab.", "tab.switch", (param("index", "tab", "integer", "Its index, from 0"),)),
)


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section(
            "Role",
            "You operate a web browser for the user through tools. After every action you get a snapshot of the page: a "
            "tree of elements; those you can act on carry a reference. References hold for the latest snapshot.",
        ),
        Section(
            "Working",
            "Act on what the snapshot shows and never invent a reference or a URL. Fill forms field by field. When the task "
            "is done, or when you need to know something, write to the user without calling a tool.",
        ),
        Section("Context", f"Date: {world.clock[:10]}. Locale: {world.locale}. Operating system: {world.os}."),
    )


def _page(result: Result, world: World) -> str:
    data = result.data
    parts = [f"### Result\n{data['message']}"] if data.get("message") else []
    if len(data["tabs"]) > 1:
        rows = [
            f"- {n}: {'(current) ' if n == data['tab'] else ''}[{tab['title']}]({tab['url']})"
            for n, tab in enumerate(data["tabs"])
        ]
        parts.append("### Open tabs\n" + "\n".join(rows))
    tree = snapshot(data["nodes"], world, '- {role} "{name}" [ref=e{ref}] {extra}').replace(" [ref=e]", "")
    parts.append(f"### Page\n- Page URL: {data['url']}\n- Page Title: {data['title']}")
    parts.append(f"### Snapshot\n```yaml\n{tree}\n```")
    return "\n".join(parts)


_OWN = {"page": _page, "error": lambda r, _w: f"### Error\n{r.data['message']}. Take a new snapshot if the page has changed."}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(_named_by_ref(result, world), world, _OWN)


def _named_by_ref(result: Result, world: World) -> Result:
    """Errors name elements by their reference, never by the world's own ids."""
    if result.kind != "error":
        return result
    message = str(result.data["message"])
    first = message.partition(" ")[0]
    if first in world.refs:
        message = f"Ref e{world.refs[first]}{message[len(first):]}"
    return Result("error", {**result.data, "message": message}, result.edits)


def _opening(_case: Case, memory: str) -> str:
    return memory_block("BROWSING.md", memory)


@scaffold
def playwright_mcp_like() -> Scaffold:
    """Browser tools with references."""
    return Scaffold(
        name="playwright_mcp_like",
        version=1,
        family="browser",
        protocol="native",
        result_role="tool",
        summary="browser: native calls, element references, markdown results with a page snapshot",
        tools=TOOLS,
        sections=_sections,
        word=_word,
        serves=("browser",),
        rules=(rule("Do one browser action at a time.", "call.max", n=1),),
        opening=_opening,
    )
