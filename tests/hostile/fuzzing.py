"""Broken input for every reader of what others write: sound documents, changed at one to three places.

A mutation asks `choose(n)` for a number below n: Hypothesis answers in the tests, a seeded generator in
``make attack``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from perturb.cli import wire_commands
from perturb.cli.intents import answers
from perturb.cli.output import json_line
from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.plain import one_line
from perturb.core.values import Case
from perturb.trajectories.bfcl import cases_of
from perturb.trajectories.loading import fixture_files, load, shipped_folder

Choose = Callable[[int], int]
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    2**63,
    -(2**63) - 1,
    10**30,
    "",
    "x",
    "\0",
    "\u202e\x1b[31m",
    "(absent)",
    "../../etc",
    "a" * 300,
    [],
    [[]],
    [None],
    {},
    {"$any": []},
    {"$has": [1]},
    {"$free": None},
    {"": ""},
    {"$ref": "#"},
    {"type": 5},
    ["a", "a"],
    "\U0001f600",
    "nan",
    [1] * 50,
    {"action": "say"},
    "say",
    "fs.read",
    {"password": "swordfish-2291"},
    {"a": {"a": {"a": {"a": 1}}}},
)
BYTES = (
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\\ud800",
    b"NaN",
    b"1e999",
    b"[" * 100_000,
    b'{"a":' * 3_000,
    b"99999999999999999999",
    b'"a":1,"a":2,',
    b"\r",
    b"\xe2\x80\xa8",
    b"\xed\xa0\x80",
    b"'",
    b"//",
    b"-",
    b"1" * 5_000,
)
BFCL = {
    "id": "simple_0",
    "question": [[{"role": "user", "content": "What is the area of a triangle of base 4 and height 3?"}]],
    "function": [
        {
            "name": "area.triangle",
            "description": "Area.",
            "parameters": {
                "type": "dict",
                "properties": {"base": {"type": "float", "description": "b"}, "height": {"type": "integer"}},
                "required": ["base", "height"],
            },
        }
    ],
}
ANSWER = {"id": "simple_0", "ground_truth": [{"area.triangle": {"base": [4.0], "height": [3, ""]}}]}
PROMPT = {
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
        {"role": "tool", "content": "x"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "retention": "keep_all",
}
GRADES = [
    {"id": kind, "kind": kind, "context": {"schema": {"type": "object"}}, "expected": one, "got": two}
    for kind, one, two in (
        ("command", "ls -la src | grep 'a*'", "ls -al src"),
        ("value", {"a": [1, 2.0]}, {"a": [1, 2]}),
        ("text", "Three files.", "3 files"),
        ("call", {"name": "f", "arguments": {"a": 1}}, {"name": "f", "arguments": {"a": 1.0}}),
        ("patch", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n", "x"),
        ("sql", "SELECT a FROM t", "select a from t"),
        ("path", "/code/a/../b", "/code/b"),
        ("date", "2026-03-02", "March 2, 2026"),
    )
]
INTENT = {
    "id": "1",
    "command": "cd src && sed -n '1,5p' a.py > b; cat <<E\nx\nE",
    "cwd": "/code",
    "world": {"files": {"/code/a": "x"}},
}
PARSE = {"raw": "</think>ok", "tools": PROMPT["tools"], "finish": "stop"}


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a document anything stands."""
    yield above
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in members:
        yield from places(item, (*above, key))


def changed(document: Any, choose: Choose) -> Any:
    """`document` with something else at one place: another value, a member less, more, or under another name."""
    spots = list(places(document))
    spot = spots[choose(len(spots))]
    new = VALUES[choose(len(VALUES))]
    if not spot:
        return new
    inner = document
    for key in spot[:-1]:
        inner = inner[key]
    way = choose(4)
    if way == 0:
        del inner[spot[-1]]
    elif way == 1 and isinstance(inner, dict):
        inner[("extra", "", "\0", "id", "$any")[choose(5)]] = new
    elif way == 1:
        inner.insert(0, new)
    else:
        inner[spot[-1]] = new
    return document


