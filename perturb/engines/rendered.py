"""Prompts rendered here, for servers that take a text and give the model's raw text back: any format, no weights.

M2's prompts need nothing else; those of other formats are made by the model's chat template, which is a file of its
checkpoint. The environment is the one that Hugging Face documents for chat templates ("Chat templates", transformers).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from perturb.core.errors import UserError
from perturb.core.format import Format, Template, TemplateError
from perturb.core.registry import FORMATS, find
from perturb.core.values import JsonObject, Request, Response
from perturb.engines.model_format import Reading, by_parser, recognised
from perturb.formats.rendering import adapted

_M2_NAME = re.compile("minimax.?m2", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rendering:
    """How one model's prompts are made here, and what its raw text is."""

    form: Format
    template: Template

    def prompt(self, request: Request) -> str:
        """The prompt text, all markers included. Raises TemplateError."""
        return self.form.render(self.form, request, self.template)

    def heard(self, prompt: str, response: Response) -> Response:
        """`response` as text of this format, with what of the model's turn stands in the prompt already."""
        return replace(response, text=self.form.continues(prompt) + response.text, format=self.form.name)


def rendering(model: str, reading: Reading) -> Rendering:
    """The rendering that `reading` names, or that the chat template or the model's name tells.

    Raises UserError for a format that is not known, and where a chat template is needed and not given.
    """
    if reading.format:
        form: Format = find(FORMATS, reading.format, "format")
    elif reading.tool_parser:
        form = by_parser(reading.tool_parser)
    elif reading.template:
        form = recognised(model, reading.template)
    elif _M2_NAME.search(model):
        form = FORMATS["m2"]
    else:
        raise UserError(
            f"--raw renders prompts here, and {model} may be any model: say --format m2 if it is a MiniMax-M2, else "
            "give its --chat-template FILE"
        )
    if form.name == "m2":
        return Rendering(form, _none)
    if form.name not in FORMATS:
        raise UserError(f"--raw: {form.name} has no reader here: leave out --raw, and the server reads")
    if not reading.template:
        raise UserError(f"--raw: prompts of {form.name} are made by the model's template: give --chat-template FILE")
    return Rendering(form, adapted(form, compiled(reading.template, reading.template_args)))


def _none(_messages: Sequence[JsonObject], _tools: Sequence[JsonObject]) -> str:
    raise TemplateError("this format needs no template")


def compiled(text: str, told: Mapping[str, Any]) -> Template:
    """A chat template as something to render with; it is `told` the given names besides. Raises UserError.

    The template is a model's own program: it runs in jinja's sandbox.
    """
    from jinja2 import TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals.update(raise_exception=_refuse, strftime_now=lambda form: datetime.now().strftime(form))
    try:
        # The tag that marks what a model is trained on says nothing when a prompt is made.
        template = environment.from_string(re.sub(r"\{%-?\s*(?:end)?generation\s*-?%\}", "", text))
    except TemplateSyntaxError as error:
        raise UserError(f"--chat-template: line {error.lineno}: {error.message}") from error

    def apply(messages: Sequence[JsonObject], tools: Sequence[JsonObject]) -> str:
        given: dict[str, Any] = {"tools": list(tools), "xml_tools": list(tools)} if tools else {}
        try:
            copied = [dict(message) for message in messages]
            return template.render(messages=copied, add_generation_prompt=True, **{**given, **told})
        except Exception as error:  # whatever a model's own template raises
            raise TemplateError(f"{type(error).__name__}: {error}".splitlines()[0][:300]) from error

    return apply


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _to_json(value: Any, indent: int | None = None, ensure_ascii: bool = False, **more: Any) -> str:
    """As chat templates want it: without the escapes for HTML that jinja's own has."""
    return json.dumps(value, indent=indent, ensure_ascii=ensure_ascii, **more)
