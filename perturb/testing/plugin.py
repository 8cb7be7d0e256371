"""The pytest plugin: options, one marker, four fixtures. Imports nothing heavy and does nothing unless it is used.

``perturb_decision`` makes a test of every perturbed decision, ``perturb_cell`` one of every operator in every
scaffold, ``perturb_campaign`` one of a whole selection; ``perturb_model`` answers whatever a test asks.
The requests of the tests that pytest selected are planned once collection is over and asked as one stream, ahead of
the tests.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from perturb.campaign.asking import Asking
    from perturb.campaign.decision import Decision
    from perturb.testing.assertions import Campaign
    from perturb.testing.session import TestSession

MARKER = "perturb(operators=(), scaffolds=(), fixtures=(), samples=1, seed=0, limit=0): what the test's fixtures cover"
PARAMETRIZED = ("perturb_decision", "perturb_cell")
FIXTURES = (*PARAMETRIZED, "perturb_campaign", "perturb_model")
_NOTHING_LEFT = pytest.param(
    None, id="none", marks=pytest.mark.skip("the --perturb options leave nothing of what this test selects")
)
_SHARED: pytest.StashKey[dict[str, str]] = pytest.StashKey()
_LISTS = {
    "scaffold": "only these scaffolds",
    "operator": "only operators of these names or globs, e.g. 'tools.*'",
    "fixture": "only these fixtures: globs, files, folders",
    "template-arg": "KEY=VALUE that the chat template is told",
    "header": "NAME=VALUE sent to the server, recorded nowhere",
    "load": "modules that register more operators, scaffolds, scorers, agents",
}
_VALUES = {
    "model": "checkpoint folder or hub id, run by vLLM in this process",
    "base-url": "an OpenAI-compatible server, e.g. http://127.0.0.1:8000/v1",
    "agent": "a simulated agent (perturb list agents)",
    "model-name": "the model to ask a server for (default: its first)",
    "api": "what the server speaks: openai (default), anthropic, sglang",
    "raw": "yes: render prompts here and take raw text back from the server",
    "format": "how the model writes (perturb list formats)",
    "chat-template": "file to render prompts with, instead of the model's own",
    "concurrency": "requests at once per server (default 256)",
    "timeout": "seconds for one whole answer of a server (default 3600)",
    "proxy": "an HTTP proxy; the environment's are not used",
    "extra-body": "a JSON object of fields over those of every request",
    "samples": "answers per request (default 1)",
    "seed": "seed of choices and of sampling (default 0)",
    "limit": "at most this many bound decisions, evenly picked (default: no limit)",
    "patience": "looks before a decision is judged; 0: the first answer decides (default 2)",
    "temperature": "sampling temperature (default 1.0)",
    "top-p": "nucleus sampling (default 0.95)",
    "top-k": "the likeliest tokens that are drawn from (default 40; -1: all)",
    "max-tokens": "longest answer in tokens (default 32768)",
    "out": "folder of the run's records and report (default: runs/pytest-N)",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every choice as an option and as an ini key."""
    group = parser.getgroup("perturb", "perturb: an agent model under perturbation")
    for name, text in _VALUES.items():
        group.addoption(f"--perturb-{name}", default=None, help=text)
        parser.addini(f"perturb_{name.replace('-', '_')}", text, default="")
    for name, text in _LISTS.items():
        group.addoption(f"--perturb-{name}", action="append", default=[], help=text)
        parser.addini(f"perturb_{name.replace('-', '_')}", text, type="args", default=[])
    again = "go on with the last run, or with the one in DIR: what was answered is not asked again"
    group.addoption("--perturb-resume", nargs="?", const="last", default=None, metavar="DIR", help=again)
    parser.addini("perturb_resume", again, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known; watch reports where they are shown."""
    config.addinivalue_line("markers", MARKER)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reports(config), "perturb_reports")


def _session(config: pytest.Config) -> TestSession:
    from perturb.testing.session import session_of

    return session_of(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each decision or cell that the marker and the options select."""
    for name in PARAMETRIZED:
        if name in metafunc.fixturenames:
            rows = _session(metafunc.config).parameters(name, metafunc.definition)
            made = [pytest.param(value, id=label) for label, value in rows]
            metafunc.parametrize(name, made or [_NOTHING_LEFT], indirect=True)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Plan what the selected tests will ask."""
    wanted = [item for item in session.items if set(FIXTURES) & set(getattr(item, "fixturenames", ()))]
    if wanted and not session.config.option.collectonly:
        _session(session.config).plan(wanted)


@pytest.fixture
def perturb_decision(request: pytest.FixtureRequest) -> Decision:
    """One perturbed decision of the model beside its base, judged. An engine that fails makes the test an error."""
    return _session(request.config).decisions(request.node.nodeid)[0]


@pytest.fixture
def perturb_cell(request: pytest.FixtureRequest) -> Campaign:
    """Every selected decision of one operator in one scaffold."""
    return _session(request.config).campaign(request.node.nodeid)


@pytest.fixture
def perturb_campaign(request: pytest.FixtureRequest) -> Campaign:
    """Every selected decision."""
    return _session(request.config).campaign(request.node.nodeid)


@pytest.fixture(scope="session")
def perturb_model(request: pytest.FixtureRequest) -> Asking:
    """The model: call it on a decision."""
    return _session(request.config).asking


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Say in the Allure report what the test is about, when there is one."""
    if set(FIXTURES) & set(getattr(item, "fixturenames", ())):
        _session(item.config).labelled(item)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Say in the Allure report how the test ended, when there is one."""
    __tracebackhide__ = True
    try:
        return (yield)
    finally:
        if set(FIXTURES) & set(getattr(item, "fixturenames", ())):
            _session(item.config).told(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hand the records of a test to whoever keeps them: with several workers that is another process."""
    report = yield
    if set(FIXTURES) & set(getattr(item, "fixturenames", ())):
        from perturb.testing.private import hide

        hide(report)
        with _stopping_when_full():
            _session(item.config).into(report, item, call.excinfo.value if call.excinfo else None)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the one engine is."""
    stash = node.config.stash
    if _SHARED not in stash:
        from perturb.testing.session import keeper_of
        from perturb.testing.sharing import serve

        stash[_SHARED] = serve(keeper_of(node.config))
    node.workerinput["perturb"] = stash[_SHARED]


@contextmanager
def _stopping_when_full() -> Iterator[None]:
    """Within, a disk that takes no more ends the run; what was answered is kept."""
    from perturb.core.errors import StorageError
    from perturb.core.plain import one_line

    try:
        yield
    except StorageError as error:
        pytest.exit(f"perturb: {one_line(str(error))}; go on with --perturb-resume", returncode=3)


class _Reports:
    """Sees every report of the run in the process that shows them: keeps records, prints the table at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the records of a test."""
        records = getattr(report, "perturb_records", None)
        if records:
            from perturb.testing.session import keeper_of

            with _stopping_when_full():
                keeper_of(self.config).keep(records)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table of the run, when there was one."""
        if "perturb.testing.session" in sys.modules:
            from perturb.testing.session import keeper_if_used

            keeper = keeper_if_used(self.config)
            if keeper is not None:
                from perturb.core.plain import shown

                with _stopping_when_full():
                    keeper.finish(lambda line: terminalreporter.write_line(shown(line)))