def mutated(data: bytes, choose: Choose) -> bytes:
    """`data` changed at one to three places, as JSON or as bytes."""
    for _ in range(1 + choose(3)):
        if choose(3):
            try:
                data = json.dumps(changed(json.loads(data), choose), ensure_ascii=bool(choose(2))).encode(
                    "utf-8", "surrogatepass"
                )
                continue
            except (ValueError, RecursionError):
                pass
        at, piece = choose(len(data) + 1), BYTES[choose(len(BYTES))]
        data = (data[:at], data[:at] + piece + data[at:], data[:at] + piece + data[at + 1 :])[choose(3)]
    return data


@cache
def _fixtures() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in fixture_files(shipped_folder()))


@cache
def _cases(folder: Path) -> bytes:
    path = bfcl_files(folder, json.dumps(BFCL).encode())
    return next(canonical(case) for _, case in cases_of(path) if isinstance(case, Case))


def bfcl_files(folder: Path, data: bytes, answer: bytes = json.dumps(ANSWER).encode()) -> Path:
    """A record and its accepted answer, as the leaderboard lays them out."""
    (folder / "possible_answer").mkdir(exist_ok=True)
    (folder / "possible_answer" / "BFCL_v4_simple.json").write_bytes(answer + b"\n")
    (folder / "BFCL_v4_simple.json").write_bytes(data + b"\n")
    return folder / "BFCL_v4_simple.json"


def _written(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def fixture(folder: Path, choose: Choose) -> tuple[Path, Iterator[Any]]:
    """A fixture of the user's."""
    path = _written(folder, "mine.json", mutated(_fixtures()[choose(len(_fixtures()))], choose))
    return path, load(path)


def cases(folder: Path, choose: Choose) -> tuple[Path, Iterator[Any]]:
    """A file of ready cases."""
    path = _written(folder, "mine.jsonl", mutated(_cases(folder), choose))
    return path, load(path)


def bfcl(folder: Path, choose: Choose) -> tuple[Path, Iterator[Any]]:
    """A record of the leaderboard, or its accepted answer."""
    record, answer = json.dumps(BFCL).encode(), json.dumps(ANSWER).encode()
    changes = (mutated(record, choose), answer) if choose(2) else (record, mutated(answer, choose))
    return folder, cases_of(bfcl_files(folder, *changes))


def prompt(folder: Path, choose: Choose) -> tuple[Path, Iterator[Any]]:
    """Lines for ``perturb prompt``."""
    return folder, wire_commands.prompt_lines([mutated(json.dumps(PROMPT).encode(), choose)])


def parse(folder: Path, choose: Choose) -> tuple[Path, Iterator[Any]]:
    """Lines for ``perturb parse``."""
    return folder, wire_commands.parse_lines([mutated(json.dumps(PARSE).encode(), choose)])


def grade(folder: Path, choose: Choose) -> tuple[Path, Iterator[Any]]:
    """Lines for ``perturb grade``."""
    return folder, wire_commands.grade_lines(
        [mutated(json.dumps(GRADES[choose(len(GRADES))]).encode(), choose)], "strict"
    )


def intents(folder: Path, choose: Choose) -> tuple[Path, Iterator[Any]]:
    """Lines for ``perturb intents``."""
    return folder, answers([mutated(json.dumps(INTENT).encode(), choose)])


READERS = {made.__name__: made for made in (fixture, cases, bfcl, prompt, parse, grade, intents)}


def outcome(reader: str, folder: Path, choose: Choose) -> str:
    """ "" when one input was read or refused as promised; else what happened instead."""
    path, found = READERS[reader](folder, choose)
    try:
        for one in found:
            if isinstance(one, dict):
                json.loads(json_line(one, verbatim=True))
    except UserError as error:
        said = one_line(str(error))
        if str(path) not in said:
            return f"does not name its file: {said[:200]}"
        if "swordfish" in said:
            return f"quotes a secret: {said[:200]}"
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return ""
