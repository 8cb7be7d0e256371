"""How long a report over 10^5 records takes, how much memory, how fast its page opens; and a summary of 10^6.

Records are a real run's, repeated as further samples. ``python -m tests.benchmarks.reports [FOLDER]``.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from perturb.campaign.folder import read_manifest
from perturb.campaign.journal import Records
from perturb.campaign.lines import sealed
from perturb.core.registry import load_builtin
from perturb.report.html import write_report
from perturb.statistics.summary import summarise

REPORT, SUMMARY = 100_000, 1_000_000


def repeated(records: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """`count` records: the same again and again, as further samples."""
    for number in range(count):
        copy, place = divmod(number, len(records))
        row = records[place]
        sample = row["sample"] + 100 * copy
        base = f"{row['base'].rpartition('#')[0]}#{sample}"
        yield {**row, "id": f"{row['id'].rpartition('#')[0]}#{sample}", "base": base, "sample": sample}


def main(source: Path) -> None:
    """Print every figure."""
    load_builtin()
    records, manifest = list(Records(source)), read_manifest(source)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with (folder / "journal.jsonl").open("wb") as journal:
            journal.writelines(sealed(row) for row in repeated(records, REPORT))
        began = time.monotonic()
        steps = [time.process_time()]
        every = Records(folder)
        steps.append(time.process_time())
        summary = summarise(every)
        steps.append(time.process_time())
        path = write_report(folder, manifest, summary, every)
        steps.append(time.process_time())
        read, counted, written = (two - one for one, two in pairwise(steps))
        print(
            f"report of {REPORT} records: {time.monotonic() - began:.1f} s, {read + counted + written:.1f} s of CPU: "
            f"journal {read:.1f}, summary {counted:.1f}, page {written:.1f}; {_memory()}, "
            f"{path.stat().st_size / 1e6:.1f} MB"
        )
        _browser(path)
    began, cpu = time.monotonic(), time.process_time()
    summarise(repeated(records, SUMMARY))
    took = time.process_time() - cpu
    print(f"summary of {SUMMARY} records: {time.monotonic() - began:.1f} s; {took:.1f} s of CPU, {_memory()}")


def _memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def _browser(path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        began = time.monotonic()
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-ready]")
        print(f"opens in {time.monotonic() - began:.2f} s; {len(asked)} request")
        for field, value in (("text", "rename browser"), ("operator", "tools.rename_tool"), ("only", "lost")):
            took = page.evaluate(
                "([field, value]) => { const box = document.getElementById(field); box.value = value;"
                " const began = performance.now(); box.dispatchEvent(new Event('input', {bubbles: true}));"
                " return performance.now() - began; }",
                [field, value],
            )
            shown = page.inner_text("#count")
            print(f"filter {field}={value}: {took:.0f} ms, {shown}")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        from perturb.cli.main import main as perturb

        with tempfile.TemporaryDirectory() as made:
            perturb(["run", "--agent", "noise_one_in_ten", "--limit", "60", "--out", f"{made}/run", "--json"])
            main(Path(made) / "run")
