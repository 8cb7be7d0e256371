"""The conformance table: command lines and what real bash and coreutils answer to them.

``python -m tests.world.conformance`` runs every line with the bash of this machine and compares it with the table
(``make conformance``); ``--write`` writes the table anew. The suite runs the same lines in the sandbox.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from perturb.core.values import Intent, World
from perturb.world.execute import execute

TABLE = Path(__file__).parent / "conformance.jsonl"
FILES = {
    "README.md": "# tram\n\nFares of the tram.\nTODO: say more\n",
    "src/fares.py": "PRICE = 3\n\n\ndef fare(zones):\n    if zones > 7:\n        return 21\n    return zones * PRICE\n",
    "src/stops.py": 'STOPS = ["Mill", "Quay", "Fort"]\n# TODO: order\n',
    "tests/test_fares.py": "from fares import fare\n\n\ndef test_fare():\n    assert fare(2) == 6\n",
    "data/rides.csv": "day,line,riders\nmon,4,120\nmon,7,80\ntue,4,95\ntue,7,80\nwed,4,120\n",
    "data/conf.json": '{"name": "tram", "zones": [1, 2, 3], "open": true}\n',
    "log.txt": "info start\nwarn slow\ninfo stop\nerror lost\ninfo start\n",
    "words": "pear\napple\nfig\napple\n",
    "no newline": "last line has no end",
    "Makefile": "all:\n\techo all\n",
}
ROOT = "/code"


def rows() -> list[dict[str, Any]]:
    """The table."""
    return [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]


def in_sandbox(command: str) -> dict[str, Any]:
    """What the sandbox answers."""
    world = World(cwd=ROOT, files={f"{ROOT}/{name}": text for name, text in FILES.items()})
    after, result = execute(world, Intent("shell.run", {"command": command}))
    now = {path.removeprefix(f"{ROOT}/"): text for path, text in after.files.items()}
    return _answer(result.data["stdout"], result.data["exit_code"], now)


def in_bash(command: str) -> dict[str, Any]:
    """What bash answers on this machine, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/home/dev"}
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=env,
            capture_output=True,
            timeout=20,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        found = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        now = {str(path.relative_to(folder)): path.read_text(encoding="utf-8", errors="replace") for path in found}
        return _answer(done.stdout.decode("utf-8", "replace"), done.returncode, now)


def _answer(stdout: str, exit_code: int, now: dict[str, str]) -> dict[str, Any]:
    changed = {name: now.get(name) for name in sorted({*now, *FILES}) if now.get(name) != FILES.get(name)}
    return {"stdout": stdout, "exit_code": exit_code, "changed": changed}


def main() -> int:
    """Compare the table with this machine's bash, or write it."""
    missing, differ, kept = [], [], []
    for row in rows():
        absent = [tool for tool in row.get("needs", []) if shutil.which(tool) is None]
        if absent:
            missing.append(row["command"])
            kept.append(row)
            continue
        real = in_bash(row["command"])
        kept.append({**row, **real})
        differ += [] if all(row.get(name) == value for name, value in real.items()) else [row["command"]]
    if "--write" in sys.argv:
        TABLE.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8")
        return 0
    sys.stdout.write(f"{len(kept)} lines, {len(missing)} not tried (a tool is missing), {len(differ)} differ\n")
    sys.stdout.write("".join(f"  {command!r}\n" for command in differ))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
