"""Berkeley Function-Calling Leaderboard records as cases (questions and accepted answers, v4 file layout).

A record whose accepted answer contradicts its own function is left out with the reason, never repaired.
Source: ShishirPatil/gorilla, Apache-2.0.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product
from pathlib import Path
from typing import Any

import orjson

from perturb.core.actions import ABSENT
from perturb.core.errors import UserError
from perturb.core.reading import json_lines
from perturb.core.values import Case, Expect, Intent, Json, JsonObject, Pattern, Result, Section, Tool, Turn, World
from perturb.toolbox import toolbox
from perturb.toolbox.json_schema import first_violation, schema_problem
from perturb.trajectories.bfcl_functions import function_tool, legal
from perturb.trajectories.defaults import unsaid
from perturb.trajectories.patterns import ideal_args

# Alternatives of a nested answer that are spelled out; more than this are cut.
MAX_OPTIONS = 64
_ABSTAIN = "No function here does that, so there is nothing I can call."
_SYSTEM = Section("Task", "Answer the user's request with the functions you have. Call none when none applies.", "task")
_NEW_TOOLS = "Some functions have been added that may help with what I asked before."
Inconsistent = str
# What a record that is not as it should be makes the code below stumble over.
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, SyntaxError, RecursionError)


def cases_of(path: Path) -> Iterator[tuple[str, Case | Inconsistent]]:
    """(record name, its case or why there is none), record by record. Raises UserError for what is no BFCL file."""
    source = path.parent / "possible_answer" / path.name
    answers = _answers(source)
    unanswered = f"its file of accepted answers is not there: {source}" if not source.exists() else ""
    for number, record in _lines(path):
        where = f"{path}: line {number}"
        if not isinstance(record.get("id"), str) or not isinstance(record.get("question"), list):
            raise UserError(f"{where}: id, question: missing; this is not a BFCL record")
        name = record["id"]
        answer = answers.get(name)
        try:
            if "function" in record:
                yield name, _single(record, answer, unanswered)
            elif "initial_config" in record:
                for turn, case in enumerate(_multi(record, answer, path.parent / "multi_turn_func_doc"), 1):
                    yield f"{name}@{turn}", case
            else:
                yield name, "its accepted answer is a text, not a call"
        except _UNREADABLE as error:
            yield name, f"cannot be read: {type(error).__name__}: {error}"


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, record in json_lines(path):
        if not isinstance(record, dict):
            raise UserError(f"{path}: line {number}: not an object")
        yield number, record


def _answers(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    found = {}
    for number, record in _lines(path):
        if not isinstance(record.get("id"), str) or "ground_truth" not in record:
            raise UserError(f"{path}: line {number}: id, ground_truth: missing; this holds no accepted answers")
        found[record["id"]] = record["ground_truth"]
    return found


def _single(record: dict[str, Any], answer: Any, unanswered: str) -> Case | Inconsistent:
    tools = tuple(function_tool(function) for function in record["function"])
    messages = [message for turn in record["question"] for message in turn]
    if len({tool.name for tool in tools}) < len(tools):
        return "two of its functions have the same name"
    if answer is None and "relevance" not in record["id"]:
        return unanswered or "it has no accepted answer"
    if answer is None:
        # These two categories have no file of answers: any call is right, or none is.
        expect = _any_call(tools) if "irrelevance" not in record["id"] else _no_call()
    else:
        expect = Expect((tuple(_valid_first(_pattern(call), tools) for call in answer),))
    return _checked(_case(record["id"], 1, tools, messages, (), expect))


def _no_call() -> Expect:
    return Expect(((Pattern("say", {"text": {"$free": _ABSTAIN}}),),), (), _ABSTAIN)


def _any_call(tools: tuple[Tool, ...]) -> Expect:
    """Any call of any function is right; the ideal one fills what is required."""
    alternatives = []
    for tool in tools:
        args = {p.field: {"$free": _example(p.schema) if p.required else ABSENT} for p in tool.params}
        alternatives.append((Pattern(tool.action, args),))
    return Expect(tuple(alternatives))


def _example(schema: JsonObject) -> Json:
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _example(schema["properties"][name]) for name in schema.get("required", ())}
    return {"integer": 1, "number": 1.5, "boolean": True, "array": [], "null": None}.get(
        schema.get("type", ""), "example"
    )


def _pattern(call: JsonObject) -> Pattern:
    """One accepted call: every argument with the values that are accepted for it; "" means it may be left out."""
    ((name, arguments),) = call.items()
    args: dict[str, Json] = {}
    for parameter, accepted in arguments.items():
        options = [value for option in accepted if option != "" for value in _concrete(option)]
        if "" in accepted and options:
            options.append(ABSENT)
        if options:
            args[parameter] = {"$any": options}
        elif len(accepted) != 1:
            args[parameter] = {"$any": [""]}
    return Pattern(legal(name), args)


def _valid_first(pattern: Pattern, tools: tuple[Tool, ...]) -> Pattern:
    """The accepted values that the function's own schema allows, before those it does not."""
    schemas = {p.name: p.schema for tool in tools if tool.action == pattern.action for p in tool.params}

    def invalid(name: str, value: Json) -> bool:
        return value != ABSENT and first_violation(schemas.get(name, {}), value) is not None

    def ordered(name: str, values: list[Json]) -> list[Json]:
        return sorted(values, key=lambda value: (value == ABSENT, invalid(name, value)))

    args = {name: {"$any": ordered(name, matcher["$any"])} for name, matcher in pattern.args.items()}
    optional = {p.name for tool in tools if tool.action == pattern.action for p in tool.params if not p.required}
    for name, matcher in args.items():
        # When no accepted value is a legal one but the argument may be left out, leaving it out is the answer.
        if name in optional and ABSENT in matcher["$any"] and invalid(name, matcher["$any"][0]):
            matcher["$any"].sort(key=lambda value: value != ABSENT)
    return Pattern(pattern.action, args)


