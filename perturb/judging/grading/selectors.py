"""Selectors: two are one when they pick the same elements of the page or of its snapshot."""

from __future__ import annotations

import re
from typing import Any

from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind, said
from perturb.judging.grading.spelling import canonical

_MAX_PAGE = 500_000


@kind("selector")
def selector(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """The same elements."""
    language = said(context, "language") or "css"
    try:
        got = canonical(context, got)
    except ValueError as problem:
        return Judged(False, str(problem))
    if context.get("html") is not None and not re.search(r"index|ref|snapshot|number", language):
        return _in_page(str(context["html"]), language, expected, got)
    return _in_snapshot(context, language, expected, got)


def _in_page(html: str, language: str, expected: Any, got: Any) -> Judged:
    from lxml import html as reader

    if len(html) > _MAX_PAGE:
        raise UnusableError("context.html: too long")
    page = reader.document_fromstring(html or "<html></html>")
    try:
        wanted = _picked(page, expected, language)
    except ValueError as problem:
        raise UnusableError(f"expected: {problem}") from problem
    try:
        found = _picked(page, got, language)
    except ValueError as problem:
        return Judged(False, str(problem))
    if not wanted:
        return Judged(expected == got, "" if expected == got else "picks no element")
    equal = wanted == found
    return Judged(equal, "" if equal else f"picks {len(found)} elements, not the same {len(wanted)}")


def _picked(page: Any, query: Any, language: str) -> list[Any]:
    """What a selector picks, in the order of the document. Raises ValueError for what is no selector."""
    from cssselect import HTMLTranslator
    from cssselect.parser import SelectorError
    from lxml import etree

    if not isinstance(query, str) or len(query) > 1_000 or not query.strip():
        raise ValueError("no selector")
    told = re.match(r"\s*(css|xpath)=", query)
    if told:
        language, query = told[1], query[told.end() :]
    elif "playwright" in language or "locator" in language:
        language = "xpath" if query.strip().startswith(("//", "..", "(/")) else language
    try:
        if "xpath" in language:
            if query.count("//") + query.count("::") > 8:
                raise ValueError("too long a path")
            path = query
        else:
            path = HTMLTranslator().css_to_xpath(query)
        found = page.xpath(path, smart_strings=False)
    except (SelectorError, etree.XPathError, ValueError, KeyError, RecursionError) as error:
        raise ValueError(f"no selector: {str(error)[:80]}") from error
    if not isinstance(found, list):
        return [found]
    return [one.getroottree().getpath(one) if hasattr(one, "getroottree") else one for one in found]


def _in_snapshot(context: Context, language: str, expected: Any, got: Any) -> Judged:
    """References and indices into what the model was shown."""
    shown = context.get("snapshot", context.get("html"))
    known = _references(shown)
    one, other = _reference(expected, language), _reference(got, language)
    if one is None:
        raise UnusableError("expected: no reference")
    if other is None:
        return Judged(False, "no reference")
    if one == other:
        return Judged(True) if other in known or not known else Judged(False, "refers to nothing")
    same = one in known and other in known and known[one] == known[other]
    return Judged(same, "" if same else "another element")


def _references(shown: Any) -> dict[str, Any]:
    """Every reference of a snapshot and the place it stands at."""
    if isinstance(shown, dict):
        return {str(key): number for number, key in enumerate(shown)}
    if isinstance(shown, list):
        found: dict[str, Any] = {}
        for number, row in enumerate(shown):
            names = (
                [row.get(key) for key in ("ref", "index", "uid", "id", "bid", "selector")]
                if isinstance(row, dict)
                else [number]
            )
            found.update({str(name): number for name in names if name is not None})
        return found
    found = {}
    for number, line in enumerate(str(shown or "").splitlines()):
        for match in re.finditer(r"\[ref=([\w-]+)\]|\[(\d+|[a-z]+\d+)\]|\buid=([\w-]+)|^\s*(\d+):", line):
            found[next(group for group in match.groups() if group)] = number
    return found


def _reference(value: Any, language: str) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return (
            str(value)
            if "index" in language or "number" in language or "ref" in language or "label" in language
            else None
        )
    if isinstance(value, str):
        match = re.fullmatch(r"\s*\[?(?:aria-)?(?:ref|uid|index|bid)?\s*=?\s*\"?([\w-]+)\"?\]?\s*", value)
        if match and re.fullmatch(r"[A-Za-z]*\d[\w-]*|[\w-]+", match[1]):
            return match[1]
    return None
