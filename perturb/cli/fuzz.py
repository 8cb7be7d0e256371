"""``perturb fuzz``: search for the recipes that hurt most, until the time is up; goes on where it stopped."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from perturb.campaign.answers import Answers, answers_for
from perturb.campaign.folder import locked, open_folder
from perturb.campaign.ingredients import changes
from perturb.campaign.plan import Selection, chosen_operators
from perturb.cli import output
from perturb.cli.run import answerer_for, manifest_for, resumable, say_damage, selection_from, slug
from perturb.core.errors import UserError
from perturb.search.fuzz import Finding, Fuzzer, Session, fuzz


def main(options: argparse.Namespace) -> int:
    """Fuzz for so many minutes, then print what was found, the worst first."""
    output.register(options.load)
    if options.at_least > options.samples:
        raise UserError("--at-least cannot be more than --samples")
    selection = selection_from(options)
    chosen_operators(selection)
    answerer, identity = answerer_for(options)
    folder = Path(options.out or f"runs/fuzz-{slug(identity['name'])}")
    with locked(folder), resumable(f"perturb fuzz … --out {folder}, with the same options"):
        wanted = {**manifest_for(options, selection, identity), "kind": "fuzz"}
        changed = changes(open_folder(folder, wanted)["made_of"], wanted["made_of"])
        if changed:
            raise UserError(f"{folder}: has changed since it began: {', '.join(changed[:8])}; choose another --out")
        session = _session(options, selection, answers_for(answerer, identity, folder, selection.patience), folder)
    return _told(options, identity, session, folder)


def _session(options: argparse.Namespace, selection: Selection, answers: Answers, folder: Path) -> Session:
    fuzzer = Fuzzer(answers, selection, folder, options.batch, options.samples, options.at_least)
    say_damage(answers.damage)
    session = fuzz(fuzzer, _until(options.minutes, options.rounds))
    say_damage(session.damage)
    return session


def _told(options: argparse.Namespace, identity: dict[str, str], session: Session, folder: Path) -> int:
    simulated = identity["kind"] == "simulated"
    if options.json:
        found = [asdict(finding) for finding in session.ranked()]
        counts = {"rounds": session.rounds, "tried": session.tried, "errors": session.errors}
        output.emit_json({"model": identity, "simulated": simulated, "counts": counts, "findings": found})
    else:
        _print(session, folder, simulated)
    return 3 if session.errors else 0


def _until(minutes: float, rounds: int) -> Callable[[Session], bool]:
    """Go on until the time is up or that many rounds were made; says so along the way."""
    end, status = time.monotonic() + 60 * minutes, output.status_line()

    def go_on(session: Session) -> bool:
        left = end - time.monotonic()
        status(
            f"round {session.rounds}: {session.tried} decisions, {len(session.findings)} ways to fail, "
            f"{max(0.0, left) / 60:.1f} min left"
        )
        return left > 0 and (not rounds or session.rounds < rounds)

    return go_on


def _print(session: Session, folder: Path, simulated: bool) -> None:
    label = " (simulated agent)" if simulated else ""
    output.emit(f"{session.tried} decisions in {session.rounds} rounds, {len(session.findings)} ways to fail{label}")
    for place, finding in enumerate(session.ranked(), 1):
        output.emit(output.printable(_line(place, finding)))
        output.emit(f"      perturb replay '{finding.name}' --run {folder}")


def _line(place: int, finding: Finding) -> str:
    share = f"{100 * finding.drop:.0f} % of {finding.usable}"
    return f"{place:3}. {share:>11}  {finding.recipe} → {finding.outcome}: {finding.reason[:100]}"
