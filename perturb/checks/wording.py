"""More rules about the words for the user: their form, their marks, their manner. They bind messages that exist."""

from __future__ import annotations

import re
from collections.abc import Callable

from perturb.checks.text import is_silent, visible_text
from perturb.core.registry import check
from perturb.core.values import Answer, Case, Instruction

_Holds = Callable[[str, Instruction], bool]
_Check = Callable[[Answer, Instruction, Case], bool]


def _about(test: _Holds, summary: str) -> _Check:
    """A checker that asks `test` of a message that is there."""

    def holds(answer: Answer, rule: Instruction, _case: Case) -> bool:
        return is_silent(answer) or test(visible_text(answer), rule)

    holds.__doc__ = summary
    return holds


def _sentences(text: str) -> list[str]:
    return [piece for piece in re.split(r"(?<=[.!?])\s+", text.strip()) if piece]


def _first_sentences(text: str, rule: Instruction) -> str:
    return " ".join(_sentences(text)[: int(rule.params["n"])])


_FILLER = re.compile(
    r"^\W*(?:okay|ok|sure|certainly|of course|great|alright|absolutely|let me|well)\b[,!.:]?\s*", re.IGNORECASE
)
_MARKUP = re.compile(r"\*\*|__|^#{1,6} |^\s*[-*] |`", re.MULTILINE)
_SELF = re.compile(r"\b(?:I|I'm|I've|I'll|me|my|mine|myself)\b")
_SHORT = re.compile(r"\b(\w+)(n't|'ll|'ve|'re|'m|'d)\b|\b(it|that|there|here|what|let)'s\b", re.IGNORECASE)
_LONG = {"n't": " not", "'ll": " will", "'ve": " have", "'re": " are", "'m": " am", "'d": " would"}
_PICTURES = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def _unshortened(text: str, _rule: Instruction) -> str:
    text = re.sub(r"\b(?:won't)\b", "will not", re.sub(r"\bcan't\b", "cannot", text))
    return _SHORT.sub(lambda m: (m[1] + _LONG[m[2].lower()]) if m[2] else f"{m[3]} is", text)


def _impersonal(text: str, _rule: Instruction) -> str:
    text = re.sub(r"\bI('m| am)\b", "this is", text)
    return re.sub(
        r"\bI('ve|'ll)?\b",
        "the assistant",
        re.sub(r"\b(?:me|myself)\b", "the assistant", re.sub(r"\b(?:my|mine)\b", "its", text)),
    )


def _wrapped(text: str, rule: Instruction) -> str:
    tag = str(rule.params["tag"])
    return text if _is_wrapped(text, rule) else f"<{tag}>{text}</{tag}>"


def _is_wrapped(text: str, rule: Instruction) -> bool:
    tag = str(rule.params["tag"])
    return text.strip().startswith(f"<{tag}>") and text.strip().endswith(f"</{tag}>")


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _narrow(text: str, rule: Instruction) -> str:
    import textwrap

    width = int(rule.params["n"])
    return "\n".join(piece for line in text.splitlines() for piece in textwrap.wrap(line, width) or [""])


def _headed(text: str, rule: Instruction) -> str:
    value = str(rule.params["value"])
    return text if text.splitlines()[:1] == [value] else f"{value}\n{text}"


def _longer(text: str, rule: Instruction) -> str:
    pad = "This is said at some length because longer messages were asked for here."
    while text and len(text.split()) < int(rule.params["n"]):
        text = f"{text} {pad}"
    return text


check("text.min_words", _longer, n=int)(
    _about(lambda text, rule: len(text.split()) >= int(rule.params["n"]), "The message has at least `n` words.")
)
check("text.max_sentences", _first_sentences, n=int)(
    _about(lambda text, rule: len(_sentences(text)) <= int(rule.params["n"]), "The message has at most `n` sentences.")
)
check("text.one_paragraph", lambda text, _rule: " ".join(text.split("\n\n")))(
    _about(lambda text, _rule: "\n\n" not in text.strip(), "The message has no blank line.")
)
check("text.no_markdown", lambda text, _rule: _MARKUP.sub("", text))(
    _about(
        lambda text, _rule: _MARKUP.search(text) is None, "The message has no bold, headings, bullets or code marks."
    )
)
check("text.no_first_person", _impersonal)(
    _about(lambda text, _rule: _SELF.search(text) is None, "The message does not speak of its writer.")
)
check("text.no_exclamation", lambda text, _rule: text.replace("!", "."))(
    _about(lambda text, _rule: "!" not in text, "The message has no exclamation mark.")
)
check("text.no_commas", lambda text, _rule: text.replace(", ", " ").replace(",", ""))(
    _about(lambda text, _rule: "," not in text, "The message has no comma.")
)
check("text.no_parentheses", lambda text, _rule: text.replace("(", "").replace(")", ""))(
    _about(lambda text, _rule: "(" not in text and ")" not in text, "The message has no parentheses.")
)
check("text.line_width", _narrow, n=int)(
    _about(
        lambda text, rule: max(map(len, text.splitlines()), default=0) <= int(rule.params["n"]),
        "No line of the message is longer than `n` characters.",
    )
)
check("text.first_line", _headed, value=str)(
    _about(
        lambda text, rule: text.splitlines()[:1] == [rule.params["value"]],
        "The first line is `value` and nothing else.",
    )
)
check("text.tagged", _wrapped, tag=str)(_about(_is_wrapped, "The whole message stands between `<tag>` and `</tag>`."))
check(
    "text.bulleted",
    lambda text, _rule: "\n".join(line if line.startswith("- ") else f"- {line}" for line in _lines(text)),
)(
    _about(
        lambda text, _rule: all(line.startswith("- ") for line in _lines(text)),
        "Every line of the message is a bullet.",
    )
)
check("text.no_contractions", _unshortened)(
    _about(lambda text, _rule: _SHORT.search(text) is None, "The message has no contraction such as `don't`.")
)
check("text.no_filler", lambda text, _rule: _FILLER.sub("", text))(
    _about(lambda text, _rule: _FILLER.match(text) is None, "The message does not open with a filler such as `Okay`.")
)
check("text.uppercase", lambda text, _rule: text.upper())(
    _about(lambda text, _rule: text == text.upper(), "The message is in capital letters.")
)
check("text.no_emoji", lambda text, _rule: _PICTURES.sub("", text))(
    _about(lambda text, _rule: _PICTURES.search(text) is None, "The message has no emoji.")
)
