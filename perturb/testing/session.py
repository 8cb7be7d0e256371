"""What the tests of one process need: their decisions planned, asked ahead in one stream, looked up, reported."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import orjson
import pytest

from perturb.campaign.answers import Answers
from perturb.campaign.asking import Asking
from perturb.campaign.decision import Decision, decide, failure_records, records, with_bases
from perturb.campaign.plan import Item, Selection, plan
from perturb.core.errors import EngineError, StorageError, UserError
from perturb.testing import options
from perturb.testing.assertions import Campaign
from perturb.testing.keeper import Keeper

_SESSION: pytest.StashKey[TestSession] = pytest.StashKey()
_KEEPER: pytest.StashKey[Keeper] = pytest.StashKey()


class TestSession:
    """Plans once collection is over. While one test waits for its answers, those of the tests after it are asked."""

    __test__ = False

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._planned: dict[str, list[Item]] = {}
        self._order: list[Item] = []
        self._place: dict[str, int] = {}
        self._begun = False
        self._asked: set[str] = set()
        self._decided: dict[str, list[Decision]] = {}
        self._plans: dict[Selection, list[Item]] = {}
        options.register(config)

    @cached_property
    def model(self) -> str:
        """The model as it was named to this run."""
        spec = options.model_spec(self.config)
        if spec.agent:
            return f"{spec.agent} (simulated agent)"
        return spec.model_name or spec.model or " ".join(spec.base_url)

    @cached_property
    def asking(self) -> Asking:
        """The model: this process's own, or the one that the controlling process shares."""
        where = getattr(self.config, "workerinput", {}).get("perturb")
        if where is None:
            keeper = keeper_of(self.config)
            answers, folder = keeper.answers, str(keeper.folder)
        else:
            from perturb.testing.sharing import Remote

            remote = Remote(where)
            answers, folder = (
                Answers(remote.answerer, remote.key, patience=options.patience(self.config)),
                remote.folder,
            )
        kept = self.config.invocation_params.dir / ".perturb" / "examples"
        return Asking(answers, kept, f"perturb replay ID --run {folder}")

    def parameters(self, fixture: str, definition: Any) -> list[tuple[str, Any]]:
        """Labels and values of the tests of one function: decisions, or (operator, scaffold) cells."""
        try:
            found = self._selected(definition)
        except UserError as error:
            # Not as the cause: pytest would print the message as somebody wrote it.
            raise options.refused(error) from None
        if fixture == "perturb_decision":
            return [(item.id, item) for item in found]
        cells = sorted({(item.operator, item.base.scaffold) for item in found})
        return [(f"{operator}/{scaffold}", (operator, scaffold)) for operator, scaffold in cells]

    def _selected(self, definition: Any) -> list[Item]:
        """Every perturbed decision that a test's marker and the options select.

        Raises UserError when the marker alone selects nothing.
        """
        chosen = options.selection(self.config, definition)
        if chosen not in self._plans:
            empty = not chosen.operators or not chosen.scaffolds
            found = [] if empty else [item for item in plan(chosen) if item.kind == "perturbed"]
            if not found and not options.narrowed(self.config):
                raise UserError(f"{definition.nodeid}: its perturb marker selects nothing")
            self._plans[chosen] = found
        return self._plans[chosen]

    def plan(self, items: Sequence[pytest.Item]) -> None:
        """Note what the selected tests will ask, in their order. Raises UsageError when there is no model to ask."""
        try:
            for item in items:
                self._planned[item.nodeid] = self._needs(item)
            self._order = with_bases([one for item in items for one in self._planned[item.nodeid]])
            self._place = {one.id: place for place, one in enumerate(self._order)}
            if not hasattr(self.config, "workerinput"):
                _ = self.asking
        except (UserError, StorageError) as error:
            raise options.refused(error) from error

    def _needs(self, item: Any) -> list[Item]:
        names = item.fixturenames
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if any(name in parameters and parameters[name] is None for name in ("perturb_decision", "perturb_cell")):
            return []
        if "perturb_decision" in names:
            return [parameters["perturb_decision"]]
        if "perturb_cell" in names:
            operator, scaffold = parameters["perturb_cell"]
            every = self._selected(item)
            return [one for one in every if (one.operator, one.base.scaffold) == (operator, scaffold)]
        return self._selected(item) if "perturb_campaign" in names else []

    def decisions(self, nodeid: str) -> list[Decision]:
        """The judged decisions of one test. Raises EngineError when the engine failed on one."""
        if nodeid not in self._decided:
            items = self._planned[nodeid]
            self._asked.add(nodeid)
            self._prepare(items)
            self._decided[nodeid] = [self.asking.told(found) for found in decide(self.asking.answers, items)]
        return self._decided[nodeid]

    def _prepare(self, items: Sequence[Item]) -> None:
        """Before the first answer: have those asked ahead that the tests after this one need."""
        if items and not self._begun:
            self._begun = True
            place = min(self._place[name] for item in items for name in (item.id, item.base_id))
            self.asking.answers.ahead(islice(self._order, place, None))

    def campaign(self, nodeid: str) -> Campaign:
        """The judged decisions of one test together. Skips the test when the options leave none."""
        if not self._planned[nodeid]:
            pytest.skip("the --perturb options leave nothing of what this test selects")
        return Campaign(tuple(self.decisions(nodeid)))

    def into(self, report: pytest.TestReport, item: pytest.Item, error: BaseException | None) -> None:
        """Put the records of a finished test on its report. Raises the StorageError that a test ended with."""
        if isinstance(error, StorageError):
            raise error
        if report.when != "teardown":
            return
        found = self._decided.pop(item.nodeid, None)
        lines = records(found) if found is not None else self._failed(item.nodeid)
        # Attributes of a report travel from a worker to the controlling process, as JSON.
        vars(report)["perturb_records"] = [orjson.dumps(line).decode() for line in lines]

    def _failed(self, nodeid: str) -> list[dict[str, object]]:
        """The records of a test that could not begin because an engine failed; none of one that never asked."""
        if "asking" not in self.__dict__ or nodeid not in self._asked:
            return []
        try:
            return failure_records(self.asking.answers, self._planned[nodeid])
        except (EngineError, UserError):
            # The engine is gone: the test is an error already.
            return []

    def labelled(self, item: pytest.Item) -> None:
        """Labels for Allure, when a report is being made."""
        items = self._planned.get(item.nodeid, [])
        if items and self._reporting:
            from perturb.testing.allure import label

            label(items, self.model)

    def told(self, item: pytest.Item) -> None:
        """How the test ended, for Allure, when a report is being made."""
        if item.nodeid in self._decided and self._reporting:
            from perturb.testing.allure import tell

            tell(self._decided[item.nodeid])

    @property
    def _reporting(self) -> bool:
        return bool(getattr(self.config.option, "allure_report_dir", None))


def session_of(config: pytest.Config) -> TestSession:
    """This process's session, made when first used."""
    if _SESSION not in config.stash:
        config.stash[_SESSION] = TestSession(config)
    return config.stash[_SESSION]


def keeper_of(config: pytest.Config) -> Keeper:
    """The controlling process's keeper, made when first used."""
    if _KEEPER not in config.stash:
        config.stash[_KEEPER] = Keeper(config)
    return config.stash[_KEEPER]


def keeper_if_used(config: pytest.Config) -> Keeper | None:
    """The keeper, when the run used it."""
    return config.stash.get(_KEEPER, None)
