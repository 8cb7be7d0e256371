"""What a value of ours does not carry of the source that it was read from, and the source made whole again.

An importer reads items (messages, events, lines) into messages; an exporter spells messages as items. The difference
between the source and that spelling is kept in the first message's ``rest``, so that ``whole`` gives back everything
the source had without storing its texts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from perturb.core.values import Json, JsonObject
from perturb.recordings.fields import UnreadableError, an_object
from perturb.recordings.values import Message, Recording

# The items of a source that say these messages.
Spell = Callable[[Sequence[Message]], Sequence[Json]]
_OF, _BEYOND = "of", "beyond"


def beyond(source: Json, said: Json) -> JsonObject:
    """The change that makes `said` into `source`; empty when they are the same.

    >>> beyond({"role": "user", "ts": 5}, {"role": "user", "text": ""})
    {'in': {'ts': {'is': 5}}, 'not': ['text']}
    """
    if isinstance(source, dict) and isinstance(said, dict):
        inner: dict[str, Json] = {}
        for key, value in source.items():
            if key not in said:
                inner[key] = {"is": value}
            elif change := beyond(value, said[key]):
                inner[key] = change
        gone = [key for key in said if key not in source]
        return {**({"in": inner} if inner else {}), **({"not": gone} if gone else {})}
    if isinstance(source, list) and isinstance(said, list):
        return _beyond_list(source, said)
    return {} if type(source) is type(said) and source == said else {"is": source}


def _beyond_list(source: list[Json], said: list[Json]) -> JsonObject:
    """Items put in between, by their place, and changes of the others, by their place in `said`."""
    put: dict[str, Json] = {}
    pairs: list[tuple[Json, Json]] = []
    for place, item in enumerate(source):
        if len(pairs) < len(said) and (len(source) == len(said) or _alike(item, said[len(pairs)])):
            pairs.append((item, said[len(pairs)]))
        else:
            put[str(place)] = item
    if len(pairs) < len(said):
        return {"is": source}
    changes = {str(n): change for n, pair in enumerate(pairs) if (change := beyond(*pair))}
    return {**({"at": changes} if changes else {}), **({"put": put} if put else {})}


def _alike(one: Json, other: Json) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return type(one) is type(other) and bool(one == other)
    return all(one.get(key) == other.get(key) for key in ("type", "role", "kind", "source") if key in other)


def whole(said: Json, change: JsonObject) -> Json:
    """`said` with what `beyond` found.

    >>> whole({"role": "user", "text": ""}, {'in': {'ts': {'is': 5}}, 'not': ['text']})
    {'role': 'user', 'ts': 5}
    """
    if "is" in change:
        return change["is"]
    if isinstance(said, dict):
        gone = change.get("not", ())
        made = {key: value for key, value in said.items() if key not in gone}
        for key, inner in change.get("in", {}).items():
            made[key] = whole(said.get(key), inner)
        return made
    if isinstance(said, list):
        put, changes = change.get("put", {}), change.get("at", {})
        others = iter([whole(item, changes.get(str(n), {})) for n, item in enumerate(said)])
        return [put[str(n)] if str(n) in put else next(others) for n in range(len(said) + len(put))]
    return said


def kept(messages: Sequence[Message], items: Sequence[Json], spell: Spell) -> tuple[Message, ...]:
    """`messages`, which were read from `items` together, with what they do not carry in the first one's rest."""
    change = beyond(list(items), list(spell(messages)))
    rest = {**({_OF: len(messages)} if len(messages) != 1 else {}), **({_BEYOND: change} if change else {})}
    return (replace(messages[0], rest=rest), *messages[1:])


def items_of(messages: Sequence[Message], spell: Spell) -> Iterator[Json]:
    """The items that the messages were read from."""
    at = 0
    while at < len(messages):
        group = messages[at : at + messages[at].rest.get(_OF, 1)]
        yield from whole(list(spell(group)), group[0].rest.get(_BEYOND, {}))
        at += len(group)


def aside(message: Message, spell: Spell) -> tuple[Message, ...]:
    """`message`, which stands in no item: its source is kept elsewhere (a system prompt beside the messages)."""
    return kept([message], [], spell)


def placed(record: JsonObject, path: Sequence[str], value: Json) -> dict[str, Json]:
    """A copy of `record` with `value` at `path`.

    >>> placed({"a": {"b": 1, "c": 2}}, ("a", "b"), None)
    {'a': {'b': None, 'c': 2}}
    """
    inner = value if len(path) == 1 else placed(record.get(path[0], {}), path[1:], value)
    return {**record, path[0]: inner}


def within(record: JsonObject, path: Sequence[str]) -> Json:
    """What stands at `path`. Raises UnreadableError when something on the way is no object."""
    found: Json = record
    for number, key in enumerate(path):
        found = an_object(found, ".".join(path[:number]) or "record").get(key)
    return found


def recording(
    made: tuple[str, str, str], messages: Sequence[Message], record: JsonObject, path: Sequence[str], **more: Json
) -> Recording:
    """A recording (id, format, place) of the messages that stood at `path` of `record`, which is kept without them.

    Raises UnreadableError when there are none.
    """
    if not messages:
        raise UnreadableError(f"{'.'.join(path)}: holds no message")
    name, form, where = made
    tools = more.pop("tools", None)
    return Recording(name, form, tuple(messages), tools, where, rest={"record": placed(record, path, None)}, **more)


def source_of(recording: Recording, path: Sequence[str], spell: Spell) -> dict[str, Json]:
    """The record that `recording` was read from."""
    return placed(recording.rest["record"], path, list(items_of(recording.messages, spell)))
