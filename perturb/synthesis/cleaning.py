"""Rules that say what is wrong with an answer somebody would train on: one function each, no model.

They read conversations in OpenAI's form, so that they work on this project's examples and on anybody's. Source of the
list: what MiniMax reports of rule-based cleaning for M2's training data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from perturb.core.canonical import canonical
from perturb.core.registry import CHECKS
from perturb.core.values import Call, Case, Expect, Instruction, JsonObject, Reply, World
from perturb.judging.ideal import understand
from perturb.trajectories.episodes import domain_tool


@dataclass(frozen=True, slots=True)
class Talk:
    """An answer with what stood before it, the tools (OpenAI's form) and the rules it had to keep."""

    before: Sequence[JsonObject]
    reply: Reply
    tools: Sequence[JsonObject]
    rules: tuple[Instruction, ...] = ()


Rule = Callable[[Talk], bool]
RULES: dict[str, Rule] = {}


def cleaning(rule: Rule) -> Rule:
    """Register a rule under its own name: True says that the answer is not to be trained on."""
    RULES[rule.__name__] = rule
    return rule


def faults(talk: Talk) -> Iterator[str]:
    """The names of the rules that the answer breaks."""
    return (name for name, rule in RULES.items() if rule(talk))


@cleaning
def instruction_broken(talk: Talk) -> bool:
    """A rule that the conversation states is not kept."""
    if not talk.rules:
        return False
    tools = tuple(domain_tool({"description": "", "parameters": {}, **_function(tool)}) for tool in talk.tools)
    case = Case("talk@1", "talk", "imported", (), tools, World(), (), talk.rules, Expect(()))
    answer = understand(case, talk.reply)
    return not all(CHECKS[rule.check].holds(answer, rule, case) for rule in talk.rules)


@cleaning
def hallucinated_tool(talk: Talk) -> bool:
    """A call names a tool, or a parameter of a closed one, that was not shown."""
    shown = {_function(tool).get("name"): _function(tool).get("parameters") or {} for tool in talk.tools}
    return any(call.tool not in shown or _unknown(shown[call.tool], call) for call in talk.reply.calls)


def _unknown(schema: JsonObject, call: Call) -> bool:
    declared = schema.get("properties")
    closed = isinstance(declared, dict) and not schema.get("additionalProperties") and "patternProperties" not in schema
    return closed and not set(call.args) <= set(declared or ())


_NO_TOOL = re.compile(
    r"\b(no tool|none of the tools|without (calling )?any tools?|no need (for|to call) a tool)\b", re.I
)
_INTENDS = re.compile(r"\b(call|use|run|invoke)(ing)?\s+(the\s+)?[`'\"]?([\w.-]+)", re.I)


@cleaning
def contradicting_thought(talk: Talk) -> bool:
    """The thought names tools and others are called, or says that there is none and one is called, or the reverse."""
    thinking, called = talk.reply.thinking, {call.tool for call in talk.reply.calls}
    if called and _NO_TOOL.search(thinking):
        return True
    names = {str(_function(tool).get("name")) for tool in talk.tools}
    # Names that are plain words ("search", "Read") say nothing by standing in a sentence.
    named = {name for name in names if re.search(r"[_.\-]|[a-z][A-Z]", name) and _stands(name, thinking)}
    if called:
        return bool(named) and not named & called
    return any(found.group(4) in named for found in _INTENDS.finditer(thinking))


def _stands(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


_FAILED = re.compile(r"error|fail|timed? ?out|denied|refused|unavailable|limit|try again|exception", re.I)


@cleaning
def repeated_call(talk: Talk) -> bool:
    """A call stands twice in the answer, or was made since the user last spoke and did not fail."""
    said = [_key(call) for call in talk.reply.calls]
    if len(set(said)) < len(said):
        return True
    return bool(said) and any(key in said for key in _answered(talk.before))


def _answered(messages: Sequence[JsonObject]) -> Iterator[bytes]:
    """The calls that were made and did not fail since the user last spoke."""
    open_calls: list[bytes] = []
    start = max((n for n, one in enumerate(messages) if one.get("role") == "user"), default=-1)
    for one in messages[start + 1 :]:
        if one.get("tool_calls"):
            open_calls = [_key(call) for call in calls_of(one)]
        elif one.get("role") == "tool" and open_calls:
            key = open_calls.pop(0)
            if not _FAILED.search(str(one.get("content"))):
                yield key


_OPEN_END = re.compile(r"(,|-|\(|\[|\{|\b(and|or|but|the|a|an|to|of|in|with|because|so|that|then|if|for))$", re.I)


@cleaning
def truncated_thought(talk: Talk) -> bool:
    """The thinking ends in the middle of a sentence or a block of code, or its mark was never closed."""
    thinking = talk.reply.thinking.rstrip()
    return (
        bool(_OPEN_END.search(thinking))
        or thinking.count("```") % 2 == 1
        or talk.reply.text.count("<think>") > talk.reply.text.count("</think>")
    )


@cleaning
def language_mixing(talk: Talk) -> bool:
    """Thinking or words hold letters of a script that nothing before them holds."""
    written = talk.reply.thinking + talk.reply.text
    if written.isascii():
        return False
    foreign = [letter for letter in written if letter.isalpha() and not letter.isascii()]
    new = set(map(_script, foreign)) - {"LATIN"}
    if not new:
        return False
    there = {_script(letter) for one in talk.before for letter in str(one.get("content")) if letter.isalpha()}
    # One letter of another script is a symbol (µ, π), not a language.
    return sum(_script(letter) in new - there for letter in foreign) > 1


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").partition(" ")[0]


def _function(tool: JsonObject) -> JsonObject:
    found = tool.get("function", tool)
    return found if isinstance(found, dict) else {}


def calls_of(message: JsonObject) -> tuple[Call, ...]:
    """The tool calls of a message; arguments are an object or its JSON. Raises ValueError for what is neither."""
    import orjson

    found = []
    for one in message.get("tool_calls") or ():
        function = one["function"]
        arguments: Any = function.get("arguments") or {}
        arguments = orjson.loads(arguments) if isinstance(arguments, str) else arguments
        if not isinstance(arguments, dict) or not isinstance(function.get("name"), str):
            raise ValueError("a call is a name and an object of arguments")
        found.append(Call(function["name"], arguments))
    return tuple(found)


def _key(call: Call) -> bytes:
    return canonical([call.tool, dict(call.args)])
