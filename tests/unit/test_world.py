"""The emulated world: what it answers, and that nothing reaches the host."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.core.actions import ACTIONS
from perturb.core.canonical import digest
from perturb.core.values import Intent, World
from perturb.world.execute import execute
from perturb.world.pages import number_refs

FORM = """<title>Shop</title><nav><a id=cart href=/cart>Cart</a></nav>
<form action=/found><label for=q>Query</label><input id=q><select id=sort><option>New<option selected>Old</select>
<button id=go>Find</button></form><input type=checkbox id=tick checked><button id=off disabled>Off</button>"""
WORLD = number_refs(
    World(
        cwd="/app",
        files={"/app/src/a.py": "x = 1\ny = 2\nRETRIES = 3\n", "/app/README.md": "# hi\nRETRIES here\n"},
        pages={"https://s.example/": FORM, "https://s.example/found": "<title>F</title><p>Found {{q}}</p>"},
        documents={"https://d.example/x": {"title": "Harbour", "text": "The harbour is 40 m deep."}},
        python={"pytest -q": {"stdout": "1 failed\n", "exit_code": 1}},
    )
)


@pytest.mark.parametrize(
    ("command", "stdout", "code"),
    [
        ("cat src/a.py | grep -n R", "3:RETRIES = 3\n", 0),
        ("sed -n '2,3p' src/a.py", "y = 2\nRETRIES = 3\n", 0),
        ("grep -rn RETRIES .", "./README.md:2:RETRIES here\n./src/a.py:3:RETRIES = 3\n", 0),
        ("find . -name '*.py'", "./src/a.py\n", 0),
        ("pytest -q", "1 failed\n", 1),
        ("nonsense --x", "", 127),
        ("false || echo yes && echo too", "yes\ntoo\n", 0),
        ("cd src && ls; pwd", "a.py\n/app/src\n", 0),
        ("grep -c root /etc/passwd", "0\n", 1),
        ("cat ../../../../etc/shadow", "", 1),
        ("ls /home", "dev\n", 0),
        ("echo $(whoami) `pwd`", "dev /app\n", 0),
        ("cat <<'E' > n.txt && wc -l n.txt\none\ntwo\nE", "2 n.txt\n", 0),
        ("sed -i 's/3/5/' src/a.py && tail -n 1 src/a.py", "RETRIES = 5\n", 0),
        ("grep '(a+)+$' src/a.py", "", 1),
        ("date; date -d '2026-01-01' +%j", "Mon Mar  2 09:30:00 UTC 2026\n001\n", 0),
        ("sleep 900; mktemp; echo $RANDOM", "/tmp/tmp.000001\n16838\n", 0),
        ("mv README.md README.md", "", 1),
        ("curl -s https://example.com", "", 1),
        ("cd src", "", 0),
        ("echo 'a", "", 2),
        ("if; then", "", 2),
        ("printf 'b\\na\\n' | sort | head -n 1", "a\n", 0),
    ],
)
def test_shell(command: str, stdout: str, code: int) -> None:
    _, result = execute(WORLD, Intent("shell.run", {"command": command}))
    assert (result.data["stdout"], result.data["exit_code"]) == (stdout, code)


@pytest.mark.parametrize(
    ("code", "stdout", "error"),
    [
        ("print(640 * 36)", "23040\n", ""),
        ("xs = [i * i for i in range(5)]\nsum(xs)", "30\n", ""),
        ("from datetime import date\n(date(2026, 3, 2) - date(2026, 1, 1)).days", "60\n", ""),
        ("f'{10 / 3:.2f}'", "'3.33'\n", ""),
        ("import os\nos.environ.get('PATH', 'none')", "'none'\n", ""),
        ("print(open('README.md').read())", "# hi\nRETRIES here\n\n", ""),
        ("open('/etc/shadow')", "", "FileNotFoundError: [Errno 2] No such file or directory: '/etc/shadow'"),
        ("().__class__", "", "AttributeError: 'tuple' object has no attribute '__class__'"),
        ("9 ** 9 ** 9", "", "MemoryError: memory limit exceeded: 774840980 bytes > 67108864 bytes"),
        ("'a' * 10 ** 9", "", "MemoryError: memory limit exceeded: 1000000000 bytes > 67108864 bytes"),
        ("while True: pass", "", "TimeoutError: time limit exceeded"),
        ("import subprocess", "", "ModuleNotFoundError: No module named 'subprocess'"),
        ("1 / 0", "", "ZeroDivisionError: division by zero"),
        ("x = (", "", "SyntaxError: unexpected EOF while parsing"),
    ],
)
def test_python(code: str, stdout: str, error: str) -> None:
    _, result = execute(WORLD, Intent("py.exec", {"code": code}))
    assert (result.data["stdout"], result.data["error"]) == (stdout, error)


def steps(*intents: Intent) -> Any:
    world, result = WORLD, None
    for intent in intents:
        world, result = execute(world, intent)
    assert result is not None
    return result


def test_pages() -> None:
    go = Intent("nav.goto", {"url": "https://s.example/"})
    typed = Intent("el.type", {"target": "q", "text": "<b>", "submit": True})
    found = steps(go, typed)
    assert found.data["url"] == "https://s.example/found"
    assert [node["name"] for node in found.data["nodes"]] == ["Found <b>"]
    assert steps(go, typed, Intent("nav.back")).data["title"] == "Shop"
    assert steps(go, Intent("el.click", {"target": "off"})).data["code"] == "denied"
    assert steps(go, Intent("el.select", {"target": "sort", "value": "Red"})).data["code"] == "bad_argument"
    assert steps(go, Intent("el.click", {"target": "gone"})).data["code"] == "no_such_element"
    unticked = steps(go, Intent("el.click", {"target": "tick"}))
    assert all("states" not in node for node in unticked.data["nodes"] if node["id"] == "tick")


def test_edits_must_be_unique() -> None:
    once = Intent("fs.edit", {"path": "src/a.py", "old": " = ", "new": ": "})
    assert steps(once).data["code"] == "many_matches"
    assert steps(Intent("fs.edit", {**once.args, "all": True})).data["count"] == 3


VALUES = st.one_of(st.text(max_size=30), st.integers(-5, 5), st.none(), st.booleans(), st.lists(st.text(max_size=3)))
NAMES = st.sampled_from(sorted({name for fields in ACTIONS.values() for name in fields}))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*ACTIONS, "no.such"]), st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_intent_gets_an_answer_and_the_world_is_not_touched(action: str, args: dict[str, Any]) -> None:
    before = digest(WORLD)
    world, result = execute(WORLD, Intent(action, args))
    assert result.kind
    assert isinstance(world, World)
    assert digest(WORLD) == before


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab*+()[]|\\ '\"$`<>&;\n-.0x", max_size=60))
def test_any_command_gets_an_answer(command: str) -> None:
    _, result = execute(WORLD, Intent("shell.run", {"command": command}))
    assert result.kind in ("shell", "error")
