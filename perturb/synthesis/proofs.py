"""What an example must pass beside its own proof: a length, clean wording, and on a sample the law of equivalents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from perturb.core.errors import UnrepresentableError, UserError
from perturb.core.registry import EQUIVALENTS
from perturb.core.values import Case
from perturb.laws.verdicts import played
from perturb.scaffolding.render import visible_tools
from perturb.synthesis.cleaning import Talk, faults
from perturb.synthesis.examples import Example

# Judging every equivalent of an answer takes some twenty times as long as making the example.
_EVERY = 50


@dataclass(slots=True)
class Equivalents:
    """Every fiftieth example: each other way to its effect must score 1 as well. Counts what it tried."""

    seen: int = 0
    examples: int = 0
    tried: int = 0
    refused: int = 0

    def __call__(self, example: Example) -> str:
        """Refuses an example whose expectation turns an equivalent down: its gold is too narrow."""
        self.seen += 1
        if (self.seen - 1) % _EVERY:
            return ""
        self.examples += 1
        tried, refused = _judged(example.case)
        self.tried += tried
        self.refused += refused
        return "equivalent_refused" if refused else ""


def _judged(case: Case) -> tuple[int, int]:
    tried = refused = 0
    for generator in EQUIVALENTS.values():
        for replies in generator(case):
            try:
                right = played(case, replies).calls
            except UnrepresentableError:
                continue
            tried += 1
            refused += not right
    return tried, refused


def unclean(example: Example) -> str:
    """The first cleaning rule that the example breaks (see :mod:`perturb.synthesis.cleaning`)."""
    talk = Talk(example.request.messages, example.said, visible_tools(example.case))
    return next(faults(talk), "")


def longer_than(longest: int, tokenizer: Path) -> Callable[[Example], str]:
    """What refuses examples of more than `longest` tokens of the tokenizer in a checkpoint's folder.

    Raises UserError when there is none that can be read.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise UserError("a length limit needs the package tokenizers: pip install tokenizers") from error
    path = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
    try:
        loaded = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exceptions
        raise UserError(f"{path}: no tokenizer can be read there ({error})") from error

    def refuses(example: Example) -> str:
        texts = loaded.encode_batch([example.prompt, example.answer], add_special_tokens=False)
        # One more for the token that ends a reply.
        return "too_long" if sum(len(one.ids) for one in texts) + 1 > longest else ""

    return refuses
