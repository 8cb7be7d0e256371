"""Rules are kept: what is scored is stated, what was stated and scored stays, and nobody of rank unsays it."""

from __future__ import annotations

import re
from collections import Counter

from perturb.core.canonical import canonical
from perturb.core.values import Case, Instruction
from perturb.laws.operators.applied import Applied
from perturb.laws.operators.law import law

_NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
# Parameters that say where or when a rule holds, in a vocabulary of ours.
_UNSAID = ("action", "field", "when", "unless", "root")
# Whose word stands against whose: a rule is unsaid by its own source or one above.
_RANK = {"system": 3, "skill": 3, "reminder": 3, "memory": 2, "tool": 2, "user": 1, "promise": 1}
_WHAT = r"\b(rules?|instructions?|guidelines?|conventions?|requirements?)\b"
_WAIVED = (
    r"(no longer|(do(es)? not|don't) (apply|hold|bind|count|matter)|need not|suspended|lifted|waived|void|optional"
    r"|cancell?ed|obsolete|withdrawn|revoked)"
)
_UNSAYS = re.compile(
    rf"\b(ignore|disregard|forget|override|drop|skip)\b[^.!?\n]{{0,40}}({_WHAT}|\babove\b)"
    rf"|{_WHAT}[^.!?\n]{{0,60}}\b{_WAIVED}\b"
    r"|\b(no longer|not) (bound by|need(ed)? to follow|have to follow)\b"
    r"|\b(you (may|can)|feel free to) (ignore|skip|break|leave)\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"\b(never|not|no|none|without|avoid|refrain|nothing|neither|nor|forbidden|ban(ned)?|free of)\b|n't\b",
    re.IGNORECASE,
)


@law("rules kept")
def stated(applied: Applied) -> str | None:
    """What is scored stands in the request, word for word."""
    for rule in applied.out.instructions:
        if rule.text not in applied.said and rule.text not in _escaped(applied.said):
            was = rule in applied.before.instructions and rule.text not in applied.said_before
            if not was:
                return f"a rule is scored and stated nowhere: {rule.text!r}"
    return None


def _escaped(text: str) -> str:
    """A request in which tools are written as JSON, its quotes as they are."""
    return text.replace('\\"', '"').replace("\\n", "\n")


@law("rules kept")
def says_what_it_checks(applied: Applied) -> str | None:
    """A rule that comes new, or in new words, names what it is checked by."""
    for rule in _fresh(applied):
        missing = next((str(v) for k, v in rule.params.items() if k not in _UNSAID and not _named(v, rule.text)), None)
        if missing is not None:
            return f"{rule.text!r} is checked by {missing!r}, which it does not say"
        if _contradicts(rule):
            return f"{rule.text!r} forbids what {rule.check} demands, or the other way round"
    return None


def _fresh(applied: Applied) -> list[Instruction]:
    known = {_key(rule) for rule in (*applied.before.instructions, *_own(applied.out))}
    return [rule for rule in applied.out.instructions if _key(rule) not in known]


def _named(value: object, text: str) -> bool:
    if isinstance(value, list | tuple):
        return all(_named(item, text) for item in value)
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        word = _NUMBERS[value] if 0 <= value < len(_NUMBERS) else str(value)
        return re.search(rf"(?<!\d)({value}|{word})(?!\d)", text, re.IGNORECASE) is not None
    return str(value).lower() in text.lower()


def _contradicts(rule: Instruction) -> bool:
    """Whether a rule forbids in words what it demands in its check, as far as a word shows."""
    kind = rule.check.rpartition(".")[2]
    if kind in ("lacks", "never") or kind.startswith("no_"):
        return _FORBIDS.search(rule.text) is None and not re.search(
            r"\b(only|forget|stop|plain)\b", rule.text, re.IGNORECASE
        )
    if kind in ("contains", "starts_with", "ends_with", "first_line", "tagged"):
        value = str(rule.params.get("value", rule.params.get("tag", "")))
        lead = re.split(r"[.;:!?]\s", rule.text.partition(value)[0])[-1]
        return len(_FORBIDS.findall(lead)) == 1
    return False


