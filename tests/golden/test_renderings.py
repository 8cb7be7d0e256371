"""One decision as each scaffold carries it, whole: the request, the ideal answer and the result it would see.

The files in ``renderings/`` are meant to be read. After a change that is meant, write them anew with
``PERTURB_WRITE_GOLDEN=1 pytest tests/golden`` and look at the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from perturb.core import registry
from perturb.core.values import Case, Expect, Instruction, Intent, Pattern, Turn, World
from perturb.judging.ideal import ideal, spoken
from perturb.scaffolding.binding import bind
from perturb.scaffolding.render import render, word
from perturb.world.execute import execute
from perturb.world.pages import number_refs

registry.load_builtin()
FOLDER = Path(__file__).parent / "renderings"
CODE = "".join(f"value_{n} = {n}\n" for n in range(1, 61))
PAGE = """<title>Sign in</title><h1>Sign in</h1><p>Members only.</p>
<form action="/home"><input id="user" aria-label="Name" value="ada">
<select id="lang" aria-label="Language"><option>English</option><option>Deutsch</option></select>
<button id="login">Log in</button></form>"""
WORLD = number_refs(
    World(
        cwd="/code/app",
        files={"/code/app/src/values.py": CODE, "/code/app/README.md": "# app\n"},
        pages={"https://shop.example/": PAGE, "https://shop.example/home": "<title>Home</title><p>Hello</p>"},
        open_files=("/code/app/src/values.py",),
        diagnostics=("src/values.py:12: value_12 is not used",),
    )
)
RULES = (
    Instruction("Never run git push.", "memory", "command.lacks", {"words": ["git push"]}),
    Instruction("Write in plain words.", "user", "text.lacks", {"words": ["utilize"]}),
)
DECISIONS = {
    "read": (
        "cli",
        "Which values are set in lines 10 to 40 of src/values.py?",
        Intent("fs.list", {"path": "/code/app/src"}),
        Intent("fs.read", {"path": "/code/app/src/values.py", "start": 10, "end": 40}),
    ),
    "click": (
        "browser",
        "Sign me in at shop.example.",
        Intent("nav.goto", {"url": "https://shop.example/"}),
        Intent("el.click", {"target": "login"}),
    ),
    "search": (
        "search",
        "When was the bridge opened?",
        Intent("py.exec", {"code": "print(2026 - 1932)"}),
        Intent("web.search", {"query": "bridge opening year"}),
    ),
}


def decide(decision: str) -> tuple[Case, Intent, World]:
    family, request, before, wanted = DECISIONS[decision]
    world, result = execute(WORLD, before)
    turns = (Turn("user", request), Turn("assistant", "Looking first.", "Where do I stand?", (before,), (result,)))
    expect = Expect(((Pattern(wanted.action, wanted.args),),), (), "Taking the next step.", "Now I can do it.")
    case = Case(f"{decision}@1", decision, family, (), (), WORLD, turns, RULES, expect)  # type: ignore[arg-type]
    return case, wanted, world


def rendered(case: Case, wanted: Intent, world: World) -> str:
    request = render(case)
    blocks = [("tools", "\n".join(json.dumps(tool, ensure_ascii=False) for tool in request.tools))]
    for message in request.messages:
        text = "\n".join(
            part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
            for part in (message.get("reasoning_content"), message["content"], *message.get("tool_calls", ()))
            if part
        )
        blocks.append((message["role"], text))
    blocks.append(("ideal answer", spoken(case, ideal(case).reply).text))
    blocks.append(("result", word(case, registry.SCAFFOLDS[case.scaffold], wanted, execute(world, wanted)[1])))
    return "\n".join(f"=== {title}\n{text}\n" for title, text in blocks if text)


PAIRS = [
    (name, decision)
    for name in sorted(registry.SCAFFOLDS)
    for decision in DECISIONS
    if bind(decide(decision)[0], registry.SCAFFOLDS[name]) is not None
]


def test_each_decision_is_carried_by_two_scaffolds_or_more() -> None:
    for decision in DECISIONS:
        assert sum(d == decision for _, d in PAIRS) >= 2


@pytest.mark.parametrize(("name", "decision"), PAIRS, ids=lambda value: value)
def test_rendering(name: str, decision: str) -> None:
    case, wanted, world = decide(decision)
    made = bind(case, registry.SCAFFOLDS[name])
    assert made is not None
    path = FOLDER / f"{decision}.{name}.txt"
    text = rendered(made, wanted, world)
    if os.environ.get("PERTURB_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
