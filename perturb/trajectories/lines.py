"""On which line of a fixture's text a value stands."""

from __future__ import annotations

import json


def line_of_step(text: str, number: int, *location: int | str) -> int:
    """The line of a fixture's text where its assistant step `number` (from 1), or a place in it, starts."""
    steps = [place for place, turn in enumerate(json.loads(text)["turns"]) if turn.get("user") is None]
    return line_of(text, "turns", steps[number - 1], *location)


def line_of(text: str, *location: int | str) -> int:
    """The line where the value at `location` starts, or where its nearest existing parent does."""
    position, decoder = _skip(text, 0), json.JSONDecoder()
    for key in location:
        child = _child(text, position, key, decoder)
        if child is None:
            break
        position = child
    return text.count("\n", 0, position) + 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,:":
        position += 1
    return position


def _child(text: str, position: int, key: int | str, decoder: json.JSONDecoder) -> int | None:
    """Where the member `key` of the container at `position` starts."""
    opening = text[position] if position < len(text) else ""
    if opening not in "{[" or (opening == "{") != isinstance(key, str):
        return None
    position, index = _skip(text, position + 1), 0
    while position < len(text) and text[position] not in "}]":
        name: int | str = index
        if opening == "{":
            name, position = decoder.raw_decode(text, position)
            position = _skip(text, position)
        if name == key:
            return position
        _, position = decoder.raw_decode(text, position)
        position, index = _skip(text, position), index + 1
    return None
