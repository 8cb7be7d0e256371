"""Every API of servers: what is sent for real cases, and what recorded answers of real services are read as."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from perturb.campaign.plan import Selection, plan
from perturb.core.errors import UserError
from perturb.core.registry import FORMATS, load_builtin
from perturb.core.values import Call, Failure, Reply, Request, Response
from perturb.engines.api import APIS, Asking, address
from perturb.engines.apis import named
from perturb.engines.base import INEXPRESSIBLE, Sampling
from perturb.engines.connect import connect
from perturb.engines.model_format import Reading
from perturb.engines.rendered import compiled, rendering
from perturb.engines.server import read
from perturb.engines.settings import Settings, checked_key, settings_from, urls_in
from perturb.formats.m2.template import render
from tests.loopback import Server

for _name in ("openai", "sglang"):
    named(_name, raw=True)
load_builtin()
ASKING = Asking("m", Sampling(seed=3), "vllm")
M2 = rendering("m", Reading("m2"))


@lru_cache
def requests() -> list[Request]:
    """One perturbed request of every kind of scaffold and part."""
    found = list(plan(Selection(requests=400)))
    assert {item.base.scaffold for item in found} >= {"mini_agent", "vscode_like", "browser_use_like"}
    return [item.request for item in found]


@pytest.mark.parametrize("name", sorted(APIS))
def test_every_request_can_be_said_or_is_a_failure_of_its_own(name: str) -> None:
    bodies = [APIS[name].body(request, ASKING) for request in requests()]
    failed = [body for body in bodies if isinstance(body, Failure)]
    assert {body.kind for body in failed} <= set(INEXPRESSIBLE)
    assert len(failed) < 0.05 * len(bodies)
    assert not (failed and name.endswith("-raw"))
    for body in bodies:
        json.dumps(body if isinstance(body, dict) else "")


@pytest.mark.parametrize("name", ["openai-raw", "sglang-raw"])
def test_raw_prompts_are_the_models_own(name: str) -> None:
    for request in requests()[:100]:
        want = render(request.messages, request.tools, retention=request.retention)
        body = APIS[name].body(request, replace(ASKING, prompt=M2.prompt(request)))
        assert isinstance(body, dict)
        assert body.get("prompt", body.get("text")) == want
        assert body.get("skip_special_tokens", body.get("sampling_params", {}).get("skip_special_tokens")) is False


def test_anthropic_turns_alternate_and_results_answer_calls() -> None:
    seen = 0
    for request in requests():
        body = APIS["anthropic"].body(request, ASKING)
        if isinstance(body, Failure):
            continue
        roles = [message["role"] for message in body["messages"]]
        assert roles[0] == "user"
        assert all(a != b for a, b in pairwise(roles))
        waiting: list[str] = []
        for message in body["messages"]:
            answered = [b["tool_use_id"] for b in message["content"] if b["type"] == "tool_result"]
            assert answered == waiting
            waiting = [b["id"] for b in message["content"] if b["type"] == "tool_use"]
            seen += len(answered)
        assert len(body.get("tools", ())) == len(request.tools)
        assert all(message.get("role") != "system" for message in body["messages"])
    assert seen > 100


def said(name: str, body: Any) -> Response | Failure:
    return read(APIS[name], json.dumps(body).encode())


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
RAW = "plan\n</think>\n\nHi"


@pytest.mark.parametrize(
    ("name", "body", "want"),
    [
        (
            "openai-raw",
            {"choices": [{"text": RAW, "finish_reason": "stop"}], "usage": USAGE},
            Response(RAW, "stop", True, "", None, 9, 8, 4),
        ),
        (
            "sglang-raw",
            {"text": RAW, "meta_info": {"finish_reason": {"type": "length", "length": 4}, "completion_tokens": 4}},
            Response(RAW, "length", True, completion_tokens=4),
        ),
        (
            # The whole shape, as SGLang documents and sends it.
            "sglang-raw",
            {
                "text": RAW,
                "output_ids": [1, 2, 3],
                "meta_info": {
                    "id": "a",
                    "finish_reason": {"type": "stop", "matched": 200020},
                    "prompt_tokens": 9,
                    "completion_tokens": 3,
                    "cached_tokens": 8,
                    "weight_version": "default",
                    "e2e_latency": 0.4,
                },
            },
            Response(RAW, "stop", True, "", None, 9, 8, 3),
        ),
        (
            "sglang-raw",
            {"text": RAW, "meta_info": {"finish_reason": {"type": "abort", "message": "no"}}},
            "finish_abort",
        ),
        ("sglang-raw", {"text": RAW, "meta_info": {"finish_reason": None}}, "finish_null"),
        ("sglang-raw", {"text": RAW, "meta_info": {}}, "finish_missing"),
        ("sglang-raw", {"text": 5, "meta_info": {"finish_reason": {"type": "stop"}}}, "bad_body"),
        ("sglang-raw", [{"text": RAW}], "bad_body"),
        ("openai-raw", {"choices": [{"text": RAW, "finish_reason": "abort"}]}, "finish_abort"),
        ("openai-raw", {"choices": [{"text": None, "finish_reason": "stop"}]}, "bad_body"),
        (
            "anthropic",
            {
                "content": [
                    {"type": "thinking", "thinking": "plan", "signature": "x"},
                    {"type": "text", "text": "Hi"},
                    {"type": "tool_use", "id": "a", "name": "read", "input": {"path": "é"}},
                ],
                "stop_reason": "tool_use",
                "usage": {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 7},
            },
            Response("Hi", "tool_calls", False, "plan", (Call("read", {"path": "é"}),), 9, 4, 7),
        ),
        ("anthropic", {"content": [], "stop_reason": None}, "finish_null"),
        ("anthropic", {"content": [], "stop_reason": "refusal"}, "finish_refusal"),
        ("anthropic", {"content": [], "stop_reason": "pause_turn"}, "finish_unknown"),
        (
            "anthropic",
            {"content": [{"type": "tool_use", "name": "a", "input": []}], "stop_reason": "tool_use"},
            "bad_body",
        ),
        ("anthropic", {"type": "error", "error": {"type": "overloaded_error"}}, "finish_missing"),
    ],
)
def test_answers_are_read_as_what_they_are(name: str, body: Any, want: Response | str) -> None:
    got = said(name, body)
    assert (got.kind if isinstance(got, Failure) else got) == want


def recorded(data: Path, uri: str, *modules: str) -> list[dict[str, Any]]:
    import yaml

    found = []
    for module in modules:
        for file in sorted((data / "provider-recordings" / module).glob("*.yaml")):
            for one in yaml.safe_load(file.read_text("utf-8"))["interactions"]:
                body = one["response"].get("parsed_body")
                if uri in one["request"]["uri"] and one["response"]["status"]["code"] == 200 and isinstance(body, dict):
                    found.append(body)
    return found


def test_recorded_chat_completions(data: Path) -> None:
    modules = ("openai", "groq", "mistral", "openrouter", "huggingface", "ollama", "thinking_wire_contract")
    bodies = recorded(data, "/v1/chat/completions", *(f"test_{name}" for name in modules))
    assert len(bodies) > 25
    for body in bodies:
        got, message = said("openai", body), body["choices"][0]["message"]
        assert isinstance(got, Response), got
        assert [call.tool for call in got.calls or ()] == [
            call["function"]["name"] for call in message.get("tool_calls") or ()
        ]
        assert got.completion_tokens == body["usage"]["completion_tokens"]
        assert got.thinking or not (message.get("reasoning") or isinstance(message["content"], list))


def test_recorded_anthropic_messages(data: Path) -> None:
    bodies = recorded(data, "/v1/messages", "test_anthropic", "test_output", "test_tool_choice_matrix")
    whole = [body for body in bodies if "stop_reason" in body]
    assert len(whole) > 25
    for body in whole:
        got = said("anthropic", body)
        assert isinstance(got, Response), got
        wanted = [(b["name"], b["input"]) for b in body["content"] if b["type"] == "tool_use"]
        assert [(call.tool, call.args) for call in got.calls or ()] == wanted
        assert got.completion_tokens == body["usage"]["output_tokens"]


def test_each_api_has_its_own_address_and_key() -> None:
    assert address("http://a/v1", APIS["anthropic"].path) == "http://a/v1/messages"
    assert address("http://a", APIS["openai"].path) == "http://a/v1/chat/completions"
    assert address("http://a/v1", APIS["sglang-raw"].path) == "http://a/generate"
    assert APIS["anthropic"].headers("k")["x-api-key"] == "k"
    assert APIS["openai"].headers("") == {}


def ask_once(servers: Any) -> Any:
    left = [("k", Request(({"role": "user", "content": "hi"},)))]
    ((_, got),) = servers.stream(lambda: left.pop() if left else None)
    return got


def test_headers_and_extra_fields_go_out_and_null_takes_a_field_back(server: Server) -> None:
    how = settings_from(0, 5.0, "", '{"top_k": null, "chat_template_kwargs": {"a": 1}}', ["X-Team=a b"], "key")
    assert isinstance(ask_once(connect([server.url], settings=how)), Response)
    assert server.asked[0]["chat_template_kwargs"] == {"a": 1}
    assert "top_k" not in server.asked[0]
    sent = {name.lower(): value for name, value in server.headers[0].items()}
    assert (sent["x-team"], sent["authorization"]) == ("a b", "Bearer key")


def test_the_newer_name_of_the_token_limit_is_learnt(server: Server) -> None:
    refusal = b"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    fine = json.dumps({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}).encode()
    server.reply = lambda _, asked: (400, {}, refusal) if "max_tokens" in asked else (200, {}, fine)
    got = ask_once(connect([server.url]))
    assert isinstance(got, Response)
    assert got.tries == 1
    assert server.asked[-1]["max_completion_tokens"] == Sampling().max_tokens


def test_only_a_proxy_that_was_asked_for_is_used(server: Server) -> None:
    how = Settings(proxy=server.url.removesuffix("/v1"))
    # The proxy is our own server, so that a host that does not exist answers.
    assert connect(["http://nowhere.invalid/v1"], "m", settings=how).identity["name"] == "m"


@pytest.mark.parametrize("key", ["k\n", " k", "k k", "k\t", "k\x00", "ké", "k\u200b"])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    for make in (lambda: checked_key(key), lambda: settings_from(0, 1.0, "", "", [], key)):
        with pytest.raises(UserError) as caught:
            make()
        assert key not in str(caught.value)
    assert "sk-1" not in repr(Settings(key="sk-1", headers={"a": "sk-1"}))


@pytest.mark.parametrize("header", ["noequals", "=v", "a b=v", "a=v\n", "a= v", "a=\x07", "é=v"])
def test_a_header_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(UserError, match="--header"):
        settings_from(0, 1.0, "", "", [header], "")


def test_urls_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "servers").write_text("# ours\nhttp://a:1/v1\n\nhttp://b:1/v1  # slow\n")
    assert urls_in([f"@{tmp_path}/servers", "http://c"]) == ("http://a:1/v1", "http://b:1/v1", "http://c")
    with pytest.raises(UserError, match="missing"):
        urls_in([f"@{tmp_path}/missing"])


def test_raw_prompts_are_sent_to_no_other_model(server: Server) -> None:
    with pytest.raises(UserError, match="--format m2"):
        connect([server.url], "Qwen3", raw=True)
    assert connect([server.url], "MiniMaxAI/MiniMax-M2", raw=True).identity["api"] == "openai-raw"
    assert connect([server.url], "mine", raw=True, reading=Reading("m2")).identity["api"] == "openai-raw"
    with pytest.raises(UserError, match="--chat-template"):
        connect([server.url], "mine", raw=True, reading=Reading("hermes"))
    with pytest.raises(UserError, match=r"--chat-template: line 1"):
        connect([server.url], "mine", raw=True, reading=Reading("hermes", template="{% if %}"))


TEMPLATE = (
    "{{ bos_token }}{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}"
    "{%- for m in messages %}{% if m.content == 'stop' %}{% break %}{% endif %}"
    "<|im_start|>{{ m.role }}\n{% generation %}{{ m.content }}{% endgeneration %}"
    '{% for c in m.tool_calls or [] %}<tool_call>{"name": "{{ c.function.name }}", '
    '"arguments": {{ c.function.arguments | tojson }}}</tool_call>{% endfor %}<|im_end|>\n'
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)


def test_raw_speaks_any_format_by_its_chat_template(server: Server) -> None:
    written = 'plan\n</think>\n\nHi<tool_call>\n{"name": "read", "arguments": {"path": "é"}}\n</tool_call><|im_end|>'
    answer = json.dumps({"choices": [{"text": written, "finish_reason": "stop"}]}).encode()
    server.reply = lambda *_: (200, {}, answer)
    tool = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}
    request = Request(({"role": "user", "content": "a <b> 'é'"},), (tool,))
    reading = Reading(template=TEMPLATE, template_args={"bos_token": "<s>"})
    servers = connect([server.url], raw=True, reading=reading)
    assert servers.identity["format"] == "hermes"
    left = [("k", request)]
    ((_, got),) = servers.stream(lambda: left.pop() if left else None)
    tools = '{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}\n'
    end = "<|im_start|>user\na <b> 'é'<|im_end|>\n<|im_start|>assistant\n<think>\n"
    assert server.asked[0]["prompt"] == f"<s>{tools}{end}"
    assert isinstance(got, Response)
    heard = FORMATS[got.format].parse(got.text, request.tools, got.finish)
    assert heard == Reply("plan", "Hi", (Call("read", {"path": "é"}),))


def test_templates_are_rendered_as_transformers_does() -> None:
    theirs_of = pytest.importorskip("transformers.utils.chat_template_utils").render_jinja_template
    said = (("user", "Go é"), ("assistant", "a"), ("user", "stop"))
    talk = [{"role": role, "content": content} for role, content in said]
    tools = [{"type": "function", "function": {"name": "é<", "parameters": {}}}]
    given = {"tools": tools, "xml_tools": tools, "add_generation_prompt": True, "bos_token": "<s>"}
    (theirs,), _ = theirs_of([talk], chat_template=TEMPLATE, **given)
    assert compiled(TEMPLATE, {"bos_token": "<s>"})(talk, tools) == theirs


def test_servers_of_different_models_are_refused(server: Server) -> None:
    from tests.loopback import serving

    with serving() as other:
        other.models = (200, {}, b'{"data": [{"id": "another", "owned_by": "vllm"}]}')
        with pytest.raises(UserError, match="different models"):
            connect([server.url, other.url])
        assert connect([server.url, other.url], "m").identity["name"] == "m"
