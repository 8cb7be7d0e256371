"""Recorded data of public projects beside the repository: read whole, given back whole, counted by folder.

``python -m tests.recordings.shared`` prints the table. A file counts when it is of a recorded format; a record, when
it holds a conversation at all.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perturb.core.errors import UserError
from perturb.core.registry import load_builtin
from perturb.recordings.finding import claims
from perturb.recordings.registry import EXPORTERS, IMPORTERS
from perturb.recordings.values import LeftOut, Recording

DATA = Path(__file__).parents[3] / "shared" / "data"
# Folders of recorded conversations; the others hold tasks, documents, tool lists.
FOLDERS = (
    "agentdojo", "atif", "browser", "coding-agent-sessions", "finetune-messages", "inspect-ai", "livemcpbench",
    "mini-swe-agent", "minimax-m2", "minimax-verifier", "openhands", "rotbench", "swe-agent",
    "tau-bench", "tau-trait", "tau2-bench", "toolbench",
)  # fmt: skip
OWN = ("bfcl", "perturb", "fixture", "cases")
LINES = ("claude-code", "codex", "openhands-events")
# Reasons that say: there is no conversation in it.
EMPTY = ("holds no", "no line of it holds", "no event of it")


@dataclass(slots=True)
class Row:
    """What a folder held: records by what became of them, and records that did not come out as they went in."""

    files: int = 0
    read: int = 0
    empty: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        return self.read / max(1, self.read + len(self.left_out))


def row(folder: Path, most: int | None = None) -> Row:
    """The first `most` recorded files of a folder (None: all)."""
    made = Row()
    for path in _files(folder):
        if made.files == most:
            break
        names = [name for name in claims(path) if name not in OWN] if path.stat().st_size else []
        assert len(names) <= 1, (path, names)
        for name in names:
            made.files += 1
            made.formats[name] += 1
            _add(made, name, path)
    return made


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".traj", ".eval"):
            yield path


def _add(made: Row, name: str, path: Path) -> None:
    found: list[Any] = []
    try:
        found = list(IMPORTERS[name].read(path))
    except UserError as error:
        made.left_out.append(LeftOut(str(path), str(error)))
    kept = [one for one in found if isinstance(one, Recording)]
    made.read += len(kept)
    for one in found:
        if isinstance(one, LeftOut):
            if any(word in one.reason for word in EMPTY):
                made.empty += 1
            else:
                made.left_out.append(one)
    out = [EXPORTERS[name](one) for one in kept]
    source = Counter(map(_text, sources(name, path)))
    given = Counter(_text(line) for one in out for line in one["lines"]) if name in LINES else Counter(map(_text, out))
    made.changed += [f"{path}: {text[:200]}" for text in given if text not in source]
    if name in LINES and kept and len(kept) == len(found):
        made.changed += [f"{path}: lost: {text[:200]}" for text in source if text not in given]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def sources(name: str, path: Path) -> list[Any]:
    """The records of a file, read by other means than the importers'."""
    if path.suffix == ".eval":
        with zipfile.ZipFile(path) as archive:
            return [json.loads(archive.read(one)) for one in archive.namelist() if one.startswith("samples/")]
    text = path.read_text()
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        return list(_lines(text))
    if name in ("claude-code", "openhands-events") and isinstance(whole, dict):
        return list(whole.get("loglines", [whole]))
    for key, form in (("simulations", "tau2-bench"), ("samples", "inspect")):
        if name == form:
            return list(whole[key])
    if isinstance(whole, list) and whole and isinstance(whole[0], dict):
        if name in ("openai", "mini-swe-agent") and "role" in whole[0]:
            return [{"messages": whole, "bare": True}]
        if name == "openhands":
            return [{"history": whole, "bare": True}]
    return whole if isinstance(whole, list) else [whole]


def _lines(text: str) -> Iterator[Any]:
    for line in text.split("\n"):
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def cassettes(folder: Path, to: Path) -> Iterator[tuple[str, Path]]:
    """(form, file) of each recorded exchange of a provider that is in one of the three forms read here."""
    import yaml

    from perturb.recordings.answered import form_of

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    number = 0
    for path in sorted(folder.rglob("*.yaml")):
        for one in yaml.load(path.read_text(), loader).get("interactions", ()):
            request = one.get("request") or {}
            body = request.get("parsed_body")
            form = form_of(str(request.get("uri", "")))
            if form and isinstance(body, dict) and ("messages" in body or "input" in body):
                number += 1
                answer = (one.get("response") or {}).get("parsed_body")
                record = {"request": body, "response": answer} if isinstance(answer, dict) else body
                file = to / f"{number}.json"
                file.write_text(json.dumps(record))
                yield form, file


def main() -> None:
    """Print the table."""
    load_builtin()
    for name in FOLDERS:
        if (DATA / name).is_dir():
            made = row(DATA / name)
            forms = ", ".join(f"{form} {count}" for form, count in made.formats.most_common())
            counts = f"{made.files:5} files {made.read:6} read {made.empty:4} empty {len(made.left_out):4} left out"
            print(f"{name:24}{counts} {len(made.changed):4} changed {made.share:8.2%}  {forms}")
            for one in made.left_out[:40]:
                print(f"    {one.where.removeprefix(str(DATA))}: {one.reason}")
            for text in made.changed[:5]:
                print(f"    CHANGED {text}")


if __name__ == "__main__":
    main()
