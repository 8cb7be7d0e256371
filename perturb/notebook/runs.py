"""Choose what is asked, run it, look at it, compare: the same campaign as ``perturb run``, from Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

from perturb.campaign.folder import locked, open_folder, read_manifest
from perturb.campaign.ingredients import code_digest, refuse_changes
from perturb.campaign.journal import Records
from perturb.campaign.lines import REPLIES
from perturb.campaign.manifest import manifest_of
from perturb.campaign.model import ModelSpec, connect, spec_of
from perturb.campaign.plan import Selection, bound_cases, chosen_operators
from perturb.campaign.runner import Answerer
from perturb.campaign.runner import run as carried_out
from perturb.core.errors import UserError
from perturb.core.registry import AGENTS, load_builtin
from perturb.notebook.frames import Library, frame
from perturb.notebook.functions import Function, from_function
from perturb.report.export import cell_rows, record_rows
from perturb.report.html import write_report
from perturb.statistics import compared
from perturb.statistics.sentence import sentence
from perturb.statistics.summary import Summary, summarise
from perturb.statistics.verdict import MARGIN

Names = str | Sequence[str]


class _Temporary:
    """A folder that goes with this value."""

    def __init__(self) -> None:
        self.place = Path(mkdtemp(prefix="perturb-"))
        finalize(self, rmtree, self.place, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is done. Prints as the sentence that matters first.

    `folder` holds its journal; without a folder of your own it goes when this value does.
    """

    folder: Path
    manifest: Mapping[str, Any] = field(repr=False)
    summary: Summary = field(repr=False)
    _kept: _Temporary | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """Base accuracy, what drops, what does not, what is unknown."""
        return sentence(self.summary)

    def records(self, library: Library = "") -> Any:
        """A DataFrame with a row per request: where, what, right or wrong, what came back."""
        return frame(record_rows(Records(self.folder)), library)

    def verdicts(self, library: Library = "") -> Any:
        """A DataFrame with a row per part, scaffold, operator and pair of them: effect, interval, verdict."""
        return frame(cell_rows(self.summary), library)

    def page(self) -> Path:
        """Write ``report.html`` and return its path."""
        return write_report(self.folder, dict(self.manifest), self.summary)


@dataclass(frozen=True, slots=True)
class Compared:
    """A run against another one of the same requests. `lost` and `won` are ids."""

    found: compared.Comparison = field(repr=False)

    @property
    def lost(self) -> tuple[str, ...]:
        """What only the first had right."""
        return self.found.lost

    @property
    def won(self) -> tuple[str, ...]:
        """What only the second had right."""
        return self.found.won

    def verdicts(self, library: Library = "") -> Any:
        """A DataFrame with a row per part, scaffold and operator: worse, better, no worse or unknown."""
        return frame(_compared_rows(self.found), library)


def choose(
    *,
    scaffolds: Names = (),
    operators: Names = (),
    fixtures: Names = (),
    samples: int = 1,
    limit: int = 0,
    requests: int = 0,
    seed: int = 0,
) -> Selection:
    """What a run asks. Names are exact for scaffolds, globs for operators ("tools.*") and fixtures; none means all.

    `limit` caps the decisions that are perturbed, `requests` all that is asked (a balanced pick; 0: no cap).
    Raises UserError when nothing is left, or a name selects nothing.
    """
    load_builtin()
    chosen = Selection(
        _several(scaffolds), _several(operators), _several(fixtures), samples, seed, limit, requests=requests
    )
    chosen_operators(chosen)
    if samples < 1 or next(bound_cases(chosen), None) is None:
        raise UserError("nothing to do: no selected scaffold can carry any selected fixture")
    return chosen


def _several(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def run(model: str | Function, chosen: Selection | None = None, *, out: str | Path = "", **settings: Any) -> Run:
    """Ask `model`, score, sum up.

    `model` is your own agent, a function ``(messages, tools) -> reply`` (OpenAI's forms; a reply is a text or an
    assistant message); the address of a server; the folder of a checkpoint; or the name of a simulated agent.
    `settings` are those of ``perturb run`` with underscores (``temperature=0.0``); for a function, ``workers=8`` calls
    it in so many threads. In `out` a run that was stopped goes on. Raises UserError for what does not fit together.
    """
    chosen = chosen or choose()
    load_builtin()
    with ExitStack() as held:
        kept = None if out else _Temporary()
        folder = kept.place / "run" if kept else Path(out)
        held.enter_context(locked(folder))
        spec, answerer, identity = _connected(model, settings)
        wanted = manifest_of(spec, chosen, identity)
        manifest = open_folder(folder, wanted)
        refuse_changes(folder, manifest["made_of"], wanted["made_of"])
        carried_out(chosen, answerer, folder, lambda _: None, verbatim=REPLIES)
        return Run(folder, manifest, summarise(Records(folder)), kept)


def _connected(model: str | Function, settings: Mapping[str, Any]) -> tuple[ModelSpec, Answerer, dict[str, str]]:
    if callable(model):
        unknown = sorted(settings.keys() - {"workers"})
        if unknown:
            raise UserError(f"{unknown[0]}: a function takes workers alone")
        name = getattr(model, "__qualname__", type(model).__name__)
        version = code_digest(model)
        identity = {"name": name, "kind": "function", "version": version}
        return ModelSpec(), from_function(model, settings.get("workers", 1)), identity
    unknown = sorted(settings.keys() - set(ModelSpec.__dataclass_fields__))
    if unknown:
        raise UserError(f"{unknown[0]}: no such setting of a model")
    kind = "agent" if model in AGENTS else "base_url" if "://" in model else "model"
    spec = spec_of({**settings, kind: model})
    return spec, *connect(spec)


def load_run(folder: str | Path) -> Run:
    """A run that was made before, by whichever way. Raises UserError when there is none."""
    load_builtin()
    place = Path(folder)
    return Run(place, read_manifest(place), summarise(Records(place)))


def compare(first: Run, second: Run, margin: float = MARGIN) -> Compared:
    """The second run against the first, over the requests that both answered. `margin` is what counts as no worse."""
    return Compared(compared.compare(Records(first.folder), Records(second.folder), margin))


def _compared_rows(found: compared.Comparison) -> Iterator[dict[str, Any]]:
    for row in found.rows:
        e = row.effect
        low, high = e.interval or (None, None)
        shares = {"first": e.base, "second": e.perturbed, "difference": e.difference, "low": low, "high": high}
        counts = {"n": e.n, "fixtures": e.clusters, "lost": e.worse, "won": e.better}
        yield {"table": row.table, "name": row.name, "verdict": row.word, **shares, **counts, "p_holm": row.p}
