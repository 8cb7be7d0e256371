"""Rules about the words for the user: the reply's text, or what its say-call says."""

from __future__ import annotations

from perturb.core.registry import check
from perturb.core.values import Answer, Case, Instruction, Intent


def visible_text(answer: Answer) -> str:
    """The words a person would see: what is said through a call, else the reply's own text."""
    for intent in answer.intents:
        if isinstance(intent, Intent) and intent.action == "say":
            return str(intent.args.get("text", ""))
    return answer.reply.text


def is_silent(answer: Answer) -> bool:
    """Whether there is no message beside the calls: a rule about messages binds only messages that exist."""
    return bool(answer.reply.calls) and not visible_text(answer).strip()


def _starting(text: str, rule: Instruction) -> str:
    value = str(rule.params["value"])
    return text if text.startswith(value) else f"{value} {text}".rstrip()


@check("text.starts_with", _starting, value=str)
def starts_with(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """The message begins with `value`."""
    return is_silent(answer) or visible_text(answer).startswith(str(rule.params["value"]))


def _ending(text: str, rule: Instruction) -> str:
    value = str(rule.params["value"])
    return text if text.rstrip().endswith(value) else f"{text} {value}".lstrip()


@check("text.ends_with", _ending, value=str)
def ends_with(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """The message ends with `value`."""
    return is_silent(answer) or visible_text(answer).rstrip().endswith(str(rule.params["value"]))


def _containing(text: str, rule: Instruction) -> str:
    value = str(rule.params["value"])
    return text if value in text else f"{text} {value}".lstrip()


@check("text.contains", _containing, value=str)
def contains(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """The message contains `value`."""
    return is_silent(answer) or str(rule.params["value"]) in visible_text(answer)


def _without(text: str, rule: Instruction) -> str:
    for word in rule.params["words"]:
        text = _rid_of(text, str(word).lower())
    return text


def _rid_of(text: str, word: str) -> str:
    """`text` without `word` (in small letters), also where taking one out makes another; one pass (KMP on a stack)."""
    # The one letter whose small form is two, and the one with two small forms.
    text, word = text.replace("\u0130", "I"), word.replace("\u03c2", "\u03c3")
    if not word or word not in text.lower().replace("\u03c2", "\u03c3"):
        return text
    back = _fallbacks(word)
    kept: list[str] = []
    reached = [0]
    for char in text:
        small, state = char.lower().replace("\u03c2", "\u03c3"), reached[-1]
        while state and word[state] != small:
            state = back[state - 1]
        reached.append(state + (word[state] == small))
        kept.append(char)
        if reached[-1] == len(word):
            del kept[-len(word) :], reached[-len(word) :]
    return "".join(kept)


def _fallbacks(word: str) -> list[int]:
    """For each beginning of `word`, the length of its longest proper end that is a beginning too."""
    found = [0] * len(word)
    for place in range(1, len(word)):
        state = found[place - 1]
        while state and word[state] != word[place]:
            state = found[state - 1]
        found[place] = state + (word[state] == word[place])
    return found


@check("text.lacks", _without, words=list)
def lacks(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """The message contains none of `words` (case does not matter; an empty word is no word)."""
    text = visible_text(answer).lower()
    return not any(str(word).lower() in text for word in rule.params["words"] if word)


def _shortened(text: str, rule: Instruction) -> str:
    words = text.split()
    return text if len(words) <= rule.params["n"] else " ".join(words[: rule.params["n"]])


@check("text.max_words", _shortened, n=int)
def max_words(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """The message has at most `n` words."""
    return len(visible_text(answer).split()) <= int(rule.params["n"])


@check("text.max_lines", lambda text, rule: "\n".join(text.splitlines()[: rule.params["n"]]), n=int)
def max_lines(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """The message has at most `n` lines."""
    return len(visible_text(answer).splitlines()) <= int(rule.params["n"])


@check("text.lowercase", lambda text, _rule: text.lower())
def lowercase(answer: Answer, _rule: Instruction, _case: Case) -> bool:
    """The message has no capital letters."""
    text = visible_text(answer)
    return text == text.lower()


@check("text.present", lambda text, _rule: text or "Taking the next step.")
def present(answer: Answer, _rule: Instruction, _case: Case) -> bool:
    """There is a message, also beside a call."""
    return bool(visible_text(answer).strip())
