"""Decisions in full, for the page: system, tools, turns, reply, expectation, verdict, the raw prompt; and their bases.

Transcripts repeat each other nearly whole. They are kept as numbers into a list of different lines, some hundred
transcripts to a chunk, so that a page holds thousands and unpacks only what is looked at.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from gzip import compress
from typing import Any

import orjson

from perturb.core.errors import UnrepresentableError, UserError
from perturb.core.plain import clipped
from perturb.core.secrets import known
from perturb.core.values import Case, Request
from perturb.operators import recipe
from perturb.report.decisions import Wanted
from perturb.report.detail import base_case, expected, verdict_lines
from perturb.scaffolding.render import prompt_text, render

CHUNK = 100
Block = tuple[str, str, list[int]]
# The record of a decision, and the one it stands beside, if there is one.
Look = Callable[[Wanted], "tuple[dict[str, Any], dict[str, Any] | None]"]


class Lines:
    """Different lines, each once; `of` gives a text as numbers."""

    def __init__(self) -> None:
        self.every: list[str] = []
        self._secrets = known()
        self._places: dict[str, int] = {}
        self._texts: dict[str, list[int]] = {}

    def plain(self, text: str) -> str:
        """`text` without secrets and control characters."""
        return clipped(text, self._secrets)

    def of(self, text: str) -> list[int]:
        """`text` as the numbers of its lines, without secrets and control characters."""
        if text not in self._texts:
            self._texts[text] = [self._place(line) for line in self.plain(text).split("\n")]
        return self._texts[text]

    def _place(self, line: str) -> int:
        if line not in self._places:
            self._places[line] = len(self.every)
            self.every.append(line)
        return self._places[line]


def chunks(wanted: Sequence[Wanted], look: Look, cases: dict[str, Case]) -> Iterator[tuple[list[int], str]]:
    """Rows and their transcripts, packed: gzip, then base64."""
    ordered = sorted(wanted, key=lambda one: one.id)
    for start in range(0, len(ordered), CHUNK):
        some = ordered[start : start + CHUNK]
        yield [one.row for one in some], packed(_chunk(some, look, cases))


def packed(value: Any) -> str:
    """JSON, compressed, as text that a page can hold. The same value gives the same text."""
    return b64encode(compress(orjson.dumps(value), 6, mtime=0)).decode()


def _chunk(wanted: Iterable[Wanted], look: Look, cases: dict[str, Case]) -> dict[str, Any]:
    lines, bases, items = Lines(), dict[str, tuple[int, Case]](), []
    base_blocks: list[dict[str, Any]] = []
    for one in wanted:
        record, before = look(one)
        name = f"{record['case']}/{record['scaffold']}"
        try:
            # Neighbours in the order of ids share their base.
            place, base = bases.get(name) or (len(base_blocks), base_case(record, cases))
            case = _perturbed(base, record)
        except (UserError, UnrepresentableError) as error:
            items.append({"gone": clipped(str(error)), **_said(lines, record), "base": -1})
            continue
        if name not in bases:
            bases[name] = place, base
            base_blocks.append(_shown(lines, base))
        own = {} if case is base else _shown(lines, case)
        items.append(
            {
                **own,
                **_said(lines, record),
                "base": place,
                "expected": lines.of(_expectation(case)),
                "before": _said(lines, before) if before else None,
            }
        )
    return {"lines": lines.every, "bases": base_blocks, "items": items}


def _perturbed(base: Case, record: Mapping[str, Any]) -> Case:
    if not record["recipe"]:
        return base
    out = recipe.replayed(base, recipe.parse(record["recipe"]))
    if out is None:
        raise UserError(f"{record['id']}: its recipe does not apply any more")
    return out


def _shown(lines: Lines, case: Case) -> dict[str, Any]:
    return {"blocks": list(_blocks(lines, render(case))), "prompt": lines.of(prompt_text(case))}


def _blocks(lines: Lines, request: Request) -> Iterator[Block]:
    """A request as titled texts in the order a model reads them, tools first."""
    for tool in request.tools:
        named = tool.get("function", tool)
        yield "tool", lines.plain(str(named.get("name", ""))), lines.of(_pretty(named))
    for message in request.messages:
        thinking = message.get("reasoning_content") or message.get("thinking") or message.get("reasoning")
        if thinking:
            yield "thinking", "", lines.of(str(thinking))
        content = message.get("content")
        if content:
            yield str(message["role"]), "", lines.of(content if isinstance(content, str) else _pretty(content))
        for call in message.get("tool_calls") or ():
            named = call.get("function", call)
            arguments = named.get("arguments")
            text = arguments if isinstance(arguments, str) else _pretty(arguments)
            yield "call", lines.plain(str(named.get("name", ""))), lines.of(text)


def _said(lines: Lines, record: Mapping[str, Any]) -> dict[str, Any]:
    """What came back, and the verdict on it."""
    response, verdict = record["response"] or {}, record["verdict"]
    calls = "\n".join(f"{call['tool']} {_pretty(call['args'])}" for call in response.get("calls") or ())
    thinking, text = response.get("thinking") or "", response.get("text") or ""
    if response.get("raw") and "</think>" in text:
        thinking, _, text = text.partition("</think>")
    failure = record["failure"]
    failed = f"{failure['kind']}: {failure['detail']}" if failure else record["unscored"] or ""
    return {
        "thought": lines.of(thinking.strip()),
        "reply": lines.of("\n".join(part for part in (text.strip(), calls) if part)),
        "verdict": lines.of("\n".join(verdict_lines(verdict)) if verdict else failed),
        "right": int(verdict["joint"]) if verdict else -1,
    }


def _expectation(case: Case) -> str:
    found = expected(case)
    ideal = found["ideal"]
    calls = "\n".join(f"{call['tool']} {_pretty(call['args'])}" for call in ideal["calls"])
    rules = "\n".join(f"[{rule['source']}] {rule['text']}" for rule in found["rules"])
    return "\n\n".join(part for part in (ideal["text"], calls, f"Rules in force:\n{rules}" if rules else "") if part)


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
