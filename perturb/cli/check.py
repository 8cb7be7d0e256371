"""``perturb check``: the laws over everything registered, or over what the given files bring."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from perturb.cli import output
from perturb.core.errors import UserError
from perturb.core.registry import load_file
from perturb.laws.check import Brought, check, registered
from perturb.laws.operators.review import Review
from perturb.recordings.loading import load
from perturb.trajectories.episodes import Episode
from perturb.trajectories.loading import load_all


def main(options: argparse.Namespace) -> int:
    """Print each breach with its smallest example; exit 1 when there is any."""
    output.register(options.load)
    only = _brought([Path(file) for file in options.files]) if options.files else None
    with output.progress_bar("checks") as progress:
        checked = check(everything=options.all, progress=progress, only=only, review=options.review)
    breaches = checked.breaches
    if options.json:
        found = [{"law": b.law, "name": b.name, "example": b.example, "detail": b.detail} for b in breaches]
        reviews = [asdict(review) for review in checked.reviews]
        output.emit_json({"breaches": found, "reviews": reviews} if options.review else found)
    else:
        for review in checked.reviews:
            _show(review)
        for breach in breaches:
            output.emit(output.printable(f"{breach.law}: {breach.name}: {breach.detail}\n  at {breach.example}"))
    if only is None or only.names:
        output.say(f"looked at {checked.cover.said()}")
    output.say(f"{len(breaches)} breaches" if breaches else f"every law holds{_scope(only)}")
    return 1 if breaches else 0


def _show(review: Review) -> None:
    """An operator as a reviewer needs it: what it says of itself, the words it adds, what to ask."""
    output.emit(output.printable(f"{review.operator} ({review.relation}): {review.summary}\n  at {review.example}"))
    for word in review.words:
        output.emit(output.printable(f"  + {word}"))
    for question in review.questions:
        output.emit(output.printable(f"  ? {question}"))


def _brought(files: list[Path]) -> Brought:
    """Modules are loaded, fixtures read. Raises UserError for a file that brings nothing to check."""
    before = registered()
    episodes: list[Episode] = []
    for file in files:
        known, read = registered(), len(episodes)
        if file.suffix == ".py":
            load_file(file)
        elif file.is_dir():
            episodes.extend(load_all(file))
        elif file.suffix in (".json", ".jsonl"):
            episodes.extend(load(file))
        else:
            raise UserError(f"{file}: not a module (.py), a fixture (.json), cases (.jsonl) or a folder of fixtures")
        if registered() == known and len(episodes) == read:
            raise UserError(f"{file}: brings nothing to check: it registers nothing and holds no episode")
    return Brought(registered() - before, tuple(episodes))


def _scope(only: Brought | None) -> str:
    if only is None:
        return ""
    names = sorted(name for _, name in only.names) + [episode.id for episode in only.episodes]
    return output.printable(f" for {', '.join(names[:8])}{' …' if len(names) > 8 else ''}")
