"""The one process of a test run that holds the engine, the run's folder and its records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import pytest

from perturb import __version__
from perturb.campaign.answers import Answers, answers_for
from perturb.campaign.folder import MANIFEST, locked, read_manifest, write_manifest
from perturb.campaign.ingredients import changes, made_of
from perturb.campaign.journal import Journal, Records
from perturb.campaign.lines import SEAL, private
from perturb.campaign.model import ENGINE_FIELDS, SAMPLING_FIELDS, connect
from perturb.campaign.plan import Selection
from perturb.core.errors import UserError
from perturb.statistics.summary import Summary, summarise
from perturb.testing import options


class Keeper:
    """Connects to the model when it is first needed, keeps records as tests report them, writes the report."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.lock = threading.RLock()
        self.summary: Summary | None = None
        self._held, self._writing = ExitStack(), ExitStack()
        self._seals: dict[str, bytes] = {}
        self._judged_anew: dict[str, dict[str, Any]] = {}

    @cached_property
    def answers(self) -> Answers:
        """The door to the model. Raises UserError when the model or the folder cannot be had."""
        with self.lock:
            options.register(self.config)
            spec = options.model_spec(self.config)
            where, resume = options.folder(self.config)
            known = (where / MANIFEST).exists()
            if known and not resume:
                again = "--perturb-resume goes on with it, --perturb-out names another"
                raise UserError(f"{where}: holds a run already; {again}")
            if resume and not known:
                raise UserError(f"{where}: no run to resume here")
            answerer, identity = connect(spec)
            self._open(where, identity)
            self.folder = where
            answers = answers_for(answerer, identity, where, options.patience(self.config))
            self._writing.callback(answers.close)
            return answers

    def _open(self, where: Path, identity: dict[str, str]) -> None:
        """Take the folder for this process alone until the run ends. Raises UserError when it is another run's."""
        self.config.add_cleanup(self._held.close)
        self._held.enter_context(locked(where))
        self._held.enter_context(self._writing)
        manifest = self._manifest(identity)
        if (where / MANIFEST).exists():
            known = read_manifest(where)
            if known["model"] != identity:
                raise UserError(f"{where}: was run on another model")
            if known["selection"].get("patience", 0) != manifest["selection"]["patience"]:
                raise UserError(f"{where}: was run with --perturb-patience {known['selection'].get('patience', 0)}")
            # What the tests of this session ask is judged by today's code; what they leave out stays as it was.
            kept_old = {*known.get("kept_old", ()), *changes(known["made_of"], manifest["made_of"])}
            if kept_old:
                manifest["kept_old"] = sorted(kept_old)
        write_manifest(where, manifest)
        self._seals = Records(where).seals()
        self._journal = self._writing.enter_context(Journal(where, keep_old=True))

    def _manifest(self, identity: dict[str, str]) -> dict[str, Any]:
        spec = options.model_spec(self.config)
        fixtures = ("*", *(f for f in options.values(self.config, "fixture") if Path(f).exists()))
        return {
            "perturb": __version__,
            "kind": "pytest",
            "model": identity,
            "simulated": identity["kind"] == "simulated",
            "selection": {
                "fixtures": list(fixtures),
                "scaffolds": [],
                "operators": [],
                "samples": 1,
                "seed": spec.seed,
                "limit": 0,
                "patience": options.patience(self.config),
            },
            "sampling": {name: getattr(spec, name) for name in SAMPLING_FIELDS},
            "engine": {name: getattr(spec, name) for name in ENGINE_FIELDS},
            "load": [str(Path(file).resolve()) for file in options.values(self.config, "load")],
            "made_of": made_of(Selection(fixtures=fixtures)),
        }

    def keep(self, records: Sequence[str]) -> None:
        """Append the records that are not yet there; note those that today's code judges otherwise than before."""
        for record in map(orjson.loads, records):
            name = record["id"]
            known, now = self._seals.get(name), private(record)[-SEAL:-1]
            if known is not None and known != now:
                self._judged_anew[name] = record
            elif known is None:
                self._journal.append(record)
                if record["response"] is not None:
                    self._seals[name] = now

    def finish(self, say: Callable[[str], None]) -> None:
        """Write the report and print the table, when anything was recorded."""
        if "answers" not in self.__dict__ or not len(found := self._settled()):
            return
        from perturb.report.html import write_report
        from perturb.report.terminal import table

        manifest = read_manifest(self.folder)
        self.summary = summarise(found)
        path = write_report(self.folder, manifest, self.summary)
        say("")
        for line in table(self.summary, manifest, self.folder).splitlines():
            say(line)
        for damage in filter(None, (found.damage, self.answers.damage)):
            say(f"perturb: {damage}")
        if "kept_old" in manifest:
            say(f"perturb: holds records from before a change of: {', '.join(manifest['kept_old'])}")
        say(f"perturb report: {path}")
        self._allure(manifest)

    def _settled(self) -> Records:
        """What is recorded, with the newest verdict of each. Nothing is recorded after this."""
        self._writing.close()
        found = Records(self.folder)
        if self._judged_anew:
            found.replace(self._judged_anew.get(record["id"], record) for record in found.written())
            found = Records(self.folder)
        return found

    def _allure(self, manifest: dict[str, Any]) -> None:
        results = getattr(self.config.option, "allure_report_dir", None)
        if results and self.summary is not None:
            from perturb.report.allure_run import write_run

            write_run(Path(results), self.summary, manifest)
