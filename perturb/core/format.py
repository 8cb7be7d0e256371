"""What a model format is: how a family of models writes its turn. They are defined in ``formats/``, one file each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perturb.core.canonical import canonical
from perturb.core.errors import UnrepresentableError
from perturb.core.values import Call, JsonObject, Reply, Request, Unparsed

# A model's own chat template: messages and tools in, prompt text out. Raises TemplateError.
Template = Callable[[Sequence[JsonObject], Sequence[JsonObject]], str]


class TemplateError(ValueError):
    """The conversation is one that the template refuses."""


class BrokenError(ValueError):
    """A text breaks the format. `ended`: it ran out, so a longer text might have kept it."""

    def __init__(self, detail: str, ended: bool = False) -> None:
        super().__init__(detail)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Format:
    """How a family of models writes its turn, and how its prompts are made.

    `split`: a raw turn as (thinking, content, whether the thinking ends). `read`: the calls in a content and the words
    around them, values typed by the tools' schemas where the format has no types of its own; raises BrokenError.
    `write`: the turn that says a reply; what comes back may say less, :meth:`emit` checks that. `opens`: the mark that
    opens a call. `recognises`: whether a model's template, named tokens and ``model_type``, all in one text, are of
    this format. `render`: the prompt of a request, by the model's own template or without it. `markers`: what must be
    one token each. `think`: the marks round thinking, empty where there is none; `inside`: when a turn always begins
    within it. `parsers`: what vLLM calls its own parser of calls and of thinking.
    """

    name: str
    summary: str
    split: Callable[[str], tuple[str, str, bool]]
    read: Callable[[str, Sequence[JsonObject]], tuple[tuple[Call, ...], str]]
    write: Callable[[Reply], str]
    opens: str
    recognises: Callable[[str], bool]
    render: Callable[[Format, Request, Template], str]
    markers: tuple[str, ...] = ()
    think: tuple[str, str] = ("<think>", "</think>")
    inside: bool = False
    parsers: tuple[str, str] = ("", "")

    def parse(self, raw: str, tools: Sequence[JsonObject], finish: str) -> Reply | Unparsed:
        """What a raw turn says. Total.

        `finish` is ``length`` when the reply hit the token limit: then what is incomplete was cut, not malformed.
        """
        thinking, content, closed = self.split(raw)
        if not closed:
            return Unparsed("cut" if finish == "length" else "reasoning_only", "the thinking never ends", thinking)
        return self.parse_content(thinking, content, tools, finish)

    def parse_content(self, thinking: str, content: str, tools: Sequence[JsonObject], finish: str) -> Reply | Unparsed:
        """The same for a turn whose thinking has been taken off."""
        cut = finish == "length"
        try:
            calls, words = self.read(content, tools)
        except BrokenError as error:
            return Unparsed("cut" if cut and error.ended else "malformed", str(error), thinking, content)
        if calls:
            return Reply(thinking, words, calls)
        if cut:
            return Unparsed("cut", "the answer hit the token limit", thinking, content)
        if not words.strip():
            return Unparsed("reasoning_only", "nothing after the thinking", thinking)
        return Reply(thinking, words)

    def emit(self, reply: Reply, tools: Sequence[JsonObject] | None = None) -> str:
        """The raw turn that says `reply`, of which thinking is left out where the format has none.

        ``parse(emit(reply, tools), tools, "stop") == reply`` for every reply that says something. Raises
        UnrepresentableError for what the format cannot say; with `tools`, also for a value that its schema would type
        as another one.
        """
        raw = self.write(reply)
        heard = self.parse(raw, tools or (), "stop")
        if isinstance(heard, Unparsed):
            if reply.calls or reply.text.strip() or heard.kind != "reasoning_only":
                raise UnrepresentableError(f"{self.name} cannot say it: {heard.detail}")
            return raw
        names = [(call.tool, list(call.args)) for call in heard.calls]
        if heard.text != reply.text or (self.think[0] and heard.thinking != reply.thinking):
            raise UnrepresentableError(f"{self.name} cannot say the words or the thinking as they are")
        if names != [(call.tool, list(call.args)) for call in reply.calls]:
            raise UnrepresentableError(f"{self.name} cannot say a call's name or one of its parameters'")
        if tools is not None and canonical(heard.calls) != canonical(reply.calls):
            raise UnrepresentableError(f"{self.name} cannot say an argument: it would read as another value")
        return raw

    def continues(self, prompt: str) -> str:
        """What of its own turn the model finds in `prompt` already: the mark that opens thinking, or nothing."""
        opened = self.think[0] and not self.inside
        return self.think[0] + "\n" if opened and prompt.rstrip().endswith(self.think[0]) else ""
