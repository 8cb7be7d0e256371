"""Operators that break what tools are: their schemas, names and what is said of them."""

from __future__ import annotations

from dataclasses import replace

from perturb.core.draw import Draw
from perturb.core.values import Case, Param, Tool
from tests.laws.planted import planted
from tests.laws.planted.helpers import needed, said, swap, tools


def _unused(case: Case) -> Tool | None:
    """A tool with several parameters that the answer does not need."""
    used = {p.action for several in (*case.expect.any_of, *case.expect.ahead) for p in several}
    used |= {call.action for turn in case.turns for call in turn.calls}
    return next((tool for tool in case.tools if tool.action not in used and len(tool.params) > 1), None)


@planted("schemas whole", "tools", alone=True)
def drops_a_required_parameter(case: Case, _draw: Draw) -> Case | None:
    """A simpler tool: its first parameter is gone."""
    tool = _unused(case)
    return swap(case, tool, replace(tool, params=tool.params[1:])) if tool else None


@planted("schemas whole", "tools", alone=True)
def nothing_is_required(case: Case, _draw: Draw) -> Case | None:
    """Every parameter becomes optional."""
    if case.surface.protocol == "fenced":
        return None
    return tools(case, lambda t: replace(t, params=tuple(replace(p, required=False) for p in t.params)))


@planted("schemas whole", "tools")
def text_without_a_codec(case: Case, _draw: Draw) -> Case | None:
    """Whole numbers and yes/no are asked for as text, and still sent as they were."""
    tool = next(
        (t for t in case.tools if any(p.schema.get("type") in ("boolean", "number", "integer") for p in t.params)), None
    )
    if tool is None:
        return None

    def spoil(param: Param) -> Param:
        plain = param.schema.get("type") in ("boolean", "number", "integer")
        return replace(param, schema={"type": "string", "description": "As text"}) if plain and param.field else param

    return swap(case, tool, replace(tool, params=tuple(map(spoil, tool.params))))


@planted("schemas whole", "tools")
def a_bound_that_is_new(case: Case, _draw: Draw) -> Case | None:
    """Numbers get an upper bound that what was right before exceeds."""
    tool = _unused(case)
    if tool is None:
        return None

    def bounded(param: Param) -> Param:
        number = param.schema.get("type") in ("number", "integer") and param.field
        return replace(param, schema={**param.schema, "maximum": 5}) if number else param

    made = replace(tool, params=tuple(map(bounded, tool.params)))
    return swap(case, tool, made) if made != tool else None


@planted("schemas whole", "tools", alone=True)
def another_default(case: Case, _draw: Draw) -> Case | None:
    """Defaults that read better, and mean something else."""

    def spoil(param: Param) -> Param:
        value = param.schema.get("default")
        other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else None
        return replace(param, schema={**param.schema, "default": other}) if other is not None else param

    out = tools(case, lambda tool: replace(tool, params=tuple(map(spoil, tool.params))))
    return out if out != case else None


@planted("schemas whole", "tools", alone=True)
def a_twin(case: Case, _draw: Draw) -> Case | None:
    """A distractor copied from a real tool: who picks it is wrong."""
    tool = needed(case)
    if tool is None or case.surface.protocol == "fenced":
        return None
    twin = replace(tool, name="alt_" + tool.name[:50], action="distractor.alt", origin="distractor")
    return replace(case, tools=(*case.tools, twin))


@planted("schemas whole", "tools", alone=True)
def an_alias(case: Case, _draw: Draw) -> Case | None:
    """A second name for a tool, both of which work."""
    tool = _unused(case)
    if tool is None or case.surface.protocol == "fenced":
        return None
    alias = replace(tool, name="also_" + tool.name[:50], description="Short for another tool.")
    return replace(case, tools=(*case.tools, alias))


@planted("schemas whole", "tools", alone=True)
def leaves_stale_names_in_text(case: Case, _draw: Draw) -> Case | None:
    """Tools get other names; the prompt and other descriptions speak of the old ones."""
    if case.surface.protocol == "fenced":
        return None
    return tools(case, lambda tool: replace(tool, name="x1_" + tool.name[:50]))


@planted("schemas whole", "tools", alone=True)
def leaves_stale_parameters_in_text(case: Case, _draw: Draw) -> Case | None:
    """Parameters get other names; descriptions speak of the old ones."""
    if case.surface.protocol == "fenced":
        return None
    return (
        tools(case, lambda t: replace(t, params=tuple(replace(p, name="a_" + p.name.lstrip("-")) for p in t.params)))
        if not any(tool.rest for tool in case.tools)
        else None
    )


