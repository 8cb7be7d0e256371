"""What doing something in a world comes to: what it changed, what it showed, what failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any

from perturb.core.actions import READ_ONLY
from perturb.core.patterns import compile_pattern
from perturb.core.values import Intent, Json, Pattern, Result, World
from perturb.judging.matching import matches
from perturb.judging.shown import Mark, Marks, shown
from perturb.judging.traced import runs_shown, traced
from perturb.toolbox import toolbox
from perturb.toolbox.codecs import absolute
from perturb.toolbox.shell.analysis import intents_of_command
from perturb.trajectories.patterns import ideal_args
from perturb.world.changes import Place, changes
from perturb.world.execute import execute
from perturb.world.lacking import lacking

# Ways to spell an alternative out whose arguments have several values that count.
MOST_WAYS = 64
_NOT_FOUND = re.compile(r"(\S+): command not found")
# Programs that only look: where they are not there, nothing is done.
_LOOKERS = ("ag", "ack", "fd", "fdfind", "bat", "batcat", "exa", "eza", "man", "hexdump", "xmllint", "yamllint")
# What a command says that could not change what it was told to, and a script that broke off.
_FAILED = re.compile(
    r"^(?:bash: (?:line \d+: )?)?(?:rm|rmdir|unlink|mv|cp|ln|sed|chmod|patch): |^Traceback ", re.MULTILINE
)
# What changes a repository or a running service, and no file that anyone here sees.
_LEAVES_TRACES = re.compile(
    r"\b(git\s+(-\S+\s+)*(add|commit|push|pull|checkout|switch|restore|reset|stash|merge|rebase|tag|clean|am|revert)|"
    r"kill|pkill|systemctl|service|docker\s+(compose\s+)?(up|down|rm|run|stop|start|restart)|crontab)\b"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """One intent, the world it was done in, what came of it. `changed` is empty for what only looks."""

    intent: Intent
    world: World
    result: Result
    changed: dict[Place, Json]
    shows: Marks

    @property
    def looks(self) -> bool:
        """Whether it only looked, and nothing was refused: no change, no error, nothing unknown to the world."""
        if self.result.kind == "shell":
            # A test that fails, or a search that finds nothing, is worth knowing; only an error is a failure.
            data = self.result.data
            return self.harmless and not (data["exit_code"] and data["stderr"] and not data["stdout"])
        return self.harmless and self.result.kind != "error"

    @property
    def lacking(self) -> str:
        """What of it the emulation cannot do, and a machine could; "" where there is nothing of that kind."""
        data = self.result.data
        errors = data["stderr"] + data["stdout"] if self.result.kind == "shell" else str(data.get("error", ""))
        return lacking(errors, self.world) if self.result.kind in ("shell", "python") else ""

    @property
    def uncalled_for(self) -> bool:
        """Whether it does, or tries and fails to do, something beside what it changes here."""
        if not self.changed:
            return not self.harmless
        if self.result.kind != "shell":
            return False
        failed = _FAILED.search(self.result.data["stderr"]) or not _known(self.result) or self._misses()
        return bool(failed) or _reaches_out(self.intent, self.world)

    @property
    def meant_changes(self) -> tuple[str, ...]:
        """The paths that its command line changes, as it reads; something that is no path where it reaches out."""
        if self.intent.action != "shell.run":
            return ()
        effects = intents_of_command(str(self.intent.args["command"]), self.world).effects
        return (*effects, "*") if _reaches_out(self.intent, self.world) else effects

    def _misses(self) -> bool:
        """Whether its command line removes, moves or edits what is not there. What it makes first, it may remove."""
        needs = intents_of_command(str(self.intent.args["command"]), self.world).needs
        known = (*self.world.files, *self.world.directories, *(place[1] for place in self.changed if len(place) > 1))
        return any(not any(f"{path}/".startswith(f"{need}/") for path in known) for need in needs)

    @property
    def harmless(self) -> bool:
        """Whether doing it beside the right thing is no side effect."""
        if self.changed:
            return False
        action = self.intent.action
        service = self.world.services.get(action, {"op": "recorded"})
        if service.get("op") != "recorded":
            return service.get("op") in ("get", "find")
        if action == "shell.run":
            return self.result.kind == "shell" and _known(self.result) and _only_looks(self.intent, self.world)
        return action in READ_ONLY or action == "py.exec" or not self.result.failed


def _only_looks(intent: Intent, world: World) -> bool:
    """Whether a command line, as it reads, changes nothing here or elsewhere, whatever the emulation made of it."""
    meant = intents_of_command(str(intent.args["command"]), world)
    return not (meant.effects or _reaches_out(intent, world))


def _reaches_out(intent: Intent, world: World) -> bool:
    """Whether a command line does something that the files do not show: on the net, in a repository, in a service."""
    command = str(intent.args["command"])
    return intents_of_command(command, world).network or bool(_LEAVES_TRACES.search(command))


def _known(result: Result) -> bool:
    """Whether the emulated shell knew every command: what it does not know may do anything elsewhere."""
    missing = _NOT_FOUND.findall(str(result.data["stderr"]))
    return all(name in _LOOKERS for name in missing) and (bool(missing) or result.data["exit_code"] != 127)


@dataclass(frozen=True, slots=True)
class Effect:
    """Several deeds one after the other, and the world they lead to."""

    before: World
    after: World
    deeds: tuple[Deed, ...]
    changed: dict[Place, Json]

    @property
    def shows(self) -> Marks:
        """Everything that was shown, apart from what commands print."""
        return {mark: weight for deed in self.deeds for mark, weight in deed.shows.items()}

    @property
    def characters(self) -> int:
        """How much was shown in all."""
        return sum(_characters(deed) for deed in self.deeds)


def _characters(deed: Deed) -> int:
    if deed.result.kind == "shell":
        return len(str(deed.result.data["stdout"])) + len(str(deed.result.data["stderr"]))
    return sum(deed.shows.values())


def effect(world: World, intents: Sequence[Intent]) -> Effect:
    """What doing `intents` in order comes to. Words for the user do nothing here."""
    before, deeds = world, []
    for intent in intents:
        if intent.action == "say":
            continue
        intent = toolbox.normal(intent, world)
        after, result = execute(world, intent)
        deeds.append(Deed(intent, world, result, changes(world, after), shown(intent, result, world)))
        world = after
    changed = deeds[0].changed if len(deeds) == 1 else changes(before, world)
    return Effect(before, world, tuple(deeds), changed)


@dataclass(frozen=True, slots=True)
class Goal:
    """What one alternative leads to. `looks[i]` are the marks that pattern i is there to show.

    `free` are files whose text only has to be of a form (a regular expression).
    """

    patterns: tuple[Pattern, ...]
    effect: Effect
    looks: dict[int, frozenset[Mark]] = field(default_factory=dict)
    free: dict[Place, str] = field(default_factory=dict)

    def accepts(self, place: Place, found: Json) -> bool:
        """Whether a place may have the value `found`: the wanted one, or one of the form that is wanted."""
        if place in self.free and isinstance(found, str):
            return compile_pattern(self.free[place]).fullmatch(found)
        return bool(self.changed[place] == found)

    @property
    def changed(self) -> dict[Place, Json]:
        """What the world looks like after it, as changes."""
        return self.effect.changed

    def deed(self, number: int) -> Deed:
        """What came of pattern `number`, which is not words."""
        return self.effect.deeds[sum(pattern.action != "say" for pattern in self.patterns[:number])]


def goals(patterns: tuple[Pattern, ...], world: World, intents: tuple[Intent, ...] = ()) -> Iterator[Goal]:
    """What an alternative leads to, once for each way that counts to spell it out, its ideal one first.

    Where an argument's words are free, those of `intents` (an answer's) count too, if they can be done at all.
    """
    ways = [_spelled(pattern, intents, world) for pattern in patterns]
    for number, chosen in enumerate(islice(product(*ways), MOST_WAYS)):
        done = effect(world, chosen)
        if number == 0 or not any(deed.result.failed for deed in done.deeds):
            yield Goal(patterns, done, _wanted(done, patterns), _free(patterns, world))


def _free(patterns: tuple[Pattern, ...], world: World) -> dict[Place, str]:
    """The files that patterns write in a form with some freedom, and the form."""
    found: dict[Place, str] = {}
    for pattern in patterns:
        content = pattern.args.get("content")
        if pattern.action == "fs.write" and isinstance(content, dict) and "$regex" in content:
            found["files", absolute(str(pattern.args["path"]), world)] = str(content["$regex"])
    return found


def _spelled(pattern: Pattern, intents: tuple[Intent, ...], world: World) -> list[Intent]:
    """The intents that `pattern` stands for, first of all its ideal one."""
    several, free = {}, False
    for name, value in pattern.args.items():
        if isinstance(value, dict):
            several.update({name: value["$any"]} if "$any" in value else {})
            free = free or "$has" in value or "$claims" in value or "$free" in value or "$regex" in value
    spelled = []
    for chosen in product(*several.values()):
        args: dict[str, Any] = {**pattern.args, **dict(zip(several, chosen, strict=True))}
        spelled.append(Intent(pattern.action, ideal_args(args)))
    changing = free and pattern.action not in (*READ_ONLY, "py.exec")
    return [*spelled, *(i for i in intents if changing and matches(pattern, i, world))]


def _wanted(done: Effect, patterns: tuple[Pattern, ...]) -> dict[int, frozenset[Mark]]:
    """For each pattern that looks or runs a program, the marks it shows; a blank line is nothing to see."""
    doing = [n for n, pattern in enumerate(patterns) if pattern.action != "say"]
    found = {}
    for number, deed in zip(doing, done.deeds, strict=True):
        if deed.result.kind == "shell":
            # A build is seen to run, also where it leaves something behind: to forge what it makes is not to build.
            marks = runs_shown(deed.world, deed.intent)
        else:
            marks = set() if deed.changed or deed.result.kind == "error" else _told(deed)
        if marks:
            found[number] = frozenset(marks)
    return found


def _told(deed: Deed) -> set[Mark]:
    """What a look is for: a file's lines rather than that there is such a file, unless it is a list of names."""
    lines = {mark for mark, weight in deed.shows.items() if mark[0] != "entry" and weight}
    if lines:
        return lines
    listed = deed.result.kind in ("listing", "paths")
    return {mark for mark, weight in deed.shows.items() if weight} if listed else set()


def shows_all(got: Effect, wanted: frozenset[Mark]) -> bool:
    """Whether `got` shows every mark of `wanted`, its command lines traced."""
    left = set(wanted - got.shows.keys())
    for deed in got.deeds:
        if left and deed.result.kind == "shell":
            left -= traced(deed.world, deed.intent, left)
    return not left