def _concrete(value: Json) -> list[Json]:
    """A nested answer, whose objects list accepted values per key, as the plain values it accepts."""
    if isinstance(value, dict):
        keys = list(value)
        choices = [_key_options(value[key]) for key in keys]
        combined = islice(product(*choices), MAX_OPTIONS)
        return [{k: v for k, v in zip(keys, values, strict=True) if v != ABSENT} for values in combined]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [list(items) for items in islice(product(*map(_concrete, value)), MAX_OPTIONS)]
    return [value]


def _key_options(accepted: Json) -> list[Json]:
    options = accepted if isinstance(accepted, list) else [accepted]
    real = [value for option in options if option != "" for value in _concrete(option)]
    return [*real, ABSENT] if "" in options else real


def _case(
    name: str, step: int, tools: tuple[Tool, ...], messages: list[JsonObject], before: tuple[Turn, ...], expect: Expect
) -> Case:
    cluster = "bfcl-" + legal(name).replace("_", "-").lower()[:58].rstrip("-")
    own = tuple(Section("Task", str(m["content"]), "task") for m in messages if m["role"] == "system")
    roles = {"user": "user", "assistant": "assistant"}
    said = tuple(Turn(roles[m["role"]], str(m["content"])) for m in messages if m["role"] in roles)  # type: ignore[arg-type]  # the two roles
    return Case(f"{cluster}@{step}", cluster, "imported", own or (_SYSTEM,), tools, World(), before + said, (), expect)


