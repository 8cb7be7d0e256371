"""Golden prompts of the model formats, from published chat templates.

Run ``python -m tests.golden.format_prompts FOLDER`` with a folder of chat templates (llama.cpp's ``models/templates``
holds most under the file names used here) to write ``tests/golden/formats/*.json`` again. The templates themselves are
no part of this repository; each file says which one it was made from, with its digest.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any

from perturb.core.format import Template
from perturb.core.registry import FORMATS, load_builtin
from perturb.core.values import JsonObject, Request
from perturb.engines import rendered
from perturb.formats.rendering import adapted

HERE = Path(__file__).parent / "formats"
# Model, the file that holds its template, our format, and what the template is told besides.
SOURCES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("Qwen/Qwen3-0.6B", "Qwen-Qwen3-0.6B.jinja", "hermes", {}),
    ("NousResearch/Hermes-3-Llama-3.1-8B", "NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja", "hermes", {}),
    ("HuggingFaceTB/SmolLM3-3B", "HuggingFaceTB-SmolLM3-3B.jinja", "hermes", {}),
    ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "Qwen3-Coder.jinja", "qwen3_xml", {}),
    ("Qwen/Qwen3.5-4B", "Qwen3.5-4B.jinja", "qwen3_xml", {}),
    ("zai-org/GLM-4.6", "GLM-4.6.jinja", "glm4", {}),
    ("zai-org/GLM-4.7-Flash", "GLM-4.7-Flash.jinja", "glm4", {}),
    ("deepseek-ai/DeepSeek-V3.1", "deepseek-ai-DeepSeek-V3.1.jinja", "deepseek_v31", {"thinking": True}),
    ("deepseek-ai/DeepSeek-V3.2", "deepseek-ai-DeepSeek-V3.2.jinja", "deepseek_v32", {}),
    # This one is vLLM's, from its examples: the model's own takes arguments as text and is otherwise the same.
    ("deepseek-ai/DeepSeek-V3", "tool_chat_template_deepseekv3.jinja", "deepseek_v3", {}),
    ("moonshotai/Kimi-K2-Instruct", "moonshotai-Kimi-K2.jinja", "kimi_k2", {}),
    ("moonshotai/Kimi-K2-Thinking", "Kimi-K2-Thinking.jinja", "kimi_k2", {}),
    ("openai/gpt-oss-120b", "openai-gpt-oss-120b.jinja", "harmony", {}),
    ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama-Llama-3.1-8B-Instruct.jinja", "llama3", {}),
    ("meta-llama/Llama-3.3-70B-Instruct", "meta-llama-Llama-3.3-70B-Instruct.jinja", "llama3", {}),
    ("mistralai/Mistral-Nemo-Instruct-2407", "mistralai-Mistral-Nemo-Instruct-2407.jinja", "mistral", {}),
    ("mistralai/Mistral-Small-3.2-24B-Instruct-2506", "Mistral-Small-3.2-24B-Instruct-2506.jinja", "mistral", {}),
    ("mistralai/Devstral-Small-2507", "unsloth-mistral-Devstral-Small-2507.jinja", "mistral", {}),
    ("mistralai/Ministral-3-14B-Reasoning-2512", "mistralai-Ministral-3-14B-Reasoning-2512.jinja", "mistral", {}),
    ("MiniMaxAI/MiniMax-M3", "MiniMax-M3.jinja", "m3", {}),
    ("MiniMaxAI/MiniMax-M3", "MiniMax-M3.jinja", "m3", {"thinking_mode": "enabled"}),
)
TOOLS: tuple[JsonObject, ...] = tuple(
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"To {name}.",
            "parameters": {"type": "object", "properties": properties, "required": required},
        },
    }
    for name, properties, required in (
        ("read", {"path": {"type": "string"}, "line": {"type": "integer"}}, ["path"]),
        ("run", {"command": {"type": "string"}, "env": {"type": "object"}, "wait": {"type": "boolean"}}, ["command"]),
    )
)
CALLS = (("read", {"path": "a b.py", "line": 3}), ("run", {"command": "pytest -q", "env": {"CI": "1"}}))
MESSAGES: tuple[JsonObject, ...] = (
    {"role": "system", "content": "You work in a terminal."},
    {"role": "user", "content": "Read the file, then run the tests."},
    {
        "role": "assistant",
        "content": "Reading.",
        "reasoning_content": "Two steps.",
        "tool_calls": [{"type": "function", "function": {"name": n, "arguments": a}} for n, a in CALLS],
    },
    {"role": "tool", "content": "x = 1"},
    {"role": "tool", "content": "2 passed"},
)
# What ends a turn in one of these templates.
ENDS = ("<|im_end|>", "<EOS>", "<|observation|>", "<|eot_id|>", "[e~[", "<｜end▁of▁sentence｜>", "<|call|>")


def compiled(source: str, options: dict[str, Any]) -> Template:
    """A template's text as something to render with, on a certain day."""
    told = {"bos_token": "<BOS>", "eos_token": "<EOS>", "strftime_now": lambda form: date(2026, 1, 2).strftime(form)}
    return rendered.compiled(source, {**told, **options})


def made(model: str, source: str, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """One golden file's content: the prompt before the model's turn, after it, and the turn between them."""
    form = FORMATS[name]
    claims = [other.name for other in FORMATS.values() if other.recognises(source)]
    template = adapted(form, compiled(source, options))
    before, after = (form.render(form, Request(MESSAGES[:n], TOOLS), template) for n in (2, len(MESSAGES)))
    shared = before[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))]
    # Not within a tag: one prompt may go on with <think>, the other with </think>.
    shared = shared[: shared.rfind("<")] if shared.rfind("<") > shared.rfind(">") else shared
    # Nemo's template moves the system text, which lies before the turn in one prompt and not in the other.
    turn = after[len(shared) :].rpartition("[/INST]")[2]
    cut = min((at for at in (turn.find(end) for end in ENDS) if at >= 0), default=len(turn))
    return {
        "model": model,
        "format": name,
        "template_sha256": sha256(source.encode()).hexdigest(),
        "options": options,
        "recognised_as": claims,
        "before": before,
        "turn": form.continues(before) + turn[:cut],
        "after": after,
    }


def main(folder: Path) -> None:
    """Write every golden file."""
    load_builtin()
    for model, file, name, options in SOURCES:
        found = made(model, (folder / file).read_text("utf-8"), name, options)
        stem = "-".join([model.partition("/")[2], *map(str, options.values())])
        (HERE / f"{stem}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(f"{stem:40} {found['recognised_as']} {found['turn']!r}")  # noqa: T201  # for whoever runs it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
