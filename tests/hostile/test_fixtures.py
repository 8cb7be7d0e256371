"""A fixture with anything wrong in it is one clear line, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perturb.campaign.plan import Selection, plan
from perturb.core.errors import UserError
from perturb.core.registry import SCAFFOLDS
from perturb.core.values import Response
from perturb.judging.scoring import score
from perturb.trajectories.loading import fixture_files, shipped_folder

Place = tuple[str | int, ...]
WRONG = st.sampled_from([None, 0, -1, "", [], {}, "x", True, 1.5, ["a"], {"a": 1}, "\U0001f600\0", 10**6, "$delete"])


def places(value: Any, above: Place = ()) -> Iterator[Place]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in members:
        yield (*above, key)
        yield from places(item, (*above, key))


def changed(fixture: Any, place: Place, wrong: Any) -> Any:
    inner = fixture
    for key in place[:-1]:
        inner = inner[key]
    if wrong == "$delete":
        del inner[place[-1]]
    else:
        inner[place[-1]] = wrong
    return fixture


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_one_wrong_value_anywhere(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    fixture = json.loads(data.draw(st.sampled_from(fixture_files(shipped_folder()))).read_text())
    place = data.draw(st.sampled_from(list(places(fixture))))
    path = tmp_path_factory.mktemp("wrong") / "mine.json"
    path.write_text(json.dumps(changed(fixture, place, data.draw(WRONG))))
    said = refusal(path, data.draw(st.sampled_from(sorted(SCAFFOLDS))))
    assert said == "" or str(path) in said


def refusal(path: Path, scaffold: str) -> str:
    """What is said against a fixture; "" when it can be run."""
    try:
        for number, item in enumerate(plan(Selection(fixtures=(str(path),), scaffolds=(scaffold,)))):
            if number % 40 == 0:
                assert score(item.case, Response("Well.")).outcome
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("place", "wrong", "said"),
    [
        (("turns", 1, "do", 0, "args", "pattern"), 3, "fs.grep.pattern: 3 is not a text"),
        (("turns", 1, "do", 0, "action"), "fs.grab", "'fs.grab' is no action and no tool of this fixture"),
        (("turns", 1, "do", 0, "args"), {"root": "/"}, "fs.grep needs the argument 'pattern'"),
        (("turns", 1, "do", 0, "args", "pattern"), {"$any": []}, "$any is not a list with something in it"),
        (("turns", 1, "do", 0, "args", "pattern"), {"$all": []}, "no matcher has the keys $all"),
        (("turns", 1, "do", 0, "args", "patern"), "x", "fs.grep has no argument 'patern' (it has pattern, root"),
        (("world", "cwd"), "", "world.cwd"),
        (("tools",), [{"name": "t", "description": "d", "parameters": {"type": "nope"}}], "tools.0.parameters"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, place: Place, wrong: Any, said: str) -> None:
    fixture = json.loads((shipped_folder() / "cli" / "cli-csv-count.json").read_text())
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(changed(fixture, place, wrong), indent=1))
    with pytest.raises(UserError) as caught:
        list(plan(Selection(fixtures=(str(path),))))
    assert said in str(caught.value)
    assert f"{path}: line " in str(caught.value)
