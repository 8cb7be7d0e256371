"""What the numbers need of a record, and records gathered by bound case. Texts stay on the disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from sys import intern
from typing import Any

from perturb.checks.opportunity import ALWAYS
from perturb.statistics.strata import Stratum

Record = dict[str, Any]
# An operator's name and a bound case: the answers that stand together wherever they are counted.
Place = tuple[str, str]
# Outcomes that mean: no reply could be read.
UNPARSED = ("malformed", "leaked_protocol", "reasoning_only", "cut")
_AGAIN = 1_000_000
Rules = tuple[tuple[str, str], ...]
# Few sets of rules are shared by many records.
_BOUND: dict[Rules, Rules] = {}


@dataclass(frozen=True, slots=True)
class Light:
    """A record without its texts. `rules` are (source, kind, kept) of those
    that could have been broken, `bound` are (source, kind) of all in force. `step` is what kind of step the answer is.
    `joint` is None where there is no verdict; `case` names the bound case.

    `costs` are prompt tokens, completion tokens, characters of thinking, and looks taken before the answer.
    """

    kind: str
    case: str
    cluster: str
    scaffold: str
    operator: str
    part: str
    relation: str
    sample: int
    dose: str
    joint: int | None
    outcome: str
    answered: bool
    failure: str
    unscored: str
    rules: tuple[tuple[str, str, bool], ...]
    scores: tuple[tuple[str, float], ...]
    costs: tuple[int, int, int, int]
    exposed: bool | None
    step: str = ""
    bound: Rules = ()
    # Where there is no gold: what the answer comes to. Answers that agree have the same.
    oracle: str = "fixture"
    meaning: str = ""


def light(record: Record) -> Light:
    """What is needed of `record`."""
    verdict = record["verdict"] or {}
    case, _, _ = record["base"].rpartition("#")
    response = record["response"]
    return Light(
        intern(record["kind"]),
        intern(case or record["base"]),
        intern(record["cluster"]),
        intern(record["scaffold"]),
        intern(record["operator"] or ""),
        intern(record["part"] or ""),
        intern(record.get("relation") or ""),
        record.get("sample", 0) + (_AGAIN if record["kind"] == "aa" else 0),
        intern((record.get("recipe") or "").partition("[")[2].partition("]")[0]),
        verdict["joint"] if verdict else None,
        intern(verdict["outcome"]) if verdict else "",
        response is not None,
        _reason(record["failure"]),
        intern(record["unscored"].partition(":")[0]) if record["unscored"] else "",
        tuple(
            (intern(rule["source"]), intern(rule["check"]), bool(rule["kept"]))
            for rule in verdict.get("rules") or ()
            if rule.get("given", True)
        ),
        tuple((intern(name), value) for name, value in record["scores"].items()),
        _costs(response, record),
        record.get("exposed"),
        intern(verdict.get("step") or ""),
        _bound(verdict),
        intern(record.get("oracle") or "fixture"),
        intern(record.get("meaning") or ""),
    )


def _bound(verdict: Record) -> Rules:
    made = tuple((rule["source"], rule["check"]) for rule in verdict.get("rules") or ())
    return _BOUND.setdefault(made, made)


def _reason(failure: Any) -> str:
    if failure is None:
        return ""
    return intern(str(failure.get("kind", "unknown")) if isinstance(failure, dict) else str(failure.kind))


def _costs(response: Any, record: Record) -> tuple[int, int, int, int]:
    if not isinstance(response, dict):
        return (0, 0, 0, 0)
    text, thinking = response.get("text") or "", response.get("thinking") or ""
    # A model that writes its thoughts into its text closes them with this tag.
    thought = len(thinking) or max(0, text.find("</think>"))
    looks = record.get("detours") or 0
    return (response.get("prompt_tokens") or 0, response.get("completion_tokens") or 0, thought, looks)


@dataclass(slots=True)
class Gathered:
    """Records by bound case: base answers by draw, and perturbed ones by operator."""

    bases: dict[str, dict[int, Light]] = field(default_factory=lambda: defaultdict(dict))
    perturbed: dict[str, dict[str, list[Light]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    # A model that answers every base alike each time was asked once: its repeats are no evidence of their own.
    alike: bool = False
    _known: dict[Place, Stratum | None] = field(default_factory=dict)

    def answers(self, place: Place) -> Sequence[Light]:
        """The perturbed answers of one operator in one bound case."""
        operator, case = place
        return self.perturbed[operator][case]

    def strata(self, places: Iterable[Place]) -> list[Stratum]:
        """One stratum for each bound case of `places` that has a scored base and a scored answer."""
        by_case: dict[str, Stratum] = {}
        for place in places:
            if place not in self._known:
                self._known[place] = self.stratum(place[1], self.answers(place))
            found = self._known[place]
            if found is not None:
                before = by_case.get(place[1])
                by_case[place[1]] = found if before is None else before.with_more(found)
        return list(by_case.values())

    def stratum(self, case: str, answers: Iterable[Light]) -> Stratum | None:
        """The stratum of some perturbed answers of `case`; None without a scored base or without an answer."""
        scored = [a for a in answers if a.joint is not None]
        bases = self.bases.get(case, {}) if scored else {}
        right = {draw: found.joint for draw, found in bases.items() if found.joint is not None}
        if not right:
            return None
        if self.alike:
            right = dict.fromkeys((a.sample for a in scored), max(right.values()))
        own = [(right[a.sample], a.joint or 0) for a in scored if a.sample in right]
        return Stratum(
            scored[0].cluster,
            max(right.values()) if self.alike else sum(right.values()),
            1 if self.alike else len(right),
            sum([a.joint or 0 for a in scored]),
            len(scored),
            sum([after < before for before, after in own]),
            sum([after > before for before, after in own]),
        )


def gathered(records: Iterable[Light]) -> Gathered:
    """Every record in its place."""
    found = Gathered()
    for record in records:
        if record.kind == "perturbed":
            found.perturbed[record.operator][record.case].append(record)
        else:
            found.bases[record.case][record.sample] = record
    for cases in found.perturbed.values():
        for case, answers in cases.items():
            if bases := found.bases.get(case):
                first = bases[min(bases)]
                cases[case] = [matched(bases.get(a.sample, first), a) for a in answers]
    found.alike = _alike(found.bases.values())
    return found


def matched(base: Light, after: Light) -> Light:
    """`after` as it compares with its base answer: the joint over steps of one kind only.

    A rule about messages cannot be broken in silence, and one about calls not in words. So where the kind of step
    differs, rules that were in force before count as they did there; what is new, or binds any step, by itself.
    """
    if base.step == after.step or not base.step or not after.step or base.joint is None or after.joint is None:
        return after
    before = all(kept for _, _, kept in base.rules)
    new = all(kept for source, kind, kept in after.rules if kind in ALWAYS or (source, kind) not in base.bound)
    joint = int(after.outcome == "correct" and before and new)
    return after if joint == after.joint else replace(after, joint=joint)


def _alike(bases: Iterable[dict[int, Light]]) -> bool:
    """Whether some base was asked twice and none was answered in two ways, right and wrong."""
    asked = [{b.joint for b in draws.values()} - {None} for draws in bases if len(draws) > 1]
    return bool(asked) and all(len(answers) < 2 for answers in asked)
