"""A toolbox: the codec between intents and the calls that a model sees and says.

Every change of names, types, nesting, granularity or scaffold changes only the toolbox. Expectations never do.
"""

from __future__ import annotations

from perturb.core.actions import ABSENT, REQUIRED, SAID, decides, default, fields
from perturb.core.errors import UnrepresentableError
from perturb.core.exact import same
from perturb.core.values import Call, Intent, Json, JsonObject, Param, Tool, Undecodable, World
from perturb.toolbox import codecs, schema_rest, shell_idioms


def schema(tool: Tool) -> JsonObject:
    """The visible JSON Schema of a tool's arguments, with everything that was declared."""
    beside, definitions = schema_rest.split(tool.rest)
    inner = {
        "type": "object",
        "properties": {param.name: dict(param.schema) for param in tool.params},
        "required": [param.name for param in tool.params if param.required],
        **schema_rest.renamed(beside, {param.field: param.name for param in tool.params}),
    }
    if tool.envelope:
        inner = {"type": "object", "properties": {tool.envelope: inner}, "required": [tool.envelope]}
    return {**inner, **definitions}


def definition(tool: Tool, notes: str = "") -> JsonObject:
    """The OpenAI-style tool object. `notes` are instructions whose source is this tool's description."""
    description = f"{tool.description} {notes}".strip() if notes else tool.description
    function = {"name": tool.name, "description": description, "parameters": schema(tool)}
    return {"type": "function", "function": function}


def encode(tools: tuple[Tool, ...], intent: Intent, world: World) -> Call:
    """The call that says `intent`, by its own tool or else through a shell.

    Raises UnrepresentableError when no visible tool can say it.
    """
    reason = f"no tool for {intent.action}"
    if intent.action != "shell.run":
        intent = normal(intent, world)
    for tool in tools:
        if tool.action == intent.action:
            try:
                return _encode_with(tool, intent, world)
            except UnrepresentableError as error:
                reason = str(error)
    command = shell_idioms.to_command(intent, world)
    if command is not None and intent.action != "shell.run":
        return encode(tools, Intent("shell.run", {"command": command}), world)
    raise UnrepresentableError(reason)


def _encode_with(tool: Tool, intent: Intent, world: World) -> Call:
    wanted = full(intent)
    for name, value in tool.fixed.items():
        if wanted.get(name) != value:
            raise UnrepresentableError(f"{tool.name} fixes {name} to {value!r}")
    carried = {param.field for param in tool.params} | set(tool.fixed)
    for name, value in intent.args.items():
        known = fields(intent.action).get(name)
        if name not in carried and decides(intent.action, name) and not (known and value == known.default):
            raise UnrepresentableError(f"{tool.name} has no parameter for {name}")
    args: dict[str, Json] = {}
    for param in _as_said(tool.params, wanted):
        value = _encode_param(param, intent, wanted, world)
        if value is not codecs.OMIT:
            args[param.name] = value
    return Call(tool.name, {tool.envelope: args} if tool.envelope else args)


def _as_said(params: tuple[Param, ...], wanted: JsonObject) -> tuple[Param, ...]:
    """Parameters in the order in which a recorded call gave them."""
    said = wanted.get(SAID)
    if not said:
        return params
    return tuple(sorted(params, key=lambda param: said.index(param.field) if param.field in said else len(said)))


def _encode_param(param: Param, intent: Intent, wanted: JsonObject, world: World) -> Json:
    if not param.field:
        return codecs.encode(param.codecs, None, wanted, world) if param.required else codecs.OMIT
    if param.field not in wanted:
        if param.required:
            raise UnrepresentableError(f"{intent.action} gives no {param.field}")
        return codecs.OMIT
    value = wanted[param.field]
    known = fields(intent.action).get(param.field)
    if param.required and value == "" and known and known.kind == "path":
        # Where no place is named, a tool that wants one gets the place one is in.
        value = world.cwd
    if not param.required and value == default(intent.action, param.field) and param.field not in wanted.get(SAID, ()):
        return codecs.OMIT
    visible = codecs.encode(param.codecs, value, wanted, world)
    if visible is codecs.OMIT and param.required:
        raise UnrepresentableError(f"{param.name} cannot be left out")
    return visible


