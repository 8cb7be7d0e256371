"""Laws of fixtures: gold does what it is for, what does the same counts, what misses it does not, rules can break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perturb.core.registry import CHECKS
from perturb.core.values import Answer, Call, Case, Instruction, Intent, Reply, Undecodable
from perturb.judging.effect import effect
from perturb.judging.ideal import ideal
from perturb.laws.breach import Breach
from perturb.laws.recordings import deaf
from perturb.laws.verdicts import verdict_breaches
from perturb.toolbox import toolbox
from perturb.trajectories.episodes import Episode
from perturb.trajectories.lines import line_of, line_of_step
from perturb.trajectories.patterns import ideal_args

# Words that a rule about words may be about, beside those that it names itself.
_WORDS = "WELL, Let me See: this is **1** sentence (it's short), and another one follows? Yes! \U0001f642\n\n- 日本語"


def fixture_breaches(episodes: Iterable[Episode], cases: Sequence[Case]) -> Iterator[Breach]:
    """Breaches of `episodes`, whose decisions are `cases` (bound), each with file and line."""
    paths = {episode.id: episode.path for episode in episodes}
    for episode in episodes:
        for line in deaf(episode):
            problem = f"{line!r} answers the same whatever the files are, which a step changes: give it `while` states"
            yield Breach("recording", episode.id, Where(episode.path, episode.cases[0]).recording(line), problem)
    for case, number in _unbreakable(cases):
        where = Where(paths.get(case.cluster, ""), case)
        yield Breach("rule", case.cluster, where.rule(number), f"nobody can break {case.instructions[number].text!r}")
    for case in cases:
        where = Where(paths.get(case.cluster, ""), case)
        for place, problem in _gold_problems(case):
            yield Breach("gold", f"{case.cluster} {place}", where.step(*place.split(".")), f"{place}: {problem}")
        for breach in verdict_breaches([case]):
            yield replace(breach, name=f"{case.cluster} ({breach.name})", example=where.step())


def _unbreakable(cases: Sequence[Case]) -> list[tuple[Case, int]]:
    """The rules, by number in a case that has them, that no answer to any decision of their fixture breaks."""
    left: dict[tuple[str, str], tuple[Case, int]] = {}
    broken: set[tuple[str, str]] = set()
    for case in cases:
        for number, rule in enumerate(case.instructions):
            key = case.cluster, rule.text
            if key not in broken and breakable(rule, case):
                broken.add(key)
            left.setdefault(key, (case, number))
    return [found for key, found in left.items() if key not in broken]


@dataclass(frozen=True, slots=True)
class Where:
    """Where a fixture states what a case is about: file, line and the name that replays it."""

    path: str
    case: Case

    def step(self, *place: str) -> str:
        """The decision's step, or a place in it."""
        keys = [int(key) if key.isdecimal() else key for key in place]
        return self._said(lambda text: line_of_step(text, int(self.case.id.rpartition("@")[2]), *keys))

    def rule(self, number: int) -> str:
        """One of its rules; those of the scaffold are in no fixture."""
        return self._said(lambda text: line_of(text, "instructions", number))

    def recording(self, command: str) -> str:
        """What a program is recorded to answer."""
        return self._said(lambda text: line_of(text, "world", "python", command))

    def _said(self, line: Callable[[str], int]) -> str:
        name = f"{self.case.id}/{self.case.scaffold}"
        if not self.path.endswith(".json"):
            return f"{self.path}: {name}" if self.path else name
        return f"{self.path}: line {line(Path(self.path).read_text(encoding='utf-8'))}: {name}"


def _gold_problems(case: Case) -> Iterator[tuple[str, str]]:
    """Alternatives that fail in their world, or are there to change something and change nothing."""
    changes = [_changes(case, number) for number in range(len(case.expect.any_of))]
    for number, patterns in enumerate(case.expect.any_of):
        where = "do" if number == 0 else f"accept.{number - 1}"
        done = effect(case.world, [Intent(p.action, ideal_args(dict(p.args))) for p in patterns])
        failed = next((deed.result for deed in done.deeds if deed.result.kind == "error"), None)
        # The gold step may fail where its fixture says so; the loader has seen to that.
        if failed is not None and number > 0:
            yield where, f"does not reach its effect: {failed.data['message']}"
        elif failed is None and changes[0] and not changes[number] and _writes(case, number):
            yield where, "changes nothing, where the step is there to change something"


def _changes(case: Case, number: int) -> bool:
    patterns = case.expect.any_of[number]
    return bool(effect(case.world, [Intent(p.action, ideal_args(dict(p.args))) for p in patterns]).changed)


def _writes(case: Case, number: int) -> bool:
    return any(pattern.action in ("fs.edit", "fs.write") for pattern in case.expect.any_of[number])


def breakable(rule: Instruction, case: Case) -> bool:
    """Whether some answer breaks `rule`: the ideal one distorted, or one made for it."""
    return any(not CHECKS[rule.check].holds(answer, rule, case) for answer in attempts(rule, case))


def attempts(rule: Instruction, case: Case) -> Iterator[Answer]:
    """Answers that try to break `rule`: the ideal one with other words, messages, calls of every tool."""
    right = ideal(case)
    named = " ".join(_texts(dict(rule.params)))
    long = " ".join([_WORDS] * 60) + "\n" * 60 + named
    for text in ("", "x", f"{_WORDS} {named} {_WORDS}", long, long.upper(), _WORDS.lower(), "..."):
        yield Answer(Reply("", text), (Intent("say", {"text": text}),))
        yield replace(right, reply=replace(right.reply, text=text))
    yield Answer(Reply("", _WORDS), ())
    for path in case.world.files:
        yield Answer(Reply("", _WORDS, (Call("write"),)), (Intent("fs.write", {"path": path, "content": ""}),))
    for call, intent in _calls(rule, case, named):
        yield Answer(Reply("", _WORDS, (call,)), (intent,))
        yield Answer(Reply("", _WORDS, (call,) * 30), (intent,) * 30)


def _calls(rule: Instruction, case: Case, named: str) -> Iterator[tuple[Call, Intent]]:
    """Calls of every tool with values that rules about calls are about: other places, other numbers, named words."""
    values = ("/elsewhere/file.txt", "elsewhere.txt", f"{case.world.cwd}/file.txt", named, 0, 10**6, True, False)
    for tool in case.tools:
        for value in (*values, *(v for v in rule.params.values() if isinstance(v, str | int))):
            args = {param.name: value for param in tool.params if param.field}
            call = Call(tool.name, {tool.envelope: args} if tool.envelope else args)
            meant = toolbox.literal(case.tools, call, case.world)
            made = Intent(tool.action, {param.field: value for param in tool.params if param.field})
            yield call, made if isinstance(meant, Undecodable) else meant


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
