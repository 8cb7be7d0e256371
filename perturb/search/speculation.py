"""Property tests over a batched model: generate twice from one seed, ask once, minimise failures in batches.

``@given`` runs a test on one example after the other, and a model that is asked one request at a time is idle most
of the time. So the same examples are drawn twice: first the body only says what it would ask; then everything is asked
as one batch; then the body runs for real over known answers. A failure is minimised by `minimise`, whose candidates
are asked a batch at a time, and its name is kept and tried first next time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar

from perturb.campaign.asking import Asking, CollectedError
from perturb.campaign.naming import item_of
from perturb.campaign.plan import Item
from perturb.core.errors import UserError
from perturb.core.files import make_folder, write_atomic
from perturb.search.minimise import minimise
from perturb.testing.assertions import ModelFailure, explained

Test = TypeVar("Test", bound=Callable[..., Any])
# A body that asks for one thing after another needs a round for each.
ROUNDS = 4


def batched(test: Test) -> Test:
    """Put above ``@given``: the test's examples are asked in batches, its failures minimised.

    The test takes an :class:`Asking` (in pytest: the ``perturb_model`` fixture) and calls it on decisions. Raises
    TypeError when it gets none.
    """
    handle = getattr(test, "hypothesis", None)
    if handle is None:
        raise TypeError("@batched goes above @given")

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        asking = next((value for value in (*args, *kwargs.values()) if isinstance(value, Asking)), None)
        if asking is None:
            raise TypeError(f"{test.__name__} takes no perturb_model")
        _seeded(test)
        _kept_first(test, asking, args, kwargs)
        _speculate(test, asking, args, kwargs)
        _for_real(test, asking, args, kwargs)

    return run  # type: ignore[return-value]  # wraps keeps the signature


def _seeded(test: Any) -> None:
    """Both passes draw from one seed: the test's own, a fixed one when derandomized, else a new one."""
    from hypothesis import seed

    if getattr(test, "_hypothesis_internal_use_seed", None) is not None:
        return
    fixed = test._hypothesis_internal_use_settings.derandomize
    name = _name(test).encode()
    seed(int.from_bytes(blake2b(name, digest_size=8).digest()) if fixed else SystemRandom().getrandbits(63))(test)


@contextmanager
def _body(test: Any, replacement: Callable[..., None], **changes: Any) -> Iterator[None]:
    """`test` with another body and other settings."""
    from hypothesis import settings

    inner, kept = test.hypothesis.inner_test, test._hypothesis_internal_use_settings
    test.hypothesis.inner_test = functools.wraps(inner)(replacement)
    test._hypothesis_internal_use_settings = settings(kept, deadline=None, **changes)
    try:
        yield
    finally:
        test.hypothesis.inner_test = inner
        test._hypothesis_internal_use_settings = kept


def _speculate(test: Any, asking: Asking, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Draw the examples, note what their bodies ask, ask it all; again while answers lead to new questions."""
    from hypothesis import Phase

    inner = test.hypothesis.inner_test

    def collect(*a: Any, **k: Any) -> None:
        try:
            inner(*a, **k)
        except (CollectedError, ModelFailure):
            return

    for _ in range(ROUNDS):
        with asking.collecting() as wanted, _body(test, collect, database=None, phases=(Phase.generate,)):
            test(*args, **kwargs)
        if not wanted:
            return
        _ask(asking, wanted)


def _ask(asking: Asking, wanted: dict[str, Item]) -> None:
    from perturb.campaign.decision import with_bases

    # Failures of the engine come to light when the body runs.
    asking.answers.ask(with_bases(list(wanted.values())))


def _for_real(test: Any, asking: Asking, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    __tracebackhide__ = True
    from hypothesis import Phase

    inner = test.hypothesis.inner_test
    last: dict[str, Any] = {}

    def watched(*a: Any, **k: Any) -> None:
        __tracebackhide__ = True
        last.clear()
        last.update(k)
        inner(*a, **k)

    phases = tuple(p for p in test._hypothesis_internal_use_settings.phases if p not in (Phase.shrink, Phase.explain))
    try:
        with _body(test, watched, phases=phases, report_multiple_bugs=False):
            test(*args, **kwargs)
    except ModelFailure as failure:
        # With the first failure's frames: a person sees the line of the test that failed, and only that.
        raise _minimised(test, asking, failure, last).with_traceback(failure.__traceback__) from None


def _minimised(test: Any, asking: Asking, failure: ModelFailure, drawn: dict[str, Any]) -> ModelFailure:
    """The failure at its minimum, remembered for the next run."""
    if failure.decision is None or not failure.decision.hurt:
        return failure
    found = asking.told(minimise(asking.answers, failure.decision).decision)
    item = found.perturbed.item
    names = [name for name, value in drawn.items() if isinstance(value, Item)]
    pin = f"@example({names[0]}=item_of({item.id!r}))" if names else ""
    if names and asking.kept is not None:
        _keep(_kept_file(test, asking.kept), item.id)
    message = f"{explained(found)}\nminimal:  {item.recipe}\npin it:   {pin}"
    return ModelFailure(message, found)


def _kept_file(test: Any, folder: Path) -> Path:
    return folder / f"{_name(test).replace('<locals>.', '')}.txt"


def _name(test: Any) -> str:
    inner = test.hypothesis.inner_test
    return f"{inner.__module__}.{inner.__qualname__}"


def _keep(path: Path, name: str) -> None:
    known = path.read_text().splitlines() if path.exists() else []
    if name not in known:
        make_folder(path.parent)
        write_atomic(path, "".join(f"{line}\n" for line in [*known, name]).encode())


def _kept_first(test: Any, asking: Asking, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """The failing examples of earlier runs, asked as one batch, then tried. Those that no longer exist are dropped."""
    path = _kept_file(test, asking.kept) if asking.kept else None
    if path is None or not path.exists():
        return
    items = []
    for name in path.read_text().splitlines():
        try:
            items.append(item_of(name))
        except UserError:
            continue
    _ask(asking, {item.id: item for item in items})
    inner = test.hypothesis.inner_test
    slots = list(test.hypothesis._given_kwargs)
    if len(slots) != 1:
        return
    for item in items:
        inner(*args, **kwargs, **{slots[0]: item})
