"""Laws of rule checkers: somebody can keep the rule, somebody can break it, and what makes a text comply does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

from perturb.checks.catalogue import RULES
from perturb.core.registry import CHECKS, Check
from perturb.core.values import Answer, Case, Instruction, Intent, Reply
from perturb.judging.ideal import ideal, shaped
from perturb.laws.breach import Breach
from perturb.laws.fixtures import attempts

# What a parameter is taken to be where the catalogue has no example of the rule.
_EXAMPLES: dict[type, Any] = {int: 2, str: "mark", list: ["mark"], object: "mark"}


def rule_breaches(cases: Sequence[Case], names: Sequence[str]) -> Iterator[Breach]:
    """Breaches of the checks `names`, tried on `cases` (bound); each with the checker's file and line."""
    for name in names:
        check = CHECKS[name]
        rule = Instruction("", "system", name, _params(check))
        for law, holds in (("rule", _decides), ("satisfy", _complies)):
            try:
                problem = holds(rule, cases)
            except Exception as error:
                problem = f"raised {type(error).__name__}: {error}"
            if problem:
                code = check.holds.__code__ if hasattr(check.holds, "__code__") else None
                where = f"{code.co_filename}: line {code.co_firstlineno}" if code else name
                yield Breach(law, name, f"{where}: {dict(rule.params)}", problem)


def _params(check: Check) -> dict[str, Any]:
    if check.name in RULES:
        return RULES[check.name][1]
    return {name: _EXAMPLES.get(kind, "mark") for name, kind in check.params.items()}


def _decides(rule: Instruction, cases: Sequence[Case]) -> str | None:
    """Some answer keeps the rule and some answer breaks it."""
    seen: set[bool] = set()
    smallest = ""
    for case in map(_with_its_words, cases, repeat(rule)):
        for answer in (ideal(case), *attempts(rule, case)):
            text = repr(answer.reply.text or answer.reply.calls)
            smallest = min(smallest or text, text, key=len)
            seen.add(CHECKS[rule.check].holds(answer, rule, case))
            if len(seen) == 2:
                return None
    return f"nobody can {'break' if True in seen else 'keep'} it, not even with {smallest}"


def _with_its_words(case: Case, rule: Instruction) -> Case:
    """`case` in a world where a file holds what the rule names: some rules are about such files."""
    named = " ".join(str(value) for value in rule.params.values())
    files = {**case.world.files, f"{case.world.cwd}/named.txt": f"This is {named}.\n"}
    return replace(case, world=replace(case.world, files=files))


def _complies(rule: Instruction, cases: Sequence[Case]) -> str | None:
    """A message that was made to comply does."""
    check = CHECKS[rule.check]
    if check.satisfy is None or not cases:
        return None
    for text in (
        "x",
        "It is done, and I (the agent) don't mind! **5** files.\n\nWhich one next?",
        cases[0].expect.text,
    ):
        made = shaped(text, (rule,))
        answer = Answer(Reply("", made), (Intent("say", {"text": made}),))
        if text and not check.holds(answer, rule, cases[0]):
            return f"made to comply, {text!r} becomes {made!r}, which does not"
    return None
