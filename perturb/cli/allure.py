"""``perturb allure RESULTS``: an Allure 3 report that asks nothing of any other host; optionally a gate."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from perturb.cli import output
from perturb.core.errors import UserError
from perturb.report import allure_site


def main(options: argparse.Namespace) -> int:
    """Gate first (it must compare with the runs before this one), then write the report. Exit code 1: gate failed."""
    output.register(options.load)
    results, out = Path(options.results), Path(options.out)
    if not results.is_dir() or not any(results.glob("*-result.json")):
        raise UserError(f"{results}: no Allure results here (run pytest with --alluredir {results})")
    if out.exists() and any(out.iterdir()) and not (out / "index.html").exists():
        raise UserError(f"{out}: not empty and not a report; choose another --out")
    tool = allure_site.executable(options.allure)
    history = Path(options.history).resolve() if options.history else None
    passed = not options.gate or _gate(tool, results, out, history, options.gate)
    _generate(tool, results, out, history)
    output.say(f"report: {out}/index.html (serve it: python -m http.server -d {out})")
    return 0 if passed else 1


def _gate(tool: str, results: Path, out: Path, history: Path | None, rules: list[str]) -> bool:
    settings = allure_site.config(out.resolve(), history, rules, append=False)
    done = allure_site.run_allure(tool, "quality-gate", results, settings)
    output.say(output.printable((done.stdout + done.stderr).strip()) or "quality gate passed")
    return done.returncode == 0


def _generate(tool: str, results: Path, out: Path, history: Path | None) -> None:
    if out.exists():
        shutil.rmtree(out)
    done = allure_site.run_allure(tool, "generate", results, allure_site.config(out.resolve(), history))
    if done.returncode != 0 or not (out / "index.html").exists():
        said = (done.stderr + done.stdout).strip().splitlines()
        raise UserError(f"allure generate failed: {output.printable(said[-1]) if said else 'it said nothing'}")
    (out / "operators.html").write_text(allure_site.operators_page(), encoding="utf-8")
    allure_site.close(out)
