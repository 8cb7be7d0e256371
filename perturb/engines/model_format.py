"""Which format a loaded model speaks, and its chat template as something to render with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perturb.core.errors import UserError
from perturb.core.format import Format, Template, TemplateError
from perturb.core.registry import FORMATS, find
from perturb.core.values import JsonObject, Reply
from perturb.formats.parts import plain
from perturb.formats.rendering import adapted, by_template


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model's prompts and answers are read, where its own configuration is not to decide.

    `format`: one of ours. `tool_parser`, `reasoning_parser`: vLLM's names for formats; the first picks ours of that
    name, or vLLM's own reading where there is none. `template`: the text of another chat template. `template_args`:
    what the template is told besides.
    """

    format: str = ""
    tool_parser: str = ""
    reasoning_parser: str = ""
    template: str = ""
    template_args: Mapping[str, Any] = field(default_factory=dict)


def key_values(texts: Sequence[str], option: str) -> dict[str, Any]:
    """``key=value`` texts, values read as JSON where they are JSON. A later one counts. Raises UserError.

    >>> key_values(["max-num-seqs=64", "dtype=bfloat16", "enforce_eager=true"], "--engine-arg")
    {'max_num_seqs': 64, 'dtype': 'bfloat16', 'enforce_eager': True}
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, mark, value = text.partition("=")
        name = key.strip().lstrip("-").replace("-", "_")
        if not mark or not name.isidentifier():
            raise UserError(f"{option} {text!r}: not KEY=VALUE")
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found


def chosen(model: str, reading: Reading, config: Mapping[str, Any], tokenizer: Any) -> Format:
    """The format named by `reading`, else the one that recognises the model. Raises UserError when that is not one."""
    if reading.format:
        form: Format = find(FORMATS, reading.format, "format")
    elif reading.tool_parser:
        form = by_parser(reading.tool_parser)
    else:
        form = recognised(model, _text(reading, config, tokenizer))
    missing = [marker for marker in form.markers if not _is_one_token(tokenizer, marker)]
    if missing:
        raise UserError(
            f"{model}: its tokenizer has no single token for {missing[0]!r}, which the format {form.name} needs"
        )
    return form


def by_parser(name: str) -> Format:
    """The format that vLLM calls by this name, or one that its parser alone reads."""
    for form in FORMATS.values():
        if form.parsers[0] == name or name in _SAME.get(form.name, ()):
            return form
    return foreign(name)


def foreign(parser: str) -> Format:
    """The format that only vLLM's parser of this name reads: prompts by the template, answers read by vLLM."""

    def unsayable(_reply: Reply) -> str:
        raise TemplateError(f"the template does not show past calls, and no format here writes {parser}'s")

    return Format(
        name=f"vllm:{parser}",
        summary="read by vLLM's parser alone",
        split=plain(),
        read=lambda content, _tools: ((), content),
        write=unsayable,
        opens="",
        recognises=lambda _text: False,
        render=by_template,
        think=("", ""),
        parsers=(parser, ""),
    )


# Other names that vLLM has for a parser of the same format.
_SAME: dict[str, tuple[str, ...]] = {
    "hermes": ("qwen3_json",),
    "qwen3_xml": ("qwen3_xml", "qwen3coder"),
    "glm4": ("glm47",),
    "llama3": ("llama4_json",),
}


def recognised(model: str, text: str) -> Format:
    """The one format that knows its own in `text`, a chat template and more. Raises UserError when not one does."""
    claims = [form for form in FORMATS.values() if form.recognises(text)]
    if len(claims) == 1:
        return claims[0]
    names = " and ".join(form.name for form in claims)
    found = (
        f"more than one format is recognised ({names})" if claims else "no format is recognised in its chat template"
    )
    raise UserError(f"{model}: {found}: name one with --format (perturb list formats)")


def _text(reading: Reading, config: Mapping[str, Any], tokenizer: Any) -> str:
    """What formats are recognised by: the kind of model, the tokens that have names, the chat template."""
    template = reading.template or getattr(tokenizer, "chat_template", None) or ""
    if isinstance(template, Mapping):
        template = "\n".join(map(str, template.values()))
    named = "\n".join(map(str, getattr(tokenizer, "additional_special_tokens", None) or ()))
    return f"{config.get('model_type')}\n{named}\n{template}"


def _is_one_token(tokenizer: Any, marker: str) -> bool:
    return len(tokenizer.encode(marker, add_special_tokens=False)) == 1


def template_of(form: Format, reading: Reading, tokenizer: Any) -> Template:
    """The tokenizer's own chat template, adapted to conversations of this project's form."""

    def apply(messages: Sequence[JsonObject], tools: Sequence[JsonObject]) -> str:
        # The second name is SmolLM3's.
        given: dict[str, Any] = {"tools": list(tools), "xml_tools": list(tools)} if tools else {}
        try:
            text = tokenizer.apply_chat_template(
                [dict(message) for message in messages],
                tokenize=False,
                add_generation_prompt=True,
                **({"chat_template": reading.template} if reading.template else {}),
                **given,
                **reading.template_args,
            )
        except Exception as error:  # whatever a model's own template or code raises
            raise TemplateError(f"{type(error).__name__}: {error}".splitlines()[0][:300]) from error
        return str(text)

    return adapted(form, apply)
