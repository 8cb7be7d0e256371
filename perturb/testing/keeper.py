"""The one process of a test run that holds the engine, the run's folder and its records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import pytest

from perturb import __version__
from perturb.campaign.answers import Answers, answers_for
from perturb.campaign.journal import JOURNAL, MANIFEST, append_lines, read, read_manifest, write_manifest
from perturb.campaign.model import connect
from perturb.core.errors import UserError
from perturb.engines.base import Sampling
from perturb.statistics.summary import Summary, summarise
from perturb.testing import options


class Keeper:
    """Connects to the model when it is first needed, keeps records as tests report them, writes the report."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.lock = threading.RLock()
        self.summary: Summary | None = None
        self._recorded: set[str] = set()

    @cached_property
    def answers(self) -> Answers:
        """The door to the model. Raises UserError when the model or the folder cannot be had."""
        with self.lock:
            options.register(self.config)
            spec = options.model_spec(self.config)
            where, resume = options.folder(self.config)
            answerer, identity = connect(spec)
            self._open(where, resume, identity)
            self.folder = where
            return answers_for(answerer, identity, where)

    def _open(self, where: Path, resume: bool, identity: dict[str, str]) -> None:
        sampling = Sampling()
        spec = options.model_spec(self.config)
        manifest = {
            "perturb": __version__,
            "kind": "pytest",
            "model": identity,
            "simulated": identity["kind"] == "simulated",
            "selection": {
                "fixtures": ["*", *(f for f in options.values(self.config, "fixture") if Path(f).exists())],
                "scaffolds": [],
                "operators": [],
                "samples": 1,
                "seed": spec.seed,
                "limit": 0,
            },
            "sampling": {"temperature": spec.temperature, "max_tokens": spec.max_tokens, "top_p": sampling.top_p},
            "engine": {
                "model": spec.model,
                "base_url": spec.base_url,
                "agent": spec.agent,
                "model_name": spec.model_name,
            },
            "load": [str(Path(file).resolve()) for file in options.values(self.config, "load")],
        }
        known = (where / MANIFEST).exists()
        if known and not resume:
            raise UserError(
                f"{where}: holds a run already; --perturb-resume goes on with it, --perturb-out names another"
            )
        if resume and not known:
            raise UserError(f"{where}: no run to resume here")
        if known and read_manifest(where)["model"] != identity:
            raise UserError(f"{where}: was run on another model")
        try:
            where.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{where}: {error.strerror}") from error
        write_manifest(where, manifest)
        self._recorded = {record["id"] for record in read(where)}

    def keep(self, records: Sequence[str]) -> None:
        """Append the records that are not yet there."""
        new = {record["id"]: record for record in map(orjson.loads, records) if record["id"] not in self._recorded}
        self._recorded.update(new)
        append_lines(self.folder / JOURNAL, new.values())

    def finish(self, say: Callable[[str], None]) -> None:
        """Write the report and print the table, when anything was recorded."""
        if "answers" not in self.__dict__ or not self._recorded:
            return
        from perturb.report.html import write_report
        from perturb.report.terminal import table

        manifest = read_manifest(self.folder)
        self.summary = summarise(read(self.folder))
        path = write_report(self.folder, manifest, self.summary)
        say("")
        for line in table(self.summary, manifest).splitlines():
            say(line)
        say(f"perturb report: {path}")
        self._allure(manifest)

    def _allure(self, manifest: dict[str, Any]) -> None:
        results = getattr(self.config.option, "allure_report_dir", None)
        if results and self.summary is not None:
            from perturb.report.allure_run import write_run

            write_run(Path(results), self.summary, manifest)
