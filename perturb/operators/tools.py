"""Perturbations of tool names and of which tools there are. The codec carries them; expectations stay."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b

from perturb.core.draw import Draw
from perturb.core.registry import operator
from perturb.core.values import Case, Intent, JsonObject, Param, Pattern, Tool
from perturb.operators.words import DISTRACTORS, FILLER, SYNONYMS
from perturb.scaffolding.binding import expressible
from perturb.trajectories.patterns import ideal_args

NAME_LIMIT = 64


def renamed(case: Case, names: dict[str, str]) -> Case | None:
    """`case` with tools renamed, also where texts name them; None when a name is taken or too long."""
    if case.surface.protocol == "fenced" or not case.tools:
        # A fenced command shows no tool name.
        return None
    calls_it = spoken(names)
    tools = tuple(_told(replace(tool, name=names.get(tool.name, tool.name)), calls_it) for tool in case.tools)
    called = [tool.name for tool in tools]
    if len({name.lower() for name in called}) < len(called) or any(len(name) > NAME_LIMIT for name in called):
        return None
    system = tuple(replace(s, text=calls_it(s.text)) for s in case.system)
    return replace(case, tools=tools, system=system)


def spoken(names: dict[str, str]) -> Callable[[str], str]:
    """A function that exchanges names in a text, all at once, where they are names.

    One word that is also an ordinary word ("bash", "done") is a name between quotes only.
    """
    odd = [name for name in names if "_" in name or re.search(r"[a-z][A-Z]", name)]
    plain = [name for name in names if name not in odd]
    forms = [rf"(?<![\w-])(?:{'|'.join(map(re.escape, odd))})(?![\w-])"] if odd else []
    forms += [rf"(?<=[`'])(?:{'|'.join(map(re.escape, plain))})(?=[`'])"] if plain else []
    either = re.compile("|".join(forms) or r"(?!)")
    return lambda text: either.sub(lambda found: names[found[0]], text)


def _told(tool: Tool, calls_it: Callable[[str], str]) -> Tool:
    """`tool` whose descriptions name others as they are called now."""
    params = tuple(replace(param, schema=_described(param.schema, calls_it)) for param in tool.params)
    return replace(tool, description=calls_it(tool.description), params=params)


def _described(schema: JsonObject, calls_it: Callable[[str], str]) -> JsonObject:
    text = schema.get("description")
    return {**schema, "description": calls_it(text)} if isinstance(text, str) and calls_it(text) != text else schema


def params_renamed(tool: Tool, names: dict[str, str]) -> Tool:
    """`tool` with parameters renamed, also where its own descriptions name them."""
    params = tuple(replace(param, name=names.get(param.name, param.name)) for param in tool.params)
    return _told(replace(tool, params=params), spoken(names))


def _used_first(case: Case) -> list[Tool]:
    """The tools, those that the right answer needs first."""
    actions = {p.action for p in case.expect.any_of[0]}
    return sorted(case.tools, key=lambda tool: tool.action not in actions)


def _synonyms(name: str) -> list[str]:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[_-]", name)
    found = []
    for place, word in enumerate(words):
        for other in SYNONYMS.get(word.lower(), ()):
            shaped = other.capitalize() if word[0].isupper() else other
            found.append("".join([*words[:place], shaped, *words[place + 1 :]]))
    return found or [f"do_{name}", f"{name}_tool"]


@operator(part="tools", relation="invariant")
def rename_tool(case: Case, draw: Draw) -> Case | None:
    """Give one tool a synonym for a name (T03)."""
    tool = draw.choice(_used_first(case))
    return renamed(case, {tool.name: draw.choice(_synonyms(tool.name))})


@operator(part="tools", relation="invariant")
def opaque_names(case: Case, draw: Draw) -> Case | None:
    """Give tools names that say nothing; only descriptions tell what they do (T02)."""
    chosen = draw.choice([_used_first(case)[:1], list(case.tools)])
    salt = draw.choice(["a", "b", "c"])
    names = {t.name: "fn_" + blake2b((salt + t.name).encode(), digest_size=4).hexdigest() for t in chosen}
    return renamed(case, names)


@operator(part="tools", relation="invariant")
def permute_names(case: Case, draw: Draw) -> Case | None:
    """Let two tools exchange names; descriptions stay (T06, RoTBench heavy)."""
    first = draw.choice(_used_first(case)[:2])
    second = draw.choice([tool for tool in case.tools if tool.name != first.name])
    return renamed(case, {first.name: second.name, second.name: first.name})


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


_STYLES: tuple[Callable[[str], str], ...] = (
    lambda name: _snake(name).replace("_", "-"),
    lambda name: "".join(word.capitalize() for word in _snake(name).split("_")),
    lambda name: re.sub(r"_(.)", lambda m: m[1].upper(), _snake(name)),
    lambda name: _snake(name).upper(),
)


@operator(part="tools", relation="invariant")
def restyle_names(case: Case, draw: Draw) -> Case | None:
    """Write all tool names in another convention: kebab, Pascal, camel, upper case (T04)."""
    style = draw.choice([style for style in _STYLES if any(style(tool.name) != tool.name for tool in case.tools)])
    return renamed(case, {tool.name: style(tool.name) for tool in case.tools})


@operator(part="tools", relation="invariant")
def namespace_prefix(case: Case, draw: Draw) -> Case | None:
    """Put a server's prefix before every tool name, as MCP hosts do (T05)."""
    prefix = draw.choice(["mcp__local__", "ws_", "tools-v2-"])
    return renamed(case, {tool.name: prefix + tool.name for tool in case.tools})


