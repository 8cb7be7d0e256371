"""Answers remembered by content: within a run the model is a function, however noisy it is, and is asked as a stream.

Whoever needs many answers says so first (`ask`, `ahead`), so that an engine is never idle; looking them up again costs
nothing. With a folder the answers are kept there, and a run that was interrupted goes on without asking again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from threading import Condition
from typing import TypeVar

import orjson

from perturb.campaign.journal import RESPONSE
from perturb.campaign.lines import Damage, LineLog, Lines
from perturb.campaign.plan import Item
from perturb.campaign.responses import response_from
from perturb.campaign.rounds import judged
from perturb.campaign.runner import Answerer
from perturb.core.canonical import digest
from perturb.core.errors import EngineError, UserError
from perturb.core.files import make_folder, write_atomic
from perturb.core.values import Failure, Response
from perturb.judging.rounds import PATIENCE

ANSWERS = "answers.jsonl"
Name = TypeVar("Name")


def content_key(item: Item) -> str:
    """What an engine sees, and nothing else: equal requests have equal answers."""
    return digest(item.request)


def case_key(item: Item) -> str:
    """What a simulated agent sees: the case, how it was made, and the base."""
    so_far = [said.response for said in item.before]
    return digest([item.digest, item.recipe, item.base.id, item.base.scaffold, item.request.draw, so_far])


class Answers:
    """The one door to a model: one stream, from which whoever asks takes what it waits for.

    `asked` counts the requests that really went through it, `batches` how often somebody had to wait for some.
    `damage` is what of the folder's answers could not be used and is asked again. An answer that only looks is asked on
    in the same stream, up to `patience` times. Several threads may ask: one of them reads, for all.
    """

    def __init__(
        self,
        answerer: Answerer,
        key: Callable[[Item], str] = content_key,
        folder: Path | None = None,
        patience: int = PATIENCE,
    ):
        self.key = key
        self.patience = patience
        self.batches = 0
        self.asked = 0
        self.damage: Damage | None = None
        self._answerer = answerer
        self._file = folder / ANSWERS if folder else None
        self._known: dict[str, Response | Failure] = {}
        # What follows from an answer that only looked.
        self._then: dict[str, str] = {}
        self._wanted: dict[str, Item] = {}
        self._later: Iterator[Item] = iter(())
        self._under_way: dict[str, Item] = {}
        self._stream: Iterator[tuple[Item, Response | Failure]] | None = None
        self._log: LineLog | None = None
        self._turn, self._reading = Condition(), False
        if self._file:
            kept = Lines(self._file, {"key": str, "response": RESPONSE})
            for line in kept:
                self._known[line["key"]] = response_from(line["response"])
            self.damage = kept.damage

    def known(self, item: Item) -> bool:
        """Whether `item` has its answer, and the rounds that follow from it theirs."""
        following: Item | None = item
        while following is not None:
            got = self._known.get(self.key(following))
            if got is None:
                return False
            following = self.following(following, got)
        return True

    def following(self, item: Item, got: Response | Failure) -> Item | None:
        """What is asked after `got`, if that decides nothing. What cannot be judged is decided."""
        if isinstance(got, Failure) or not self.patience:
            return None
        try:
            return judged(item, got, self.patience).following
        except Exception:
            return None

    def ahead(self, items: Iterable[Item]) -> None:
        """Ask these too, in their order, as soon as the engine has room, while somebody waits for others."""
        with self._turn:
            self._later = chain(self._later, items)

    def ask(self, items: Sequence[Item]) -> list[Response | Failure]:
        """The answer to each item, in order, once these are there and what follows from them.

        A failure is remembered too while this object lives, but written nowhere: the next run asks again.
        """
        keys = self.want(items)
        left = keys[::-1]

        def done() -> bool:
            while left and self._settled(left[-1]):
                left.pop()
            return not left

        self._until(done)
        return [self._known[key] for key in keys]

    def some(self, keys: Mapping[Name, str]) -> list[tuple[Name, Response | Failure]]:
        """What is answered of what was wanted under these keys, by name, once that is at least one."""
        self._until(lambda: any(key in self._known for key in keys.values()))
        return [(name, self._known[key]) for name, key in keys.items() if key in self._known]

    def close(self) -> None:
        """Give up what is under way; another thread that reads just now gives up by itself."""
        with self._turn:
            stream, log, self._stream, self._log = self._stream, self._log, None, None
            self._wanted = {**self._under_way, **self._wanted}
            self._under_way.clear()
        if isinstance(stream, Generator) and not getattr(stream, "gi_running", False):
            stream.close()
        if log is not None:
            log.__exit__(None, None, None)

    def want(self, items: Sequence[Item]) -> list[str]:
        """Have these asked, before anything that is only asked ahead, while somebody waits; their keys."""
        keys = [self.key(item) for item in items]
        with self._turn:
            pairs = zip(keys, items, strict=True)
            new = {key: item for key, item in pairs if not (self._coming(key) or key in self._wanted)}
            self.batches += bool(new)
            self._wanted |= new
        return keys

    def _settled(self, key: str) -> bool:
        while key in self._known:
            if key not in self._then:
                return True
            key = self._then[key]
        return False

    def _until(self, done: Callable[[], bool]) -> None:
        """Read answers until `done`, unless another thread reads already."""
        while True:
            with self._turn:
                while not (finished := done()) and self._reading:
                    self._turn.wait()
                if finished:
                    if not self._under_way and not self._reading:
                        self.close()
                    return
                self._reading = True
            try:
                self._read()
            except BaseException:
                self.close()
                raise
            finally:
                with self._turn:
                    self._reading = False
                    self._turn.notify_all()

    def _read(self) -> None:
        """One more answer."""
        if self._stream is None:
            self._stream = self._answerer(self._pull)
            self._log = LineLog(self._file) if self._file else None
        found = next(self._stream, None)
        if found is None:
            raise EngineError(f"the engine ended with {len(self._under_way)} requests unanswered")
        item, got = found
        key, following = self.key(item), self.following(*found)
        if self._log and isinstance(got, Response):
            self._log.append({"key": key, "response": got})
        with self._turn:
            self._known[key] = got
            self._under_way.pop(key, None)
            if following is not None:
                then = self._then[key] = self.key(following)
                if not self._coming(then):
                    self._wanted[then] = following

    def _pull(self) -> Item | None:
        with self._turn:
            while (item := self._next()) is not None:
                key = self.key(item)
                if not self._coming(key):
                    self._under_way[key] = item
                    self.asked += 1
                    return item
            return None

    def _next(self) -> Item | None:
        return self._wanted.pop(next(iter(self._wanted))) if self._wanted else next(self._later, None)

    def _coming(self, key: str) -> bool:
        return key in self._known or key in self._under_way


def answers_for(
    answerer: Answerer, identity: dict[str, str], folder: Path | None = None, patience: int = PATIENCE
) -> Answers:
    """The answers of a model. A folder keeps those of one model only; a simulated agent's cost nothing to make again.

    Raises UserError when the folder holds another model's.
    """
    if folder is not None:
        _claim(folder / "model.json", identity)
    if identity["kind"] == "simulated":
        return Answers(answerer, case_key, patience=patience)
    return Answers(answerer, content_key, folder, patience)


def _claim(path: Path, identity: dict[str, str]) -> None:
    mine = orjson.dumps(identity, option=orjson.OPT_SORT_KEYS)
    try:
        if path.exists():
            if path.read_bytes() != mine:
                raise UserError(f"{path}: the answers kept here are another model's")
            return
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    make_folder(path.parent)
    write_atomic(path, mine)
