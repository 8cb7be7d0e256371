"""What requests cost before they are asked: tokens by a stated ratio, answers by a stated length."""

from __future__ import annotations

import orjson

from perturb.core.values import Request

# Of M2's tokenizer on the prompts of the shipped cases, where no tokenizer is at hand.
CHARACTERS_PER_TOKEN = 4.0
# An answer of M2 with its thinking, where no earlier run says otherwise.
ANSWER_TOKENS = 800


def characters(request: Request) -> int:
    """The size of a request's text, markup of messages and tools included."""
    return len(orjson.dumps([request.messages, request.tools]))


def tokens(request: Request) -> int:
    """Of prompt and answer, by estimate."""
    return round(characters(request) / CHARACTERS_PER_TOKEN) + ANSWER_TOKENS