def _checked(case: Case) -> Case | Inconsistent:
    """`case`, or how its accepted answer contradicts its own functions."""
    if not case.turns or case.turns[0].role != "user":
        return "the conversation does not start with the user"
    case = unsaid(case)
    by_name = {tool.action: tool for tool in case.tools}
    for tool in case.tools:
        problem = schema_problem(toolbox.schema(tool))
        if problem:
            return f"schema of {tool.name} is not valid: {problem}"
    earlier = next((i.action for turn in case.turns for i in turn.calls if i.action not in by_name), None)
    if earlier is not None:
        return f"an earlier accepted answer calls {earlier}, which is not among the functions of this turn"
    for pattern in case.expect.any_of[0]:
        if pattern.action == "say":
            continue
        tool_called = by_name.get(pattern.action)
        if tool_called is None:
            return f"the accepted answer calls {pattern.action}, which is not among its functions"
        problem = _call_problem(tool_called, ideal_args(dict(pattern.args)))
        if problem:
            return f"the accepted answer breaks its own function {pattern.action}: {problem}"
    return case


def _call_problem(tool: Tool, args: JsonObject) -> str | None:
    names = {param.name for param in tool.params}
    for name in args:
        if name not in names:
            return f"there is no parameter {name}"
    for param in tool.params:
        if param.name not in args:
            if param.required:
                return f"{param.name} is required and has no accepted value"
            continue
        problem = first_violation(param.schema, args[param.name])
        if problem:
            return f"{param.name}: {problem}"
    return None


_DOCUMENTS = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TwitterAPI": "posting_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "VehicleControlAPI": "vehicle_control",
}


@lru_cache(maxsize=32)
def _documents(path: Path) -> tuple[JsonObject, ...]:
    return tuple(function for _, function in _lines(path))


def _multi(record: dict[str, Any], answer: Any, documents: Path) -> Iterator[Case | Inconsistent]:
    """One case a user turn: the first accepted call, or all of the turn's calls at once.

    The records hold no tool results, so earlier calls are shown as done and nothing more.
    """
    if answer is None:
        yield "it has no accepted answer"
        return
    missing = [f"{_DOCUMENTS.get(name, name)}.json" for name in record["involved_classes"]]
    missing = [name for name in missing if not (documents / name).exists()]
    if missing:
        yield f"the document of its functions is not there: {documents / missing[0]}"
        return
    functions = [f for name in record["involved_classes"] for f in _documents(documents / f"{_DOCUMENTS[name]}.json")]
    excluded = set(record.get("excluded_function", ()))
    later = {int(turn): set(names) for turn, names in record.get("missed_function", {}).items()}
    before: tuple[Turn, ...] = ()
    for number, (messages, calls) in enumerate(zip(record["question"], answer, strict=True)):
        hidden = excluded | {name for turn, names in later.items() if turn > number for name in names}
        tools = tuple(function_tool(f) for f in functions if f["name"] not in hidden)
        asked = messages or [{"role": "user", "content": _NEW_TOOLS}]
        intents = tuple(_python_call(text, functions) for text in calls)
        case = _case(record["id"], number + 1, tools, asked, before, _turn_expectation(intents))
        yield _checked(case)
        before = (*case.turns, _done(intents))


def _turn_expectation(intents: tuple[Intent, ...]) -> Expect:
    if not intents:
        return Expect(((Pattern("say", {"text": {"$free": "I cannot do that yet; what should I use?"}}),),), (), "")
    patterns = tuple(Pattern(intent.action, intent.args) for intent in intents)
    return Expect(((patterns[0],), patterns) if len(patterns) > 1 else (patterns,))


def _done(intents: tuple[Intent, ...]) -> Turn:
    if not intents:
        return Turn("assistant", "I cannot do that yet; what should I use?")
    return Turn("assistant", "", "", intents, tuple(Result("done", {"message": "done"}) for _ in intents))


def _python_call(text: str, functions: list[JsonObject]) -> Intent:
    """A call written as Python, read without running it. Positional arguments take the function's order."""
    call = ast.parse(text.strip(), mode="eval").body
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name | ast.Attribute):
        raise ValueError(f"not a call: {text}")
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
    order = next((list(f["parameters"].get("properties", {})) for f in functions if f["name"] == name), [])
    args = {order[place]: ast.literal_eval(value) for place, value in enumerate(call.args)}
    args.update({keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg})
    plain: dict[str, Json] = orjson.loads(orjson.dumps(args))
    return Intent(legal(name), plain)
