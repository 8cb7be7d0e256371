"""``perturb run``: make the folder this run's, ask, score, report."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from perturb.campaign.folder import locked, open_folder
from perturb.campaign.ingredients import refuse_changes
from perturb.campaign.journal import Records
from perturb.campaign.lines import REPLIES, Damage
from perturb.campaign.manifest import manifest_of
from perturb.campaign.model import connect, spec_of
from perturb.campaign.picking import PROFILES, Budget, budget_from
from perturb.campaign.plan import Selection, Tally, bound_cases, chosen_operators
from perturb.campaign.runner import Answerer, run
from perturb.cli import again, before, output
from perturb.cli.imports import say_files
from perturb.cli.meter import Meter
from perturb.core.errors import EngineError, StorageError, UserError
from perturb.core.registry import FORMATS
from perturb.engines.base import INEXPRESSIBLE
from perturb.statistics.as_json import as_json
from perturb.statistics.summary import summarise


def main(options: argparse.Namespace) -> int:
    """Start a run, or go on with the same one."""
    output.register(options.load)
    selection = replace(selection_from(options), **asdict(_budget(options)))
    chosen_operators(selection)
    say_files(selection.fixtures, selection.tools)
    if next(bound_cases(selection), None) is None:
        raise UserError("nothing to do: no selected scaffold can carry any selected fixture")
    if options.dry_run:
        return before.main(options, selection)
    with ExitStack() as held:
        if options.out:
            # Before the model is loaded, which can take minutes.
            held.enter_context(locked(Path(options.out)))
        answerer, model = answerer_for(options)
        out = Path(options.out or f"runs/{slug(model['name'])}")
        if not options.out:
            held.enter_context(locked(out))
        selection = _sayable(selection, model)
        wanted = manifest_for(options, selection, model)
        manifest = open_folder(out, wanted)
        refuse_changes(out, manifest["made_of"], wanted["made_of"])
        _say_profile(options)
        return carry_out(selection, answerer, out, manifest, options.json)


def selection_from(options: argparse.Namespace) -> Selection:
    """What the options select."""
    return Selection(
        tuple(options.scaffold),
        tuple(options.operator),
        tuple(options.fixture),
        options.samples,
        options.seed,
        options.limit,
        options.patience,
        steps=options.steps,
        tools=options.tools,
    )


def _budget(options: argparse.Namespace) -> Budget:
    """What the run may ask: as said, else a profile; a simulated agent, which costs nothing, is asked everything."""
    if options.budget:
        return budget_from(options.budget)
    return Budget(requests=PROFILES[_profile(options)])


def _profile(options: argparse.Namespace) -> str:
    return str(options.profile or ("full" if options.agent else "quick"))


def _sayable(selection: Selection, model: dict[str, str]) -> Selection:
    """`selection` without what perturbs thinking, where the model's format has none: it would see no difference.

    Raises UserError when nothing is left.
    """
    form = FORMATS.get(model.get("format", ""))
    chosen = chosen_operators(selection)
    kept = tuple(one.name for one in chosen if one.part != "thinking")
    if form is None or form.think[0] or len(kept) == len(chosen):
        return selection
    if not kept:
        raise UserError(f"nothing to do: the format {form.name} has no thinking to perturb")
    output.say(f"{len(chosen) - len(kept)} operators on thinking are left out: the format {form.name} has none")
    return replace(selection, operators=kept)


def _say_profile(options: argparse.Namespace) -> None:
    """That a run asks less than there is, when nobody chose so."""
    asked = PROFILES[_profile(options)]
    if asked and not (options.budget or options.profile or options.limit):
        output.say(f"profile {_profile(options)}: {asked:,} requests, balanced; --profile full asks all there is")


def manifest_for(options: argparse.Namespace, selection: Selection, model: dict[str, str]) -> dict[str, Any]:
    """What makes this run this run."""
    redact = getattr(options, "redact_replies", False)
    return manifest_of(options, selection, model, options.load, redact_replies=redact)


def verbatim_of(manifest: dict[str, Any]) -> frozenset[str]:
    """Which parts of the run's records are kept to the letter, secrets included."""
    return frozenset() if manifest.get("redact_replies") else REPLIES


def answerer_for(options: argparse.Namespace) -> tuple[Answerer, dict[str, str]]:
    """Who answers. Raises UserError when it cannot."""
    return connect(spec_of(vars(options)))


def carry_out(selection: Selection, answerer: Answerer, out: Path, manifest: dict[str, Any], as_data: bool) -> int:
    """Run (or go on), then write and print the report."""
    with resumable(again.command(out, manifest)):
        meter = Meter()
        kept: dict[str, Any] = {"keep_old": bool(manifest.get("kept_old")), "verbatim": verbatim_of(manifest)}
        tally = run(selection, meter.over(answerer), out, meter, tally=meter.tally, **kept)
        meter.end()
        _say_health(answerer)
        return _finished(out, manifest, as_data, tally)


def _finished(out: Path, manifest: dict[str, Any], as_data: bool, tally: Tally) -> int:
    planned = {"applied": tally.applied, "not_applicable": tally.not_applicable, "inexpressible": tally.inexpressible}
    return finish(out, manifest, as_data, planned)


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """Within, being stopped, a disk that refuses and a model that is gone end with the command that goes on."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        stopped.args = (command,)
        raise
    except (StorageError, EngineError, UserError) as error:
        raise type(error)(f"{error}; what was finished is kept; go on with: {command}") from error


def finish(out: Path, manifest: dict[str, Any], as_data: bool, planned: dict[str, int] | None = None) -> int:
    """Summarise what is journalled, write ``report.html``, print the table (or JSON)."""
    from perturb.report.html import write_report
    from perturb.report.terminal import table

    records = Records(out)
    say_damage(records.damage)
    if manifest.get("kept_old"):
        output.say(f"perturb: holds answers from before a change of: {', '.join(manifest['kept_old'])}")
    summary = summarise(records, planned)
    path = write_report(out, manifest, summary, records)
    if as_data:
        output.emit_json(as_json(summary, manifest))
    else:
        output.emit(table(summary, manifest, out))
    if manifest["model"].get("kind") == "vllm":
        otherwise = sum(bool((r["response"] or {}).get("disagreement")) for r in records)
        output.say(f"{otherwise} answers are read otherwise by vLLM's own parser (perturb show ID says how)")
    output.say(f"report: {path}")
    # What an API has no words for was never asked: a limit of the API, no trouble of the run.
    troubles = sum(n for kind, n in summary.failures.items() if kind not in INEXPRESSIBLE)
    return 3 if troubles or summary.counts["unscored"] else 0


def _say_health(answerer: Answerer) -> None:
    """Which server answered how often, and which tries failed, where there was more than one or one failed."""
    health: list[dict[str, Any]] = getattr(getattr(answerer, "engine", None), "health", list)()
    for one in health if len(health) > 1 or any(one["failed_tries"] for one in health) else ():
        failed = ", ".join(f"{kind} {n}" for kind, n in one["failed_tries"].items())
        said = f"{one['server']}: {one['answered']} requests answered, failed tries: {failed or 'none'}"
        output.say(output.printable(said))
    for one in health:
        for name, count in one["other_models"].items():
            output.say(output.printable(f"{one['server']}: {count} answers say that they are another model's: {name}"))


def say_damage(damage: Damage | None) -> None:
    """Name what of a file could not be used."""
    if damage:
        output.say(f"perturb: {damage}")


def slug(name: str) -> str:
    """`name` as a folder's name."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.")[-60:] or "run"
