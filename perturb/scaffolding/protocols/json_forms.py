"""Two JSON protocols: the whole reply as one object with a list of actions, and objects between tags in text."""

from __future__ import annotations

import json
from typing import Any

import orjson

from perturb.core.registry import protocol
from perturb.core.scaffold import Protocol
from perturb.core.values import Call, JsonObject, Reply
from perturb.scaffolding.protocols.documents import parameter_lines
from perturb.scaffolding.protocols.guards import refuse_native, verified

_OPEN, _CLOSE = "<tool_call>", "</tool_call>"


def _list(tools: tuple[JsonObject, ...]) -> str:
    return "\n\n".join(
        f"{tool['function']['name']}: {tool['function']['description']}\n{parameter_lines(tool['function'])}".rstrip()
        for tool in tools
    )


def _document_actions(tools: tuple[JsonObject, ...]) -> str:
    return (
        "# Answer format\nAnswer with one JSON object and nothing else:\n\n"
        '{"evaluation": "whether the last step worked", "memory": "what has to be remembered",\n'
        ' "next_goal": "what you do now and why", "action": [{"action_name": {"parameter": "value"}}]}\n\n'
        "`action` holds one to five actions in the order to do them; one without parameters gets an empty object.\n\n"
        "# Actions\n" + _list(tools)
    )


def _emit_actions(reply: Reply) -> str:
    actions = [{call.tool: dict(call.args)} for call in reply.calls]
    shown = {"evaluation": "As far as can be seen.", "memory": "", "next_goal": reply.text, "action": actions}
    return verified(json.dumps(shown, ensure_ascii=False), reply, _parse_actions)


def _parse_actions(text: str, _tools: tuple[JsonObject, ...]) -> Reply:
    refuse_native(text)
    body = text.strip()
    if body.startswith("```"):
        body = body.partition("\n")[2].rpartition("```")[0]
    data = _object(body)
    actions = data.get("action")
    if not isinstance(actions, list):
        raise ValueError("there is no list of actions")
    calls = []
    for action in actions:
        if not isinstance(action, dict) or len(action) != 1:
            raise ValueError("an action is an object with one key")
        name, arguments = next(iter(action.items()))
        if not isinstance(arguments, dict):
            raise ValueError(f"arguments of {name[:60]} are not an object")
        calls.append(Call(name, arguments))
    goal = data.get("next_goal", "")
    return Reply("", goal if isinstance(goal, str) else "", tuple(calls))


def _object(text: str) -> dict[str, Any]:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}") from error
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    return data


def _document_tags(tools: tuple[JsonObject, ...]) -> str:
    return (
        "# Tools\nTo use a tool, write its name and arguments as JSON between tags, after any words for the user:\n\n"
        f'{_OPEN}{{"name": "tool_name", "arguments": {{"parameter": "value"}}}}{_CLOSE}\n\n' + _list(tools)
    )


def _emit_tags(reply: Reply) -> str:
    blocks = [reply.text] if reply.text else []
    for call in reply.calls:
        body = json.dumps({"name": call.tool, "arguments": dict(call.args)}, ensure_ascii=False)
        # JSON may write a slash with an escape, so that no value can end the call early.
        blocks.append(f"{_OPEN}{body.replace(_CLOSE, _CLOSE.replace('/', chr(92) + '/'))}{_CLOSE}")
    return verified("\n".join(blocks), reply, _parse_tags)


def _parse_tags(text: str, _tools: tuple[JsonObject, ...]) -> Reply:
    refuse_native(text)
    words: list[str] = []
    calls: list[Call] = []
    after = 0
    while (at := text.find(_OPEN, after)) >= 0:
        words.append(text[after:at])
        end = text.find(_CLOSE, at)
        if end < 0:
            raise ValueError("a tool call never ends")
        data = _object(text[at + len(_OPEN) : end])
        name, arguments = data.get("name"), data.get("arguments", {})
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise ValueError("a tool call needs a name and an object of arguments")
        calls.append(Call(name, arguments))
        after = end + len(_CLOSE)
    words.append(text[after:])
    return Reply("", "\n\n".join(filter(None, map(str.strip, words))), tuple(calls))


JSON_ACTIONS = protocol(Protocol("json_actions", False, _document_actions, _emit_actions, _parse_actions))
JSON_IN_TAGS = protocol(Protocol("json_in_tags", False, _document_tags, _emit_tags, _parse_tags))