@planted("schemas whole", "tools", alone=True)
def descriptions_change_places(case: Case, _draw: Draw) -> Case | None:
    """Two tools exchange descriptions, and nothing else: each now does what it does not say."""
    if len(case.tools) < 2 or case.surface.protocol == "fenced":
        return None
    one, two = case.tools[0], case.tools[1]
    swapped = (replace(one, description=two.description), replace(two, description=one.description))
    return replace(case, tools=(*swapped, *case.tools[2:]))


@planted("schemas whole", "tools")
def fields_change_places(case: Case, _draw: Draw) -> Case | None:
    """Two parameters exchange what they carry instead of their names."""
    if case.surface.protocol == "fenced":
        return None
    for tool in case.tools:
        texts = [p for p in tool.params if p.schema.get("type") == "string" and p.field and not p.codecs]
        if len(texts) > 1 and texts[0].required == texts[1].required and not tool.rest:
            other = {texts[0].field: texts[1].field, texts[1].field: texts[0].field}
            params = tuple(replace(p, field=other.get(p.field, p.field)) for p in tool.params)
            return swap(case, tool, replace(tool, params=params))
    return None


@planted("schemas whole", "tools")
def forgets_the_rest(case: Case, _draw: Draw) -> Case | None:
    """Tools built anew from their parts, without what the schema demands beside them."""
    if not any(tool.rest for tool in case.tools):
        return None
    return tools(
        case,
        lambda t: Tool(t.name, f"{t.description} It is quick.", t.action, t.params, t.fixed, t.envelope, t.origin),
    )


@planted("well-formed", "tools")
def duplicates_a_tool(case: Case, _draw: Draw) -> Case | None:
    """The first tool twice."""
    return replace(case, tools=(*case.tools, case.tools[0]))


@planted("well-formed", "tools", alone=True)
def names_that_differ_in_case(case: Case, _draw: Draw) -> Case | None:
    """A distractor whose name is a tool's in capitals."""
    if case.surface.protocol == "fenced":
        return None
    name = next((t.name for t in case.tools if t.name.upper() != t.name), None)
    if name is None:
        return None
    other = Tool(name.upper(), "Rings a bell.", "distractor.bell", (), origin="distractor")
    return replace(case, tools=(*case.tools, other))


@planted("well-formed", "tools")
def an_illegal_name(case: Case, _draw: Draw) -> Case | None:
    """A version with a dot, which no server takes."""
    return tools(case, lambda tool: replace(tool, name=tool.name + ".v2"))


@planted("well-formed", "tools")
def a_broken_schema(case: Case, _draw: Draw) -> Case | None:
    """A type with a slip of the pen."""
    return tools(case, lambda t: replace(t, params=tuple(replace(p, schema={"type": "strnig"}) for p in t.params)))


@planted("well-formed", "tools")
def a_parameter_twice(case: Case, _draw: Draw) -> Case | None:
    """A renamed parameter gets the name of another one."""
    tool = _unused(case)
    if tool is None:
        return None
    one = replace(tool.params[0], name=tool.params[1].name)
    return swap(case, tool, replace(tool, params=(one, *tool.params[1:])))


@planted("no leak", "system", alone=True)
def tells_the_answer(case: Case, _draw: Draw) -> Case | None:
    """A hint with the words of the right answer."""
    return replace(
        said(case, lambda t: t),
        system=(*case.system, replace(case.system[0], title="Hint", text=str(case.expect.thinking))),
    )


@planted("leaks by count", "tools", alone=True)
def recommends_the_tool(case: Case, _draw: Draw) -> Case | None:
    """A description that points to the tool which is wanted next."""
    tool = needed(case)
    if tool is None or len(case.tools) < 2 or case.surface.protocol == "fenced":
        return None
    return tools(case, lambda t: replace(t, description=f"{t.description} See also the tool {tool.name}."))


@planted("leaks by count", "user", alone=True)
def points_at_the_file(case: Case, _draw: Draw) -> Case | None:
    """A hurried user who says which file it is about."""
    path = next(
        (str(v) for p in case.expect.any_of[0] for k, v in p.args.items() if k == "path" and isinstance(v, str)), ""
    )
    if not path or path not in repr(case.turns):
        return None
    return said(case, lambda text: f"{text} It is about {path.rpartition('/')[2]}, I think.")


@planted("leaks by count", "system", alone=True)
def a_motto_with_the_value(case: Case, _draw: Draw) -> Case | None:
    """A motto into which a value of the answer slipped."""
    args = [v for p in case.expect.any_of[0] for v in p.args.values() if isinstance(v, str) and 3 < len(v) < 40]
    value = next(
        (v for v in args if v in repr(case.turns) and not v.isalpha() and "/" not in v and "\n" not in v), None
    )
    if value is None:
        return None
    return replace(case, system=(*case.system, replace(case.system[-1], title="Motto", text=f"Remember: {value}!")))
