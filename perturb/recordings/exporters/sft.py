"""Fine-tuning lines: chat messages and tools, thinking kept, with the messages that are to be trained on."""

from __future__ import annotations

from perturb.core.values import JsonObject
from perturb.recordings.chat import spelled
from perturb.recordings.linked import functions, linked, trained
from perturb.recordings.registry import exporter
from perturb.recordings.values import Recording


@exporter("sft")
def sft(found: Recording) -> JsonObject:
    """``{id, messages, tools, train}``; `train` holds places in `messages`."""
    messages = spelled(linked(found.messages))
    return {
        **found.rest.get("about", {"id": found.id}),
        "messages": messages,
        "tools": functions(found),
        "train": trained(found),
    }
