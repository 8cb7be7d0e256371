"""Model formats: laws over the registry, vectors by hand, and turns as published chat templates write them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.campaign.journal import read
from perturb.campaign.plan import Selection, plan
from perturb.core.errors import UnrepresentableError
from perturb.core.registry import FORMATS, PROTOCOLS, load_builtin
from perturb.core.values import Call, Reply, Request, Response, Unparsed
from perturb.formats.rendering import adapted, by_template, manners
from perturb.judging.ideal import ideal, spoken
from perturb.scaffolding.parsing import parse
from tests.attack._command import command
from tests.golden.format_prompts import MESSAGES, TOOLS, compiled
from tests.golden.format_vectors import THOUGHT, VECTORS, WORDS

load_builtin()
NAMES = sorted(FORMATS)
GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "formats").glob("*.json"))
READ, RUN = Call("read", {"path": "a b.py", "line": 3}), Call("run", {"command": "ls -l", "wait": True})
DONE = Call("run", {"command": "pytest -q", "env": {"CI": "1"}})


def golden(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_turn_as_the_published_template_writes_it_is_read_back(path: Path) -> None:
    found = golden(path)
    form = FORMATS[found["format"]]
    heard = form.parse(found["turn"], TOOLS, "stop")
    assert isinstance(heard, Reply), heard
    # Llama's and gpt-oss's templates have one call in a turn.
    assert heard.calls == ((READ,) if form.name in ("llama3", "harmony") else (READ, DONE))
    # Some templates leave out what a turn says beside its calls; none changes it.
    assert heard.text.strip() in ("", "Reading.")
    assert heard.thinking in ("", "Two steps.", "Two steps.\n\nReading.")
    assert form.parse(form.emit(heard, TOOLS), TOOLS, "stop") == heard


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_one_format_recognises_each_published_template(path: Path) -> None:
    found = golden(path)
    assert found["recognised_as"] == [found["format"]]
    assert "x = 1" in found["after"]


@pytest.mark.parametrize("name", NAMES)
def test_every_format_has_vectors_and_says_what_they_say(name: str) -> None:
    form, vectors = FORMATS[name], VECTORS[name]
    thinking = THOUGHT if form.think[0] else ""
    assert form.parse(vectors.one, TOOLS, "stop") == Reply(thinking, WORDS, (READ,))
    assert form.parse(vectors.two, TOOLS, "stop") == Reply("", "", (READ, RUN))
    assert form.parse(vectors.unknown, TOOLS, "stop") == Reply("", "", (Call("delete", {}),))
    for text in vectors.broken:
        got = form.parse(text, TOOLS, "stop")
        assert isinstance(got, Unparsed), text
        assert got.kind == "malformed", text
    words = form.emit(Reply(thinking, "Just words."))
    assert form.parse(words, TOOLS, "stop") == Reply(thinking, "Just words.")


@pytest.mark.parametrize("name", NAMES)
def test_thinking_alone_is_no_answer(name: str) -> None:
    form = FORMATS[name]
    alone = form.emit(Reply(THOUGHT))
    got = form.parse(alone, TOOLS, "stop")
    assert isinstance(got, Unparsed)
    assert (got.kind, got.thinking) == ("reasoning_only", THOUGHT if form.think[0] else "")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_cut_is_never_malformed(name: str) -> None:
    form, vectors = FORMATS[name], VECTORS[name]
    for text in (vectors.one, vectors.two):
        whole = form.parse(text, TOOLS, "length")
        assert isinstance(whole, Reply)
        for end in range(len(text)):
            got = form.parse(text[:end], TOOLS, "length")
            # A format without an outer closing mark may end after any of its calls.
            if isinstance(got, Reply):
                assert got.calls == whole.calls[: len(got.calls)], text[:end]
            else:
                assert got.kind == "cut", (text[:end], got)


MARKS = sorted({mark for form in FORMATS.values() for mark in (*form.markers, *form.think, form.opens) if mark})
PIECES = sorted({piece for v in VECTORS.values() for piece in (v.one, v.two, *v.broken)})
ANY = st.lists(st.text(max_size=12) | st.sampled_from(MARKS) | st.sampled_from(PIECES), max_size=6).map("".join)


@pytest.mark.parametrize("name", NAMES)
@given(text=ANY, finish=st.sampled_from(["stop", "length", "other"]))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_or_refused(name: str, text: str, finish: str) -> None:
    got = FORMATS[name].parse(text, TOOLS, finish)
    assert isinstance(got, Reply | Unparsed)
    if isinstance(got, Reply):
        assert got.calls or got.text.strip()


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=30)
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "path": TEXT,
        "line": st.integers(-(2**53), 2**53),
        "wait": st.booleans(),
        "env": st.dictionaries(st.text("abc", min_size=1, max_size=3), TEXT, max_size=2),
    },
)
SCHEMA = {
    "path": {"type": "string"},
    "line": {"type": "integer"},
    "wait": {"type": "boolean"},
    "env": {"type": "object"},
}
OPEN_TOOLS = ({"type": "function", "function": {"name": "act", "parameters": {"properties": SCHEMA}}},)
REPLIES = st.builds(Reply, TEXT, TEXT, st.lists(st.builds(Call, st.just("act"), ARGUMENTS), max_size=2).map(tuple))


@pytest.mark.parametrize("name", NAMES)
@given(reply=REPLIES)
@settings(max_examples=60, deadline=None)
def test_what_is_said_is_heard(name: str, reply: Reply) -> None:
    form = FORMATS[name]
    try:
        raw = form.emit(reply, OPEN_TOOLS)
    except UnrepresentableError:
        return
    heard = form.parse(raw, OPEN_TOOLS, "stop")
    if isinstance(heard, Unparsed):
        assert heard.kind == "reasoning_only"
        assert (reply.calls, reply.text.strip()) == ((), "")
    else:
        assert (heard.text, heard.calls) == (reply.text, reply.calls)
        assert heard.thinking == (reply.thinking if form.think[0] else "")


@pytest.mark.parametrize("name", NAMES)
def test_time_grows_with_the_text_and_no_faster(name: str) -> None:
    form, vectors = FORMATS[name], VECTORS[name]
    for piece in (form.opens, vectors.two, vectors.one[: -len(vectors.one) // 3], "<", "{", form.opens + "{"):
        text = piece * (200_000 // len(piece))
        start = time.process_time()
        assert isinstance(form.parse(text, TOOLS, "stop"), Reply | Unparsed)
        assert time.process_time() - start < 20.0, piece


@pytest.mark.parametrize("name", NAMES)
def test_a_perfect_answer_is_heard_in_every_scaffold(name: str) -> None:
    seen = set()
    for item in _decisions():
        wanted = ideal(item.case).reply
        got = parse(spoken(item.case, wanted, name), item.case)
        assert isinstance(got, Reply), (item.id, got)
        assert (got.calls, got.text) == (wanted.calls, wanted.text), item.id
        seen.add(PROTOCOLS[item.case.surface.protocol].native)
    assert seen == {True, False}


@cache
def _decisions() -> list[Any]:
    return [item for item in plan(Selection(limit=16, operators=("tools.opaque_names",))) if not item.sample]


def test_another_models_call_is_a_leak() -> None:
    item = next(item for item in _decisions() if PROTOCOLS[item.case.surface.protocol].native)
    call = ideal(item.case).reply.calls
    assert call
    for name in NAMES:
        own, other = FORMATS["hermes" if name != "hermes" else "m2"], FORMATS[name]
        # Llama's calls have no mark; M3's holds that of hermes, whose reader then says malformed.
        if own.opens in other.opens or other.name == "llama3":
            continue
        leaked = own.emit(Reply("Plan.", "", ())) + other.write(Reply("", "I call.", call)).removeprefix(
            "\n</think>\n\n"
        )
        got = parse(Response(leaked, format=own.name), item.case)
        assert isinstance(got, Unparsed), (name, got)
        assert got.kind == "leaked_protocol", (name, got)


# --- Rendering by a template.

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Takes text arguments, one call a turn, wants roles to alternate.
STRICT = (
    "{% set ns = namespace(last='') %}{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}"
    "{% if m.role == ns.last and m.role != 'tool' %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if m.role != 'system' %}{% set ns.last = m.role %}{% endif %}[{{ m.role }}]{{ m.content }}"
    "{% if m.tool_calls %}{% if m.tool_calls | length > 1 %}{{ raise_exception('one call') }}{% endif %}"
    "{{ m.tool_calls[0].function.name ~ '(' + m.tool_calls[0].function.arguments + ')' }}{% endif %}{% endfor %}"
)


def test_a_template_is_asked_what_it_does() -> None:
    plain, strict = manners(compiled(CHATML, {})), manners(compiled(STRICT, {}))
    assert (plain.tools, plain.calls, plain.results) == (False, "", True)
    assert (strict.tools, strict.calls, strict.parallel, strict.results) == (True, "text", False, True)


def test_tools_and_calls_reach_a_model_whose_template_knows_neither() -> None:
    form = FORMATS["hermes"]
    text = by_template(form, Request(MESSAGES, TOOLS), adapted(form, compiled(CHATML, {})))
    assert '"name": "read"' in text.split("<|im_end|>")[0]
    assert form.write(Reply("", "Reading.", (READ, DONE))) in text
    assert "x = 1" in text


def test_calls_go_one_by_one_as_text_where_a_template_wants_that() -> None:
    form = FORMATS["hermes"]
    asked = (*MESSAGES, {"role": "user", "content": "And?"}, {"role": "user", "content": "Well?"})
    text = by_template(form, Request(asked, TOOLS), adapted(form, compiled(STRICT, {})))
    assert text.endswith(
        '[assistant]Reading.read({"path": "a b.py", "line": 3})[tool]x = 1'
        '[assistant]run({"command": "pytest -q", "env": {"CI": "1"}})[tool]2 passed[user]And?\n\nWell?'
    )


QWEN_LIKE = (
    "{% set ns = namespace(last=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set ns.last = loop.index0 %}"
    "{% endif %}{% endfor %}{% for m in messages %}<{{ m.role }}>{% if m.reasoning_content and loop.index0 > ns.last %}"
    "<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}{% endfor %}<assistant>"
)


def test_thinking_stays_or_goes_as_asked() -> None:
    form = FORMATS["hermes"]
    talk = tuple(
        message
        for n in range(2)
        for message in (
            {"role": "user", "content": f"Question {n}."},
            {"role": "assistant", "content": f"Answer {n}.", "reasoning_content": f"Thought {n}."},
        )
    )
    template = adapted(form, compiled(QWEN_LIKE, {}))

    def prompt(retention: Any) -> str:
        return by_template(form, Request(talk, (), retention), template)

    assert "Thought 0" not in prompt("template")
    assert "<assistant><think>\nThought 1.\n</think>\n\nAnswer 1." in prompt("template")
    assert "<assistant><think>\nThought 0.\n</think>\n\nAnswer 0." in prompt("keep_all")
    assert "Thought 1." in prompt("keep_all")
    assert "Thought" not in prompt("drop_all")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_where_a_prompt_opens_the_thinking_the_turn_begins_with_its_mark(path: Path) -> None:
    found = golden(path)
    form = FORMATS[found["format"]]
    opened = bool(form.think[0]) and found["before"].rstrip().endswith(form.think[0])
    assert bool(form.continues(found["before"])) == opened
    assert opened == (path.stem in ("Qwen3.5-4B", "GLM-4.7-Flash", "DeepSeek-V3.1-True", "MiniMax-M3-enabled"))


def test_a_model_without_thinking_is_asked_nothing_about_it(tmp_path: Path) -> None:
    run = ("run", "--agent", "perfect", "--limit", "1", "--scaffold", "mini_agent", "--out", str(tmp_path / "run"))
    only = command(*run, "--operator", "thinking.*", "--format", "llama3")
    assert (only.code, "the format llama3 has no thinking" in only.err) == (2, True)
    done = command(*run, "--operator", "thinking.*", "--operator", "user.typos", "--format", "llama3")
    assert done.code == 0
    assert "operators on thinking are left out: the format llama3 has none" in done.err
    assert {record["part"] for record in read(tmp_path / "run")} == {"", "user"}


def test_a_format_of_a_users_file_reaches_other_processes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from perturb import Format, by_template, model_format, splitter\n"
        "@model_format\ndef shouted():\n"
        "    made = {'split': splitter('<think>', '</think>'), 'read': lambda content, tools: ((), content)}\n"
        "    marks = {'opens': 'CALL', 'recognises': lambda text: False, 'render': by_template}\n"
        "    return Format(name='shouted', summary='', write=str, **made, **marks)\n"
    )
    here = (
        "import pickle, sys, pathlib\nimport perturb.core.registry as registry, perturb.engines.ray_replicas as ray\n"
        "registry.load_builtin()\nregistry.load_file(pathlib.Path(sys.argv[1]))\n"
        "sys.stdout.buffer.write(pickle.dumps(ray.Load('m', None, sources=registry.loaded_sources())))\n"
    )
    there = (
        "import pickle, sys\npickle.load(sys.stdin.buffer).register()\n"
        "import perturb.core.registry as registry\nprint('shouted' in registry.FORMATS)\n"
    )
    sent = subprocess.run([sys.executable, "-c", here, str(tmp_path / "mine.py")], capture_output=True, check=True)
    (tmp_path / "mine.py").unlink()
    got = subprocess.run([sys.executable, "-c", there], input=sent.stdout, capture_output=True, check=True)
    assert got.stdout.strip() == b"True"
