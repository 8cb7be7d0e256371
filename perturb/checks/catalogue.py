"""One rule of every kind, as a person would say it: what operators add, what rule-blind agents are tried on."""

from __future__ import annotations

from typing import Any

# Kind → (how it is said, its parameters).
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "text.no_exclamation": ("Never use an exclamation mark in a message.", {}),
    "text.no_filler": ("Do not open a message with a filler such as 'Okay', 'Sure' or 'Let me'.", {}),
    "text.no_parentheses": ("Use no parentheses in messages.", {}),
    "text.no_markdown": ("Write messages as plain text: no bold, headings, bullets or code marks.", {}),
    "text.one_paragraph": ("Write each message as one paragraph, without blank lines.", {}),
    "text.no_emoji": ("Use no emoji.", {}),
    "text.no_contractions": ("Use no contractions such as 'don't' or 'I'll'.", {}),
    "text.no_first_person": ("Never speak of yourself: no 'I', 'me' or 'my'.", {}),
    "text.max_sentences": ("Write at most three sentences in a message.", {"n": 3}),
    "text.no_commas": ("Use no commas in messages.", {}),
    "text.first_line": (
        "The first line of every message is '== report ==' and nothing else.",
        {"value": "== report =="},
    ),
    "text.tagged": ("Put every message as a whole between <note> and </note>.", {"tag": "note"}),
    "text.lacks": (
        "Do not write 'obviously', 'basically' or 'simply'.",
        {"words": ["obviously", "basically", "simply"]},
    ),
    "text.max_words": ("Keep every message to 60 words at most.", {"n": 60}),
    "text.max_lines": ("Keep every message to two lines at most.", {"n": 2}),
    "text.line_width": ("Break lines in messages after 72 characters at most.", {"n": 72}),
    "text.starts_with": ("Begin every message with 'Status:'.", {"value": "Status:"}),
    "text.ends_with": ("End every message with '/end'.", {"value": "/end"}),
    "text.contains": ("Every message contains the mark [ok-7].", {"value": "[ok-7]"}),
    "text.lowercase": ("Write messages without capital letters.", {}),
    "text.uppercase": ("Write messages in capital letters.", {}),
    "text.bulleted": ("Write every line of a message as a bullet that starts with '- '.", {}),
    "text.min_words": ("Write at least twelve words in every message.", {"n": 12}),
    "text.present": ("Say something to the user beside every tool call.", {}),
    "call.max": ("Call at most one tool in a message.", {"n": 1}),
    "call.at_least_one": ("Never answer in words alone: call a tool in every message.", {}),
    "call.never": ("Do not list folders.", {"action": "fs.list"}),
    "call.arg": (
        "Give every command a time limit of 60 seconds.",
        {"action": "shell.run", "field": "timeout_s", "value": 60},
    ),
    "call.arg_max": (
        "Read a file no further than line 200 at a time.",
        {"action": "fs.read", "field": "end", "n": 200},
    ),
    "command.lacks": ("Commands must not use sudo.", {"words": ["sudo"]}),
    "path.inside": ("Touch no file outside the working directory.", {"root": "."}),
    "edit.after_read": ("Change an existing file only after reading it.", {}),
    "edit.spares": ("If a file says that it is generated, do not change it.", {"marked": "generated"}),
    "args.absolute_paths": ("Write paths in tool calls as absolute paths.", {}),
    "args.relative_paths": ("Write paths in tool calls relative to the working directory.", {}),
}
# Rules that ask the same answer for opposite things.
OPPOSITES = (
    frozenset({"text.lowercase", "text.uppercase"}),
    frozenset({"text.bulleted", "text.no_markdown"}),
    frozenset({"args.absolute_paths", "args.relative_paths"}),
)
# Rules about form that any message can keep beside the others, mildest first.
STACKABLE = (
    "text.no_exclamation", "text.no_filler", "text.no_emoji", "text.no_parentheses", "text.no_markdown",
    "text.one_paragraph", "text.no_contractions", "text.lacks", "text.max_sentences", "text.max_words", "text.contains",
    "text.no_commas", "command.lacks", "edit.after_read", "text.max_lines", "text.ends_with", "edit.spares",
    "path.inside", "text.no_first_person", "text.line_width", "text.starts_with",
)  # fmt: skip