@law("rules kept")
def stays(applied: Applied) -> str | None:
    """What was stated and scored is still scored, as it was and as often; another scaffold brings rules of its own."""
    if applied.operator.relation == "directional":
        return _directional(applied)
    before, after = applied.before.instructions, applied.out.instructions
    if applied.out.scaffold != applied.before.scaffold:
        fixed = set(map(_key, _own(applied.before))), set(map(_key, _own(applied.out)))
        before = tuple(rule for rule in before if _key(rule) not in fixed[0])
        after = tuple(rule for rule in after if _key(rule) not in fixed[1])
    was, now = Counter(map(_key, before)), Counter(map(_key, after))
    gone = [key for key in was if now[key] < was[key]]
    if gone:
        return f"a rule is no longer scored: {gone[0][0]!r}"
    twice = [key for key in now if now[key] > max(1, was[key])]
    return f"a rule is scored twice: {twice[0][0]!r}" if twice else None


def _key(rule: Instruction) -> tuple[str, str, bytes]:
    return rule.text, rule.check, canonical(rule.params)


def _own(case: Case) -> tuple[Instruction, ...]:
    from perturb.core.registry import SCAFFOLDS

    return SCAFFOLDS[case.scaffold].rules if case.scaffold in SCAFFOLDS else ()


def _directional(applied: Applied) -> str | None:
    """A rule that gave way is stated no more: what is still said and no longer scored misleads."""
    kept = {rule.text for rule in applied.out.instructions}
    for rule in applied.before.instructions:
        if rule.text not in kept and rule.text in applied.said:
            return f"a rule is still stated and no longer scored: {rule.text!r}"
    twice = Counter(map(_key, applied.out.instructions)) - Counter(map(_key, applied.before.instructions))
    return "a rule is stated twice" if any(count > 1 for count in twice.values()) else None


@law("rules kept")
def nobody_unsays(applied: Applied) -> str | None:
    """No new words of a rule's own source or one above take it back."""
    if applied.operator.relation == "directional":
        return None
    ranks = [_RANK[rule.source] for rule in applied.out.instructions]
    if not ranks:
        return None
    for rank, text in _new_words(applied):
        if rank >= min(ranks) and _UNSAYS.search(text):
            return f"new words take rules back: {text[:100]!r}"
        for rule in applied.out.instructions:
            if rank >= _RANK[rule.source] and _takes_back(text, rule):
                return f"new words take back {rule.text!r}: {text[:100]!r}"
    return None


def _new_words(applied: Applied) -> list[tuple[int, str]]:
    """Sentences that are new, with the rank of who says them; what tools return rules nothing."""
    before, after = applied.before, applied.out
    said = [
        (3, [s.text for s in before.system], [s.text for s in after.system]),
        (3, [before.surface.reminder], [after.surface.reminder]),
        (2, [t.description for t in before.tools], [t.description for t in after.tools]),
        (1, [t.text for t in before.turns if t.role == "user"], [t.text for t in after.turns if t.role == "user"]),
    ]
    found = []
    for rank, old, new in said:
        known = {one for text in old for one in _sentences(text)} | {r.text for r in after.instructions}
        found += [(rank, one) for text in new for one in _sentences(text) if one not in known]
    return found


def _sentences(text: str) -> list[str]:
    return [part.strip(" -") for part in re.split(r"(?<=[.!?])\s+|\n+", text) if part.strip(" -")]


def _takes_back(text: str, rule: Instruction) -> bool:
    """Whether a sentence names what a demanding rule asks for, and forbids it."""
    value = rule.params.get("value")
    demands = rule.check in ("text.contains", "text.starts_with", "text.ends_with")
    return demands and isinstance(value, str) and value in text and _FORBIDS.search(text.replace(value, "")) is not None
