"""Search and fetch over the documents a fixture ships."""

from __future__ import annotations

from perturb.core.values import Json, Result, World
from perturb.world.failure import WorldError

HITS = 5
SNIPPET = 160


def search(world: World, args: dict[str, Json]) -> tuple[World, Result]:
    """The documents that share most words with the query; words in the title count three times."""
    terms = {term for term in _words(str(args["query"])) if len(term) > 2}
    ranked = []
    for url, document in world.documents.items():
        title, text = _words(document["title"]), _words(document["text"])
        score = sum(3 * (term in title) + (term in text) for term in terms)
        if score:
            ranked.append((-score, url))
    hits = [
        {"title": world.documents[url]["title"], "url": url, "snippet": _snippet(world.documents[url]["text"], terms)}
        for _, url in sorted(ranked)[:HITS]
    ]
    return world, Result("search", {"query": args["query"], "hits": hits})


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def _snippet(text: str, terms: set[str]) -> str:
    """The start of the sentence that shares most words with the query."""
    sentences = [s.strip() for s in text.replace("\n", " ").split(". ") if s.strip()]
    best = max(sentences, key=lambda s: len(terms & _words(s)), default="")
    return best[:SNIPPET]


def fetch(world: World, args: dict[str, Json]) -> tuple[World, Result]:
    """A document by its URL; fragment and last slash do not matter."""
    url = str(args["url"])
    for known, document in world.documents.items():
        if known.rstrip("/") == url.partition("#")[0].rstrip("/"):
            return world, Result("document", {"url": known, **document})
    raise WorldError("not_found", f"{url}: no such page (404)")
