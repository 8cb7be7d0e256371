"""Every scaffold says what it can say without loss, refuses the rest, and has words for every result."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from perturb.core import registry
from perturb.core.actions import fields
from perturb.core.errors import UnrepresentableError
from perturb.core.values import Case, Expect, Instruction, Intent, Pattern, Result, TextEdit, Turn, World
from perturb.judging.ideal import ideal, spoken
from perturb.scaffolding.binding import bind, moves
from perturb.scaffolding.render import render, system_text, visible_tools
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import schema_problem
from perturb.trajectories.episodes import domain_tool
from perturb.world.execute import execute
from perturb.world.pages import number_refs

registry.load_builtin()
# `bare` has no tools of its own: what it can say is what the decision brings.
NAMES = [name for name in sorted(registry.SCAFFOLDS) if registry.SCAFFOLDS[name].tools]
PAGE = """<title>Sign in</title><h1>Sign in</h1><form action="/home"><input id="user" aria-label="Name">
<select id="lang" aria-label="Language"><option>English</option><option>Deutsch</option></select>
<button id="login">Log in</button></form>"""
WORLD = number_refs(
    World(
        cwd="/code/app",
        files={"/code/app/src/a.py": "x = 1\ny = 2\nz = 3\n", "/code/app/README.md": "# app\n", "/code/app/e.txt": ""},
        pages={"https://shop.example/": PAGE, "https://shop.example/home": "<title>Home</title><p>Hello</p>"},
        documents={"https://docs.example/a": {"title": "A", "text": "Alpha is first. Beta is next."}},
        tabs=("https://shop.example/",),
        open_files=("/code/app/src/a.py",),
        diagnostics=("src/a.py:1: unused name x",),
    )
)
A = "/code/app/src/a.py"
INTENTS = [
    Intent("shell.run", {"command": "pytest -q"}),
    Intent("shell.run", {"command": "make | tail -3", "timeout_s": 90}),
    Intent("fs.read", {"path": A}),
    Intent("fs.read", {"path": A, "start": 2, "end": 3}),
    Intent("fs.read", {"path": A, "start": 2}),
    Intent("fs.read", {"path": A, "end": 2}),
    Intent("fs.read", {"path": "/etc/hosts"}),
    Intent("fs.write", {"path": "/code/app/new file.py", "content": "a\n\tb 'c' \"d\"\n"}),
    Intent("fs.write", {"path": A, "content": "no line end"}),
    Intent("fs.edit", {"path": A, "old": "x = 1", "new": "x = '\\n'"}),
    Intent("fs.edit", {"path": A, "old": "x", "new": "", "all": True}),
    Intent("fs.list", {"path": "/code/app"}),
    Intent("fs.list", {"path": "/code/app/src", "recursive": True}),
    Intent("fs.find", {"glob": "**/*.py"}),
    Intent("fs.find", {"glob": "src/*.py", "root": "/code/app"}),
    Intent("fs.grep", {"pattern": "x = [0-9]+"}),
    Intent("fs.grep", {"pattern": "x", "root": "/code/app/src", "include": "*.py", "ignore_case": True}),
    Intent("web.search", {"query": "alpha"}),
    Intent("web.fetch", {"url": "https://docs.example/a"}),
    Intent("py.exec", {"code": "print(1)\n"}),
    Intent("nav.goto", {"url": "https://shop.example/"}),
    Intent("nav.back"),
    Intent("el.click", {"target": "login"}),
    Intent("el.type", {"target": "user", "text": "Ada", "submit": True}),
    Intent("el.select", {"target": "lang", "value": "Deutsch"}),
    Intent("page.observe"),
    Intent("tab.switch", {"tab": 0}),
    Intent("plan.set", {"items": [{"text": "look"}]}),
    Intent("say", {"text": "Done."}),
    Intent("say", {"text": "Which one?", "kind": "ask"}),
]
BASIC = {
    "cli": {"shell.run", "fs.read", "fs.write", "fs.edit", "fs.list", "fs.find", "fs.grep"},
    "ide": {"shell.run", "fs.read", "fs.write", "fs.edit", "fs.list", "fs.find", "fs.grep"},
    "browser": {"nav.goto", "nav.back", "el.click", "el.type", "el.select", "page.observe", "tab.switch"},
    "minimal": {"web.search", "web.fetch", "py.exec"},
}
RESULTS = [
    *(execute(WORLD, intent)[1] for intent in INTENTS),
    *(
        Result("error", {"code": code, "message": "no luck"})
        for code in ("not_found", "is_directory", "out_of_range", "no_match", "denied", "policy", "timeout", "whatever")
    ),
    Result("error", {"code": "no_such_element", "message": "login is not on https://shop.example/"}),
    Result("shell", {"stdout": "", "stderr": "", "exit_code": 0}),
    Result("shell", {"stdout": "out\n", "stderr": "bad\n", "exit_code": 2}),
    Result("listing", {"path": "/code/app", "entries": []}),
    Result("paths", {"paths": []}),
    Result("matches", {"matches": []}),
    Result("search", {"query": "q", "hits": []}),
    Result("python", {"stdout": "", "error": "NameError: x"}),
    Result("record", {"value": {"id": "o-1", "lines": [1, {"a": None}]}}),
    Result("done", {"message": ""}),
    Result(
        "page", {"url": "https://shop.example/", "title": "S", "tabs": [], "tab": 0, "nodes": [], "message": "Sent"}
    ),
    Result("something_new", {"value": 1}),
]


def case_of(turns: tuple[Turn, ...], first: tuple[Pattern, ...], family: str = "cli") -> Case:
    return Case("e@1", "e", family, (), (), WORLD, turns, (), Expect((first,), (), "Going on.", "Think."))  # type: ignore[arg-type]


def bound(name: str, case: Case) -> Case:
    made = bind(case, registry.SCAFFOLDS[name])
    assert made is not None
    return made


def asked(*turns: Turn) -> tuple[Turn, ...]:
    return (Turn("user", "Please do it."), *turns)


def done(*intents: Intent) -> Turn:
    return Turn("assistant", "Looking.", "Hm.", intents, tuple(execute(WORLD, intent)[1] for intent in intents))


def decisive(intent: Intent) -> Intent:
    known = fields(intent.action)
    return Intent(intent.action, {k: v for k, v in intent.args.items() if not (k in known and known[k].free)})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("intent", INTENTS, ids=lambda i: f"{i.action}-{'-'.join(i.args)}")
def test_what_is_encoded_decodes_to_the_same(name: str, intent: Intent) -> None:
    scaffold = registry.SCAFFOLDS[name]
    try:
        call = toolbox.encode(scaffold.tools, intent, WORLD)
    except UnrepresentableError:
        assert intent.action not in BASIC[scaffold.family] or "no line end" in str(intent) or "src/*" in str(intent)
        return
    heard = toolbox.decode(scaffold.tools, call, WORLD)
    assert isinstance(heard, Intent)
    assert decisive(heard) == decisive(toolbox.normal(intent, WORLD))


@pytest.mark.parametrize("name", NAMES)
def test_tools_are_legal(name: str) -> None:
    tools = registry.SCAFFOLDS[name].tools
    assert len({tool.name for tool in tools}) == len(tools)
    for tool in tools:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tool.name)
        assert schema_problem(toolbox.schema(tool)) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_prompt_is_whole(name: str) -> None:
    family = "browser" if registry.SCAFFOLDS[name].family == "browser" else "cli"
    scaffold = registry.SCAFFOLDS[name]
    case = replace(case_of(asked(), (Pattern("say", {"text": "Hi."}),), family), scaffold=name, tools=scaffold.tools)
    case = replace(case, system=scaffold.sections(WORLD), instructions=scaffold.rules)
    text = system_text(case)
    assert 150 <= len(text.split()) <= 500
    for fact in (WORLD.cwd, WORLD.os, WORLD.shell, WORLD.clock[:10]):
        assert fact in text
    for rule in scaffold.rules:
        assert rule.text in text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("result", RESULTS, ids=lambda r: f"{r.kind}-{r.data.get('code', '')}")
def test_there_are_words_for_every_result(name: str, result: Result) -> None:
    assert registry.SCAFFOLDS[name].word(Intent("x"), result, WORLD).strip()


@pytest.mark.parametrize("name", NAMES)
def test_records_come_in_the_form_asked_for(name: str) -> None:
    record = Result("record", {"value": {"id": "o-1", "open": True}})
    forms = [replace(record, edits=(TextEdit("format", form),)) for form in ("json", "xml", "yaml", "table")]
    said = [registry.SCAFFOLDS[name].word(Intent("get_order"), result, WORLD) for result in forms]
    assert len(set(said)) == 4
    assert all("o-1" in text for text in said)


@pytest.mark.parametrize("name", ["browser_use_like", "playwright_mcp_like"])
def test_errors_do_not_show_the_worlds_ids(name: str) -> None:
    error = execute(replace(WORLD, tabs=("https://shop.example/home",)), Intent("el.click", {"target": "login"}))[1]
    assert "login" not in registry.SCAFFOLDS[name].word(Intent("el.click"), error, WORLD)


@pytest.mark.parametrize("name", ["cline_like", "mini_swe_like"])
def test_parallel_history_becomes_one_call_a_reply(name: str) -> None:
    both = done(Intent("fs.read", {"path": A}), Intent("fs.read", {"path": "/code/app/README.md"}))
    case = bound(name, case_of(asked(both), (Pattern("shell.run", {"command": "ls; make"}),)))
    roles = [message["role"] for message in render(case).messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


def test_parallel_history_stays_in_one_reply_elsewhere() -> None:
    both = done(Intent("fs.read", {"path": A}), Intent("fs.read", {"path": "/code/app/README.md"}))
    case = bound("mini_agent", case_of(asked(both), (Pattern("shell.run", {"command": "make"}),)))
    roles = [message["role"] for message in render(case).messages]
    assert roles == ["system", "user", "assistant", "tool", "tool"]


@pytest.mark.parametrize("name", ["cline_like", "mini_swe_like", "playwright_mcp_like"])
def test_an_answer_of_several_calls_needs_a_protocol_for_it(name: str) -> None:
    action = "nav.back" if name.startswith("play") else "fs.list"
    pattern = Pattern(action, {} if name.startswith("play") else {"path": "/code/app"})
    case = case_of(asked(), (pattern, pattern), "browser" if name.startswith("play") else "cli")
    assert bind(case, registry.SCAFFOLDS[name]) is None


def test_a_value_the_protocol_cannot_hold_is_not_bound() -> None:
    case = case_of(asked(), (Pattern("fs.write", {"path": A, "content": "</content>\n"}),))
    assert {c.scaffold for c in moves(case)} == {"claude_code_like", "mini_agent", "mini_swe_like", "vscode_like"}


def test_a_rule_that_no_tool_has_a_place_for_is_not_bound() -> None:
    rule = Instruction("Wait 300 s.", "user", "call.arg", {"action": "shell.run", "field": "timeout_s", "value": 300})
    case = replace(case_of(asked(), (Pattern("shell.run", {"command": "make"}),)), instructions=(rule,))
    assert {c.scaffold for c in moves(case)} == {"claude_code_like", "cline_like", "mini_agent", "vscode_like"}


@pytest.mark.parametrize("name", NAMES)
def test_the_ideal_answer_is_heard_as_meant(name: str) -> None:
    family = {"browser": "browser", "minimal": "search"}.get(registry.SCAFFOLDS[name].family, "cli")
    action, args = {
        "browser": ("el.click", {"target": "login"}),
        "search": ("web.search", {"query": "alpha"}),
        "cli": ("fs.read", {"path": A, "start": 2, "end": 3}),
    }[family]
    case = bound(name, case_of(asked(), (Pattern(action, args),), family))
    answer = ideal(case)
    assert [toolbox.normal(i, WORLD) for i in answer.intents if isinstance(i, Intent)] == [Intent(action, args)]
    assert spoken(case, answer.reply).text


def test_a_services_own_tool_is_carried_by_most_scaffolds() -> None:
    schema = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
    tool = domain_tool({"name": "get_order", "description": "Looks up an order.", "parameters": schema})
    world = replace(WORLD, records={"orders": {"7": {"state": "sent"}}})
    case = replace(case_of(asked(), (Pattern("get_order", {"order_id": "7"}),), "service"), tools=(tool,), world=world)
    carried = moves(case)
    assert {c.scaffold for c in carried} >= {"claude_code_like", "cline_like", "mini_agent", "search_browse_python"}
    for made in carried:
        assert [(c.tool, dict(c.args)) for c in ideal(made).reply.calls] == [("get_order", {"order_id": "7"})]


def test_a_search_from_where_one_is_names_the_place_where_the_tool_wants_one() -> None:
    call = toolbox.encode(registry.SCAFFOLDS["cline_like"].tools, Intent("fs.grep", {"pattern": "x"}), WORLD)
    assert (call.tool, call.args["path"]) == ("search_files", ".")


def test_a_question_takes_the_tool_for_questions() -> None:
    case = bound("cline_like", case_of(asked(), (Pattern("say", {"text": "Which one?"}),)))
    assert ideal(case).reply.calls[0].tool == "ask_followup_question"


def test_editor_details_come_with_every_message() -> None:
    case = bound("cline_like", case_of(asked(done(Intent("fs.read", {"path": A}))), (Pattern("say", {"text": "Ok."}),)))
    users = [m["content"] for m in render(case).messages if m["role"] == "user"]
    assert len(users) == 2
    assert all("src/a.py" in text and "unused name x" in text for text in users)


@pytest.mark.parametrize("name", ["claude_code_like", "cline_like", "mini_agent", "mini_swe_like", "vscode_like"])
def test_what_the_editor_shows_is_told_wherever_a_request_may_rest_on_it(name: str) -> None:
    case = bound(name, case_of(asked(), (Pattern("fs.read", {"path": A}),), "ide"))
    request = render(case).messages[-1]["content"]
    assert "src/a.py" in request
    assert "unused name x" in request


def test_the_browser_state_is_rebuilt_in_one_message() -> None:
    turns = asked(done(Intent("page.observe")), done(Intent("nav.goto", {"url": "https://shop.example/home"})))
    case = bound("browser_use_like", case_of(turns, (Pattern("nav.back"),), "browser"))
    request = render(case)
    assert [m["role"] for m in request.messages] == ["system", "user"]
    assert request.messages[1]["content"].count("[Start of page]") == 1
    assert "Hello" in request.messages[1]["content"]
    assert not request.tools


def test_native_scaffolds_send_their_tools() -> None:
    case = bound("vscode_like", case_of(asked(), (Pattern("fs.read", {"path": A}),)))
    assert render(case).tools == visible_tools(case)
