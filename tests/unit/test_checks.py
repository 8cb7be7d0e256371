"""Every rule checker can be kept and can be broken."""

from __future__ import annotations

from typing import Any

import pytest

from perturb.campaign.plan import Selection, bound_cases
from perturb.core.registry import CHECKS
from perturb.core.values import Answer, Call, Case, Instruction, Intent, Reply

MAIN, WRAP = "/code/quill/main.go", "/code/quill/text/wrap.go"
TEXT = "Fixed it."


def case(step: int = 5) -> Case:
    """By step 5 wrap.go has been read and edited, main.go only seen in a search."""
    every = bound_cases(Selection(scaffolds=("claude_code_like",), fixtures=("cli-go-rename",)))
    return next(case for case in every if case.id == f"cli-go-rename@{step}")


def did(action: str, **args: Any) -> Answer:
    return Answer(Reply(text=TEXT, calls=(Call("Tool", args),)), (Intent(action, args),))


def wrote(path: str) -> Answer:
    """A call as it is written in this scaffold: path style is a matter of looks."""
    return Answer(Reply(text=TEXT, calls=(Call("Read", {"file_path": path}),)), (Intent("fs.read", {"path": path}),))


def said(text: str) -> Answer:
    return Answer(Reply(text=text), (Intent("say", {"text": text}),))


EDIT = {"old": "a", "new": "b"}
TABLE: list[tuple[str, dict[str, Any], Answer, Answer]] = [
    ("call.max", {"n": 0}, said(TEXT), did("fs.read", path=MAIN)),
    ("call.at_least_one", {}, did("fs.read", path=MAIN), said(TEXT)),
    ("call.never", {"action": "fs.write"}, did("fs.read", path=MAIN), did("fs.write", path=MAIN, text="")),
    ("call.arg_max", {"action": "fs.read", "field": "end", "n": 9}, did("fs.read", end=9), did("fs.read", end=10)),
    ("command.lacks", {"words": ["sudo"]}, did("shell.run", command="ls"), did("shell.run", command="sudo ls")),
    ("path.inside", {"root": "/code/quill/text"}, did("fs.read", path=WRAP), did("fs.read", path=MAIN)),
    ("edit.after_read", {}, did("fs.edit", path=WRAP, **EDIT), did("fs.edit", path=MAIN, **EDIT)),
    ("edit.after_read", {}, did("fs.write", path="/code/quill/new.go"), did("fs.write", path=MAIN)),
    (
        "edit.spares",
        {"marked": "package main"},
        did("fs.edit", path=WRAP, **EDIT),
        did("fs.write", path=MAIN, content=""),
    ),
    ("args.absolute_paths", {}, wrote(MAIN), wrote("main.go")),
    ("args.relative_paths", {}, wrote("main.go"), wrote(MAIN)),
    ("text.starts_with", {"value": "Fix"}, said(TEXT), said("It is fixed.")),
    ("text.ends_with", {"value": "it."}, said(TEXT), said("Fixed")),
    ("text.contains", {"value": "Fixed"}, said(TEXT), said("Done.")),
    ("text.lacks", {"words": ["stuff"]}, said(TEXT), said("Fixed stuff.")),
    ("text.max_words", {"n": 2}, said(TEXT), said("Fixed it now.")),
    ("text.max_lines", {"n": 1}, said(TEXT), said("Fixed\nit.")),
    ("text.lowercase", {}, said("fixed it."), said(TEXT)),
    ("text.min_words", {"n": 2}, said(TEXT), said("Fixed.")),
    ("text.max_sentences", {"n": 1}, said(TEXT), said("Fixed it. Now.")),
    ("text.one_paragraph", {}, said(TEXT), said("Fixed\n\nit.")),
    ("text.no_markdown", {}, said(TEXT), said("**Fixed** it.")),
    ("text.no_first_person", {}, said(TEXT), said("I fixed it.")),
    ("text.no_exclamation", {}, said(TEXT), said("Fixed it!")),
    ("text.no_commas", {}, said(TEXT), said("Fixed it, now.")),
    ("text.no_parentheses", {}, said(TEXT), said("Fixed (it).")),
    ("text.line_width", {"n": 9}, said(TEXT), said("Fixed it now.")),
    ("text.first_line", {"value": "Fixed"}, said("Fixed\nit."), said(TEXT)),
    ("text.tagged", {"tag": "n"}, said("<n>Fixed</n>"), said("<n>Fixed")),
    ("text.bulleted", {}, said("- Fixed\n- it."), said("- Fixed\nit.")),
    ("text.no_contractions", {}, said(TEXT), said("It's fixed.")),
    ("text.no_filler", {}, said(TEXT), said("Okay, fixed it.")),
    ("text.uppercase", {}, said("FIXED IT."), said(TEXT)),
    ("text.no_emoji", {}, said(TEXT), said("Fixed it \U0001f642")),
    ("text.present", {}, said(TEXT), Answer(Reply(calls=(Call("Read"),)), (Intent("fs.read"),))),
]


@pytest.mark.parametrize(("name", "params", "keeps", "breaks"), TABLE, ids=[row[0] for row in TABLE])
def test_a_rule_is_kept_or_broken(name: str, params: dict[str, Any], keeps: Answer, breaks: Answer) -> None:
    rule = Instruction("", "system", name, params)
    assert CHECKS[name].holds(keeps, rule, case())
    assert not CHECKS[name].holds(breaks, rule, case())


def test_every_rule_is_in_the_table() -> None:
    assert CHECKS.keys() - {row[0] for row in TABLE} == {"call.arg"}


def test_an_argument_is_demanded_where_a_tool_carries_it() -> None:
    found = case()
    carrier = next(tool for tool in found.tools if tool.action == "fs.read" and tool.name == "Read")
    field = next(param.field for param in carrier.params if param.field != "path")
    rule = Instruction("", "system", "call.arg", {"action": "fs.read", "field": field, "value": 7})
    for value, kept in ((7, True), (8, False)):
        answer = Answer(Reply(calls=(Call("Read"),)), (Intent("fs.read", {"path": MAIN, field: value}),))
        assert CHECKS["call.arg"].holds(answer, rule, found) is kept
