"""The text files of the small checkpoint: its chat template, the words its tokenizer learns from, its label."""

from __future__ import annotations

MARKERS = ("]~!b[", "]~b]", "[e~[", "<think>", "</think>", "<minimax:tool_call>", "</minimax:tool_call>")

# The same text as perturb.formats.m2.template gives under its default retention, for servers that render by themselves.
CHAT_TEMPLATE = """\
{%- macro words(value) -%}
{%- if value is string -%}{{ value }}
{%- elif value is iterable and value is not mapping -%}
{%- for part in value -%}
{%- if part is string -%}{{ part }}{%- elif part is mapping and part.type == 'text' -%}{{ part.text }}{%- endif -%}
{%- endfor -%}
{%- else -%}{{ value }}{%- endif -%}
{%- endmacro -%}
{%- macro reply(turn, thought, said) -%}
{%- if thought -%}{{ '<think>\\n' ~ thought ~ '\\n</think>\\n\\n' }}{%- endif -%}
{{- said -}}
{%- if turn.tool_calls -%}
{{- '<minimax:tool_call>\\n' -}}
{%- for call in turn.tool_calls -%}
{%- set wanted = call.function if call.function else call -%}
{{- '<invoke name="' + wanted.name + '">\\n' -}}
{%- for key, value in wanted.arguments.items() -%}
{{- '<parameter name="' + key + '">' -}}
{%- if value is string -%}{{ value }}{%- else -%}{{ value | tojson(ensure_ascii=False) }}{%- endif -%}
{{- '</parameter>\\n' -}}
{%- endfor -%}
{{- '</invoke>\\n' -}}
{%- endfor -%}
{{- '</minimax:tool_call>' -}}
{%- endif -%}
{%- endmacro -%}
{%- macro answer(content) -%}
{%- if content is string -%}{{ '\\n<response>' ~ content ~ '</response>' }}
{%- else -%}
{%- for part in content -%}
{%- set text = part.text if part.type == 'text' and part.text is defined else part -%}
{{- '\\n<response>' ~ (part.output if part.output is defined else text) ~ '\\n</response>' -}}
{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- set first = messages[0] if messages and messages[0].role == 'system' else {} -%}
{%- set turns = messages[1:] if first else messages -%}
{%- set seen = namespace(user=-1, called=false) -%}
{%- for turn in turns -%}{%- if turn.role == 'user' -%}{%- set seen.user = loop.index0 -%}{%- endif -%}{%- endfor -%}
{{- ']~!b[]~b]system\\n' -}}
{%- if first.content -%}{{ words(first.content) }}{%- else -%}{{ 'You are a helpful assistant.' }}{%- endif -%}
{%- if first.current_date -%}{{ '\\nCurrent date: ' ~ first.current_date }}{%- endif -%}
{%- if first.current_location -%}{{ '\\nCurrent location: ' ~ first.current_location }}{%- endif -%}
{%- if tools -%}
{{- TOOLS_INTRO -}}
{%- for tool in tools -%}{{ '<tool>' ~ (tool.function | tojson(ensure_ascii=False)) ~ '</tool>\\n' }}{%- endfor -%}
{{- HOW_TO_CALL -}}
{%- endif -%}
{{- '[e~[\\n' -}}
{%- for turn in turns -%}
{%- if turn.role == 'user' -%}{{ ']~b]user\\n' ~ words(turn.content) ~ '[e~[\\n' }}
{%- elif turn.role == 'assistant' -%}
{%- set seen.called = true if turn.tool_calls else false -%}
{%- set thought = '' -%}
{%- set said = words(turn.content) -%}
{%- if turn.reasoning_content is string -%}{%- set thought = turn.reasoning_content -%}
{%- elif '</think>' in said -%}
{%- set thought = said.split('</think>')[0].strip('\\n').split('<think>')[-1].strip('\\n') -%}
{%- set said = said.split('</think>')[-1].strip('\\n') -%}
{%- endif -%}
{{- ']~b]ai\\n' ~ reply(turn, thought if loop.index0 > seen.user else '', said) ~ '[e~[\\n' -}}
{%- elif turn.role == 'tool' -%}
{%- if not seen.called -%}{{ raise_exception('a tool message needs a call before it') }}{%- endif -%}
{%- if loop.first or loop.previtem.role != 'tool' -%}{{ ']~b]tool' }}{%- endif -%}
{{- answer(turn.content) -}}
{%- if loop.last or loop.nextitem.role != 'tool' -%}{{ '[e~[\\n' }}{%- endif -%}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ ']~b]ai\\n<think>\\n' }}{%- endif -%}
"""

README = """\
# A random model

The weights in this folder are random numbers. The model has the architecture, the marker tokens and the chat template
of MiniMax-M2 in miniature, so that the whole path through a real engine can be run without a GPU. What it answers
means nothing, and no measurement of it says anything about any model.
"""

# What the tokenizer learns its merges from: the kinds of text that agent prompts are made of.
CORPUS = """\
You are an agent that works in a terminal. You can read files, write files, edit files, list folders, search the
text of files and run shell commands. Use the tools that are given to you. Think before you call a tool, and say in
one short sentence what you are going to do. When the task is done, tell the user what has changed and why.
The user wants the tests in the project to pass. First look at the files, then find the error, then fix the function
and run the tests again. Do not change any other file. Do not delete anything without asking. If a command fails, read
the message, and try something else instead of the same command again.
{"type": "function", "function": {"name": "read_file", "description": "Read a file from the file system. Returns the
contents of the file with line numbers.", "parameters": {"type": "object", "properties": {"path": {"type": "string",
"description": "The absolute path of the file to read."}, "start_line": {"type": "integer", "description": "The first
line to read, starting at 1."}, "end_line": {"type": "integer", "description": "The last line to read."}},
"required": ["path"], "additionalProperties": false}}}
{"type": "function", "function": {"name": "run_command", "description": "Run a command in the shell and return its
output.", "parameters": {"type": "object", "properties": {"command": {"type": "string", "description": "The command to
run."}, "timeout": {"type": "number", "default": 120}, "background": {"type": "boolean", "default": false}, "tags":
{"type": "array", "items": {"type": "string", "enum": ["build", "test"]}}}, "required": ["command"]}}}
<invoke name="edit_file">
<parameter name="path">/code/src/app/main.py</parameter>
<parameter name="old_text">    return value + 1</parameter>
<parameter name="new_text">    return value</parameter>
</invoke>
<response>Error: the file was not found. exit code 1</response>
def total(items: list[int]) -> int:
    # The sum of all items that are not None.
    return sum(item for item in items if item is not None)

class Account:
    def __init__(self, name: str, balance: float = 0.0) -> None:
        self.name = name
        self.balance = balance

import os, sys, json
for line in open("data/input.txt", encoding="utf-8"):
    print(json.loads(line)["id"])
$ git status && git diff --stat && python -m pytest -q tests/test_main.py
3 passed, 1 failed in 0.52s
AssertionError: assert 41 == 42
README.md  pyproject.toml  src/  tests/  docs/  config.yaml  package.json
Search the web for a page, open the page, click the button, type the text into the field and press enter. The page
shows a heading, a list of links, a table of orders and a form. Tab 1: https://www.example.com/orders?id=1042
[12] link "Sign in"  [13] button "Add to cart"  [14] textbox "Search" value=""
The order was placed on 2026-03-02 at 09:30 for $49.90. The customer asked for a refund of order #1042. Update the
booking, send an email to the customer, and then close the ticket with the status "resolved".
Rules: always answer in English. Never run a command that needs root. Keep the answer under 50 words. Use two spaces.
"""
