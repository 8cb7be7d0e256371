"""Files of any known format as episodes, and as recordings in this project's own form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.files import writing
from perturb.core.reading import opening
from perturb.core.values import Case, JsonObject
from perturb.recordings.cutting import cases_of
from perturb.recordings.finding import claims, importer_of, records
from perturb.recordings.registry import Importer
from perturb.recordings.stored import line_of, rules_beside, slug
from perturb.recordings.tool_lists import read_toolset
from perturb.recordings.values import LeftOut, Recording
from perturb.trajectories import loading
from perturb.trajectories.episodes import Episode


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file held: its format, its episodes, and what was left out of it. `recordings` is their number.

    Of `inferred` many of these nobody said which tools there were: they are inferred from the calls. To `named` many
    those of the named file were given.
    """

    format: str
    episodes: tuple[Episode, ...]
    left_out: tuple[LeftOut, ...]
    recordings: int
    inferred: int = 0
    named: int = 0


def load(path: Path, tools: str = "") -> Iterator[Episode]:
    """The episodes of one file of any format. Raises UserError where nothing in it can be used.

    `tools` is a file with the tools of recordings that hold none.
    """
    yield from loaded(path, tools).episodes


def loaded(path: Path, tools: str = "") -> Loaded:
    """The same with what was left out; the last few files are remembered until they change."""
    return _loaded(path, _state(path), tools, _state(Path(tools)) if tools else ())


def _state(path: Path) -> tuple[int, ...]:
    with opening(path):
        found = path.stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _loaded(path: Path, _state: tuple[int, ...], tools: str, _of_tools: tuple[int, ...]) -> Loaded:
    if path.suffix in (".json", ".jsonl") and not claims(path):
        # Whatever is wrong with it, the reader of fixtures and cases says it best.
        return Loaded("fixture", tuple(loading.load(path)), (), 0)
    importer = importer_of(path)
    if importer.name in ("fixture", "cases"):
        return Loaded(importer.name, tuple(loading.load(path)), (), 0)
    cases: list[Case] = []
    left_out: list[LeftOut] = []
    count = inferred = given = 0
    named = read_toolset(Path(tools)) if tools else None
    for found in _cases(path, named):
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif isinstance(found, Case):
            cases.append(found)
        else:
            count += 1
            given += found.tools is named is not None
            inferred += found.tools is None and any(message.calls for message in found.messages)
    if not cases:
        why = f"; {left_out[0].where}: {left_out[0].reason}" if left_out else ""
        raise UserError(f"{path}: {importer.name}: not one decision in it can be asked{why}")
    episodes = tuple(
        Episode(cluster, many[0].family, cluster, str(path), many)
        for cluster, many in ((name, tuple(group)) for name, group in groupby(cases, lambda case: case.cluster))
    )
    return Loaded(importer.name, episodes, tuple(left_out), count, inferred, given)


def _cases(path: Path, tools: tuple[JsonObject, ...] | None) -> Iterator[Case | LeftOut | Recording]:
    """Every recording, followed by its decisions."""
    rules, taken = rules_beside(path), set[str]()
    for found in _read(importer_of(path), path, tools):
        yield found
        if isinstance(found, Recording):
            yield from cases_of(found, _free_name(found, path, taken), rules)


def _read(importer: Importer, path: Path, tools: tuple[JsonObject, ...] | None) -> Iterator[Recording | Case | LeftOut]:
    """What a file holds; recordings without tools have `tools`."""
    for found in records(importer, path):
        yield replace(found, tools=tools) if isinstance(found, Recording) and found.tools is None else found


def _free_name(recording: Recording, path: Path, taken: set[str]) -> str:
    """A name for the episode that no other of its file has, the same each time."""
    name = slug(recording.id) or slug(path.stem) or "recording"
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def stepped(episode: Episode, steps: str) -> Episode:
    """`episode` with all of its decisions, the ``last``, or at most so many, evenly spread, the last among them."""
    if steps == "all":
        return episode
    most = 1 if steps == "last" else int(steps)
    count = len(episode.cases)
    if most >= count:
        return episode
    places = sorted({count - 1 - (n * count) // most for n in range(most)})
    return replace(episode, cases=tuple(episode.cases[place] for place in places))


@dataclass(frozen=True, slots=True)
class Import:
    """How the import of one file went. `named` recordings were given the tools of a file."""

    path: str
    format: str
    recordings: int
    cases: int
    left_out: tuple[LeftOut, ...]
    named: int = 0


def import_files(
    files: Iterable[Path], out: Path, name: str = "", tools: tuple[JsonObject, ...] | None = None
) -> Iterator[Import]:
    """Write every recording, or ready case, of `files` as a line of `out`, one file after the other.

    `tools` are those of recordings that hold none.
    Memory does not grow with the files. Raises UserError for a file of no known format, and when nothing was written.
    """
    written = 0
    with writing(out) as write:
        for path in files:
            importer = importer_of(path, name)
            counts, left_out, named = {Recording: 0, Case: 0}, [], 0
            for found in _read(importer, path, tools):
                if isinstance(found, LeftOut):
                    left_out.append(found)
                    continue
                named += isinstance(found, Recording) and found.tools is tools is not None
                write(line_of(found) if isinstance(found, Recording) else canonical(found) + b"\n")
                counts[type(found)] += 1
            written += sum(counts.values())
            yield Import(str(path), importer.name, counts[Recording], counts[Case], tuple(left_out), named)
        if not written:
            why = f"; {left_out[0].where}: {left_out[0].reason}" if left_out else ""
            raise UserError(f"{path}: not one record of it can be used{why}")
