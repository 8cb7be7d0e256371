"""Text that breaks things: control characters, markup, protocol tokens, escapes, odd Unicode."""

from __future__ import annotations

from hypothesis import strategies as st

# Each one broke some tool of this kind; mildest first.
FRAGMENTS = (
    "plain",
    "",
    " ",
    "\n",
    "\r\n",
    "\t",
    '"',
    "'",
    "\\",
    "{}",
    "[]",
    "null",
    "NaN",
    "<b>",
    "</think>",
    "<think>",
    "<tool_call>",
    "</tool_call>",
    "<minimax:tool_call>",
    "</minimax:tool_call>",
    '<invoke name="x">',
    "</invoke>",
    '<parameter name="x">',
    "</parameter>",
    "```",
    "]]>",
    "&lt;",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${HOME}",
    "$(id)",
    "../../etc/passwd",
    "\x00",
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\u202e",
    "\u200b",
    "\ufeff",
    "e\u0301",
    "İ",
    "ﬁ",
    "𝒳",
    "👩‍👩‍👧",
    "\U000e0041",
)


def hostile_text(*, max_size: int = 8) -> st.SearchStrategy[str]:
    """Text joined from up to `max_size` fragments that have broken parsers, reports and terminals, and plain text."""
    fragment = st.sampled_from(FRAGMENTS) | st.text(max_size=12)
    return st.lists(fragment, max_size=max_size).map("".join)
