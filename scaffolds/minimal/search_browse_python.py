"""search_browse_python: the small tool set that M2's tool scaling started from: search, browse, Python."""

from __future__ import annotations

from perturb.registry import scaffold
from perturb.scaffold import Scaffold
from perturb.values import Case, Intent, Result, Section, Tool, World
from perturb.wording_defaults import worded
from scaffolds.pieces import memory_block, optional, param, rule

TOOLS = (
    Tool(
        "search",
        "Search the web. Takes a list with one query.",
        "web.search",
        (param("queries", "query", "array", "What to search for", ("wrap",), items={"type": "string"}),),
    ),
    Tool(
        "browse",
        "Open a page and read it with a question in mind.",
        "web.fetch",
        (param("url", "url", "string", "The page"), optional("query", "goal", "string", "What you want to know from it")),
    ),
    Tool("python", "Run Python code; what it prints comes back.", "py.exec", (param("code", "code", "string", "Code"),)),
)


def _sections(world: World) -> tuple[Section, ...]:
    return (
        Section(
            "Task",
            "You answer questions by searching, reading pages and computing. Do not rely on memory for facts that can be "
            "looked up, and compute with Python instead of in your head. When sources differ, prefer the newer one.",
        ),
        Section("Finish", f"When you know the answer, write it to the user without a tool call. Today is {world.clock[:10]}."),
    )


def _search(result: Result, _world: World) -> str:
    hits = result.data["hits"]
    rows = [f"{n}. [{h['title']}]({h['url']})\n{h['snippet']}" for n, h in enumerate(hits, 1)]
    return f"{len(hits)} results for \"{result.data['query']}\"\n\n## Web results\n" + "\n\n".join(rows)


_OWN = {"search": _search}


def _word(_intent: Intent, result: Result, world: World) -> str:
    return worded(result, world, _OWN)


def _opening(_case: Case, memory: str) -> str:
    return memory_block("notes.md", memory)


@scaffold
def search_browse_python() -> Scaffold:
    """M2's minimal tool set."""
    return Scaffold(
        name="search_browse_python",
        version=1,
        family="minimal",
        protocol="native",
        result_role="tool",
        home=True,
        summary="search, browse and Python: the minimal tool set for research questions",
        tools=TOOLS,
        sections=_sections,
        word=_word,
        serves=("search", "service", "imported"),
        rules=(rule("Answer in at most 150 words.", "text.max_words", n=150),),
        opening=_opening,
    )