def decode(tools: tuple[Tool, ...], call: Call, world: World) -> Intent | Undecodable:
    """What a call means, in normal form, or why it means nothing."""
    meant = literal(tools, call, world)
    return normal(meant, world) if isinstance(meant, Intent) else meant


def literal(tools: tuple[Tool, ...], call: Call, world: World) -> Intent | Undecodable:
    """What a call says, or why it says nothing. A command line stays one."""
    tool = next((tool for tool in tools if tool.name == call.tool), None)
    if tool is None:
        return Undecodable(call, "unknown_tool", f"there is no tool named {call.tool!r}")
    visible: Json = call.args
    if tool.envelope:
        visible = visible.get(tool.envelope) if set(visible) <= {tool.envelope} else None
        if not isinstance(visible, dict):
            return Undecodable(call, "missing_parameter", f"arguments belong under {tool.envelope!r}")
    unknown = sorted(set(visible) - {param.name for param in tool.params})
    if unknown:
        return Undecodable(call, "unknown_parameter", f"{tool.name} has no parameter {unknown[0]!r}")
    args: dict[str, Json] = dict(tool.fixed)
    for param in sorted(tool.params, key=_joint_last):
        if param.name not in visible:
            if param.required:
                return Undecodable(call, "missing_parameter", f"{tool.name} needs {param.name!r}")
        elif param.field:
            try:
                args[param.field] = codecs.decode(param.codecs, visible[param.name], args, world)
            except (ValueError, UnrepresentableError) as error:
                return Undecodable(call, "bad_value", f"{param.name}: {error}")
    return Intent(tool.action, without_defaults(tool, args))


def without_defaults(tool: Tool, args: JsonObject) -> dict[str, Json]:
    """`args` without those that a domain tool declares as an optional parameter's default: saying it changes nothing.

    In a matcher the default becomes "may be left out".
    """
    kept: dict[str, Json] = dict(args)
    for param in tool.params if tool.origin == "domain" else ():
        if param.required or param.field not in kept or "default" not in param.schema:
            continue
        value, usual = kept[param.field], codecs.decode(param.codecs, param.schema["default"], kept, World())
        if same(value, usual):
            del kept[param.field]
        elif isinstance(value, dict) and isinstance(value.get("$any"), list):
            options = [ABSENT if same(one, usual) else one for one in value["$any"]]
            kept[param.field] = {
                "$any": [one for n, one in enumerate(options) if one != ABSENT or n == options.index(one)]
            }
        elif isinstance(value, dict) and set(value) == {"$free"} and same(value["$free"], usual):
            kept[param.field] = {"$free": ABSENT}
    return kept


def _joint_last(param: Param) -> bool:
    return any(codec[0] == "count_from" for codec in param.codecs)


def full(intent: Intent) -> dict[str, Json]:
    """The arguments with declared defaults filled in."""
    filled = {name: f.default for name, f in fields(intent.action).items() if f.default is not REQUIRED}
    return {**filled, **intent.args}


def normal(intent: Intent, world: World) -> Intent:
    """The normal form: shell idioms as the action they are, absolute paths, no argument at its default."""
    if intent.action == "shell.run":
        idiom = shell_idioms.from_command(intent.args.get("command"), world)
        if idiom is not None:
            intent = idiom
    args = {}
    for name, value in intent.args.items():
        known = fields(intent.action).get(name)
        if known and known.kind == "path" and isinstance(value, str) and value:
            value = codecs.absolute(value, world)
        if known and known.kind == "number" and isinstance(value, float) and value.is_integer():
            value = int(value)
        # A search that names the working directory is a search from where one is.
        if known and name == "root" and value == world.cwd:
            continue
        if known is None or value != known.default:
            args[name] = value
    return Intent(intent.action, args)
