"""The pages in a real browser: what matters is seen, one click leads to a failure, nothing leaves the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import perturb
from perturb.cli.main import main

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="headless Chromium is not installed"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("pages")
    chosen = perturb.choose(operators=["tools.*_names", "user.typos"], limit=16)

    def silent(*_: Any) -> str:
        raise TimeoutError("no answer")

    models: dict[str, Any] = {"drop": "memorises_tool_names", "right": "perfect", "failed": silent}
    made = {name: perturb.run(model, chosen, out=place / name).page() for name, model in models.items()}
    assert main(["compare", str(place / "right"), str(place / "drop"), "--out", str(place / "compare.html")]) == 1
    return {**made, "compare": place / "compare.html"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, pages: dict[str, Path]) -> Iterator[Any]:
    made = []

    def open_page(name: str, **options: Any) -> Any:
        page = browser.new_page(**options)
        page.set_default_timeout(8000)
        made.append(page)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.asked.append(str(error)))
        page.goto(pages[name].as_uri())
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_page
    for page in made:
        assert page.asked == [page.url.partition("#")[0]], "a page asks for nothing and has no error"
        page.close()


@pytest.mark.parametrize("name", ["drop", "right", "failed", "compare"])
@pytest.mark.parametrize("width", [1280, 390])
def test_rows_of_the_list_are_seen_and_nothing_sticks_out(opened: Any, name: str, width: int) -> None:
    page = opened(name, viewport={"width": width, "height": 900})
    cells = page.locator("#list .row").first.locator("span")
    assert cells.count() >= 6
    tops = {round(box["y"]) for n in range(cells.count()) if (box := cells.nth(n).bounding_box())}
    assert len(tops) == 1, "the cells of a row stand side by side"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_first_failure_is_one_click_away(opened: Any) -> None:
    page = opened("drop")
    link = page.locator(".look a").first
    assert link.bounding_box()["y"] < 500, "it is seen without scrolling"
    link.click()
    page.wait_for_selector("#detail .pair .del")
    said = page.inner_text("#detail")
    assert "tools." in page.inner_text("#detail h3 >> nth=0")
    assert all(text in said for text in ("base: right", "perturbed: wrong", "perturb replay"))


def test_numbers_lead_to_their_decisions_and_keys_move(opened: Any) -> None:
    page = opened("drop")
    row = page.locator("table.sortable tbody tr").first
    lost = row.locator("td a").nth(1)
    count = int(lost.inner_text())
    lost.click()
    assert page.inner_text("#count").startswith(f"{count} of")
    assert page.locator("#list .row .lost").count() > 0
    page.focus("#list")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail h3")
    assert page.url.partition("#")[2].startswith("d:")


def test_what_failed_stands_first_where_it_is_much(opened: Any) -> None:
    page = opened("failed")
    assert page.locator("p.lead.alarm").inner_text().startswith("ALL ")
    assert page.locator("table.heat, .legend").count() == 0
    page.locator(".reasons a").first.click()
    assert page.inner_text("#list .row >> nth=0").count("failed: agent") == 1


def test_runs_stand_side_by_side_with_both_answers_of_a_flip(opened: Any) -> None:
    page = opened("compare")
    assert "worse by" in page.inner_text("p.lead")
    assert page.locator("table.heat").count() == 2
    page.locator("#list .row").first.click()
    page.wait_for_selector("#detail .pair")
    assert all(text in page.inner_text("#detail") for text in ("first: right", "second: wrong"))