@operator(part="tools", relation="invariant", dose=0)
def add_distractors(case: Case, draw: Draw) -> Case | None:
    """Add tools of other trades: 3, 10 or 20, after, before or round the real ones (T29)."""
    if case.surface.protocol == "fenced":
        return None
    count = draw.choice([3, 10, 20])
    place = draw.choice(["after", "before", "round"])
    taken = {tool.name for tool in case.tools}
    made = tuple(_distractor(*row) for row in DISTRACTORS if row[0] not in taken)[:count]
    half = len(made) // 2 if place == "round" else (0 if place == "after" else len(made))
    return replace(case, tools=(*made[:half], *case.tools, *made[half:])) if made else None


def _distractor(name: str, description: str, parameter: str) -> Tool:
    param = Param(parameter, {"type": "string", "description": f"The {parameter.replace('_', ' ')}"}, parameter)
    return Tool(name, description, f"distractor.{name}", (param,), origin="distractor")


@operator(part="tools", relation="invariant")
def shuffle_tools(case: Case, draw: Draw) -> Case | None:
    """List the tools in another order (T28)."""
    if len(case.tools) < 2 or case.surface.protocol == "fenced":
        return None
    turn = draw.choice(range(1, len(case.tools)))
    return replace(case, tools=(*case.tools[turn:], *case.tools[:turn]))


@operator(part="tools", relation="invariant", dose=0)
def pad_descriptions(case: Case, draw: Draw) -> Case | None:
    """Lengthen tool descriptions by sentences that do not matter (T10)."""
    count = draw.choice([1, 2, 4])
    extra = " ".join(FILLER[:count])
    if not case.tools:
        return None
    return replace(case, tools=tuple(replace(t, description=f"{t.description} {extra}") for t in case.tools))


@operator(part="tools", relation="directional")
def target_removed(case: Case, draw: Draw) -> Case | None:
    """Take away every tool that could do the next step: the right thing is to say so (T33, BFCL miss_func)."""
    patterns = case.expect.any_of[0]
    if patterns[0].action == "say":
        return None
    needed = Intent(patterns[0].action, ideal_args(dict(patterns[0].args)))
    tools = case.tools
    while tools and expressible(tools, needed, case.world):
        gone = next(
            (t for t in tools if t.action == needed.action), next((t for t in tools if t.action == "shell.run"), None)
        )
        if gone is None:
            return None
        tools = tuple(t for t in tools if t is not gone)
    kept = all(expressible(tools, intent, case.world) for turn in case.turns for intent in turn.calls)
    if not tools or not kept or case.surface.protocol == "fenced":
        return None
    words = draw.choice(
        ["I have no tool for the next step, so I cannot do it here.", "A tool is missing for this step."]
    )
    # Another tool may still reach the same: that is as right as to say what is missing.
    any_of = (_said(words, needed.action), *case.expect.any_of)
    expect = replace(case.expect, any_of=any_of, text=words, thinking="No tool can do this.")
    return replace(case, tools=tools, expect=expect)


def _said(words: str, action: str) -> tuple[Pattern, ...]:
    named = [
        "tool*",
        "function*",
        "command*",
        "access",
        "way",
        "permission*",
        "ability",
        *(f"{word}*" for word in _words_of(action)),
    ]
    return (Pattern("say", {"text": {"$claims": [{"cannot": named}], "$example": words}}),)


def _words_of(action: str) -> list[str]:
    """What a person may call an action: its verb, and what stands for it."""
    verbs = [word for word in re.findall(r"[a-z]+", action.lower()) if len(word) > 2 and word not in ("the", "and")]
    return [*verbs, *(other for verb in verbs for other in SYNONYMS.get(verb, ()) if len(other) > 2)]
