"""Cases from other projects' records: a JSON Lines file with one case a line, written by an importer, read by a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from perturb.core.canonical import canonical
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.core.registry import check_params
from perturb.core.values import Case
from perturb.trajectories.bfcl import cases_of
from perturb.trajectories.episodes import Episode


@dataclass(frozen=True, slots=True)
class Import:
    """How an import went: cases written, and (record, reason) for each record left out."""

    cases: int
    left_out: tuple[tuple[str, str], ...]


def import_files(files: list[Path], out: Path) -> Import:
    """Turn BFCL files into cases. Raises UserError for a file that is not one."""
    lines: list[bytes] = []
    left_out: list[tuple[str, str]] = []
    for file in files:
        for name, case in cases_of(file):
            if isinstance(case, Case):
                lines.append(canonical(case))
            else:
                left_out.append((name, case))
    write_atomic(out, b"".join(line + b"\n" for line in lines))
    return Import(len(lines), tuple(left_out))


def load_cases(path: Path) -> Iterator[Episode]:
    """The episodes of an imported file: neighbouring cases of one cluster. Raises UserError naming line and field."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    found: dict[str, list[Case]] = {}
    for number, line in enumerate(lines, 1):
        case = _case(path, number, line)
        found.setdefault(case.cluster, []).append(case)
    for cluster, cases in found.items():
        yield Episode(cluster, cases[0].family, cluster, path.name, tuple(cases))


@lru_cache(maxsize=1)
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Case)


def _case(path: Path, number: int, line: bytes) -> Case:
    from pydantic import ValidationError

    try:
        case: Case = _adapter().validate_python(orjson.loads(line))
        for rule in case.instructions:
            check_params(rule.check, rule.params)
        return case
    except UserError as error:
        raise UserError(f"{path}: line {number}: instructions: {error}") from error
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: line {number}: {error.msg}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: line {number}: {place}: {first['msg']}") from error
