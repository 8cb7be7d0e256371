"""Answers remembered by content: within a run the model is a function, however noisy it is, and is asked in batches.

Whoever needs many answers says so first (`ask`), so that an engine gets one large batch; looking them up again costs
nothing. With a folder the answers are kept there, and a run that was interrupted goes on without asking again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import orjson

from perturb.campaign.journal import RESPONSE
from perturb.campaign.lines import Damage, LineLog, Lines
from perturb.campaign.plan import Item
from perturb.campaign.responses import response_from
from perturb.campaign.rounds import judged
from perturb.campaign.runner import Answerer, Feed
from perturb.core.canonical import digest
from perturb.core.errors import UserError
from perturb.core.files import make_folder, write_atomic
from perturb.core.values import Failure, Response
from perturb.judging.rounds import PATIENCE

ANSWERS = "answers.jsonl"


def content_key(item: Item) -> str:
    """What an engine sees, and nothing else: equal requests have equal answers."""
    return digest(item.request)


def case_key(item: Item) -> str:
    """What a simulated agent sees: the case, how it was made, and the base."""
    so_far = [said.response for said in item.before]
    return digest([item.digest, item.recipe, item.base.id, item.base.scaffold, item.request.draw, so_far])


class Answers:
    """The one door to a model. `batches` and `asked` count what really went through it.

    `damage` is what of the folder's answers could not be used and is asked again. An answer that only looks is asked on
    in the same batch, up to `patience` times.
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
        self._answerer = answerer
        self._file = folder / ANSWERS if folder else None
        self._known: dict[str, Response | Failure] = {}
        self.damage: Damage | None = None
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

    def ask(self, items: Sequence[Item]) -> list[Response | Failure]:
        """The answer to each item, in order; those not known are asked in one batch.

        A failure is remembered too while this object lives, but written nowhere: the next run asks again.
        """
        keys = [self.key(item) for item in items]
        missing = {key: item for key, item in zip(keys, items, strict=True) if key not in self._known}
        if missing:
            self._generate(missing)
        return [self._known[key] for key in keys]

    def _generate(self, missing: dict[str, Item]) -> None:
        self.batches += 1
        self.asked += len(missing)
        with LineLog(self._file) if self._file else nullcontext() as log:
            feed = Feed(missing.values())
            for item, got in self._answerer(feed):
                key = self.key(item)
                self._known[key] = got
                if log and isinstance(got, Response):
                    log.append({"key": key, "response": got})
                following = self.following(item, got)
                if following is not None and self.key(following) not in self._known:
                    self.asked += 1
                    feed.push(following)


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
