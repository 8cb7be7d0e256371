"""``perturb gate``: rules in ``[tool.perturb.gate]`` answered with an exit code that thin data cannot pass."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from perturb.cli import output
from perturb.cli.analysis_options import share
from perturb.cli.compare import loaded
from perturb.core.errors import UserError
from perturb.core.files import write_atomic
from perturb.core.plain import one_line
from perturb.statistics.compared import compare
from perturb.statistics.gate import Rules, Ruling, rulings

KNOWN = ("base", "no_drop", "failed", "scores", "baseline")
UNDECIDED = 4


def main(options: argparse.Namespace) -> int:
    """Answer every rule. 0: all pass; 1: one fails; 4: none fails and one cannot be decided."""
    rules = read_rules(Path(options.rules))
    _, records, summary = loaded(Path(options.dir), options)
    against = None
    if options.baseline:
        against = compare(loaded(Path(options.baseline), options)[1], records, rules.baseline or 0.05)
        rules = rules if rules.baseline is not None else Rules(**{**_fields(rules), "baseline": 0.05})
    found = rulings(rules, summary, against)
    if options.junit:
        write_atomic(Path(options.junit), junit(found))
    if options.json:
        output.emit_json([{**_fields(one), "numbers": dict(one.numbers)} for one in found])
    else:
        for one in sorted(found, key=lambda r: ("fail", "undecided", "pass").index(r.answer)):
            output.emit(output.printable(f"{one.answer:<10}{one.name}: {one.reason}"))
    answers = {one.answer for one in found}
    return 1 if "fail" in answers else UNDECIDED if "undecided" in answers else 0


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def read_rules(path: Path) -> Rules:
    """The rules of a file. Raises UserError naming file and field; margins are in points there."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    table = data.get("tool", {}).get("perturb", {}).get("gate", data.get("gate"))
    if not isinstance(table, dict) or not table:
        raise UserError(f"{path}: has no [tool.perturb.gate] or [gate] with a rule in it")
    unknown = sorted(table.keys() - set(KNOWN))
    if unknown:
        raise UserError(f"{path}: gate.{unknown[0]}: no such rule (there are {', '.join(KNOWN)})")
    base = share(table["base"], "gate.base", str(path)) if "base" in table else None
    baseline = _points(table["baseline"], "gate.baseline", path) if "baseline" in table else None
    return Rules(
        base=base,
        no_drop={k: _points(v, f"gate.no_drop.{k}", path) for k, v in _mapping(table, "no_drop", path).items()},
        failed=share(table.get("failed", 0.01), "gate.failed", str(path)),
        scores={k: share(v, f"gate.scores.{k}", str(path)) for k, v in _mapping(table, "scores", path).items()},
        baseline=baseline,
    )


def _mapping(table: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise UserError(f"{path}: gate.{name}: not a table of names and numbers")
    return found


def _points(value: object, name: str, path: Path) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 100:
        raise UserError(f"{path}: {name}: {value!r} is no number of points between 0 and 100")
    return value / 100


def junit(found: Sequence[Ruling]) -> bytes:
    """JUnit's XML: a test per ruling, its numbers as properties. What cannot be decided is an error, not a pass."""
    failed, undecided = (sum(one.answer == word for one in found) for word in ("fail", "undecided"))
    counts = {"tests": str(len(found)), "failures": str(failed), "errors": str(undecided)}
    suite = ElementTree.Element("testsuite", {"name": "perturb gate", **counts})
    for one in found:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "perturb.gate", "name": one_line(one.name)})
        properties = ElementTree.SubElement(case, "properties")
        for name, value in one.numbers.items():
            ElementTree.SubElement(properties, "property", {"name": name, "value": f"{value:.6g}"})
        if one.answer != "pass":
            kind = "failure" if one.answer == "fail" else "error"
            ElementTree.SubElement(case, kind, {"type": one.answer, "message": one_line(one.reason)})
    root = ElementTree.Element("testsuites", counts)
    root.append(suite)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
