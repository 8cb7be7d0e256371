"""Raw turns per model format and what they say: one call, two, and texts that break the format. Written by hand."""

from __future__ import annotations

from typing import NamedTuple

THOUGHT, WORDS = "Look first.", "Reading."


class Vectors(NamedTuple):
    """`one`: THOUGHT, WORDS and read(path="a b.py", line=3). `two`: that, then run(command="ls -l", wait=True), without
    thinking and words. `unknown`: a call of the tool "delete" with no arguments. `broken`: texts that are malformed."""

    one: str
    two: str
    unknown: str
    broken: tuple[str, ...]


_M3 = "]<]minimax[>["
_READ, _RUN = '{"path": "a b.py", "line": 3}', '{"command": "ls -l", "wait": true}'
_DS = (
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁sep｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁calls▁end｜>",
)
_V3_READ = f"{_DS[1]}function{_DS[2]}read\n```json\n{_READ}\n```{_DS[3]}"
_V3_RUN = f"{_DS[1]}function{_DS[2]}run\n```json\n{_RUN}\n```{_DS[3]}"
_DSML = "｜DSML｜"
_DSML_READ = (
    f'<{_DSML}invoke name="read">\n<{_DSML}parameter name="path" string="true">a b.py</{_DSML}parameter>\n'
    f'<{_DSML}parameter name="line" string="false">3</{_DSML}parameter>\n</{_DSML}invoke>\n'
)
_DSML_RUN = (
    f'<{_DSML}invoke name="run">\n<{_DSML}parameter name="command" string="true">ls -l</{_DSML}parameter>\n'
    f'<{_DSML}parameter name="wait" string="false">true</{_DSML}parameter>\n</{_DSML}invoke>\n'
)
_K = ("<|tool_calls_section_begin|>", "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>")
_K_END = "<|tool_calls_section_end|>"
_XML_READ = (
    "<tool_call>\n<function=read>\n<parameter=path>\na b.py\n</parameter>\n<parameter=line>\n3\n</parameter>\n"
    "</function>\n</tool_call>"
)
_XML_RUN = (
    "<tool_call>\n<function=run>\n<parameter=command>\nls -l\n</parameter>\n<parameter=wait>\nTrue\n</parameter>\n"
    "</function>\n</tool_call>"
)
_GLM_READ = (
    "<tool_call>read\n<arg_key>path</arg_key>\n<arg_value>a b.py</arg_value>\n"
    "<arg_key>line</arg_key>\n<arg_value>3</arg_value>\n</tool_call>"
)
_GLM_RUN = (
    "<tool_call>run<arg_key>command</arg_key><arg_value>ls -l</arg_value>"
    "<arg_key>wait</arg_key><arg_value>true</arg_value></tool_call>"
)
_HERMES_READ = f'<tool_call>\n{{"name": "read", "arguments": {_READ}}}\n</tool_call>'
_HERMES_RUN = f'<tool_call>\n{{"name": "run", "arguments": {_RUN}}}\n</tool_call>'
_M3_READ = f'{_M3}<invoke name="read">{_M3}<path>a b.py{_M3}</path>{_M3}<line>3{_M3}</line>{_M3}</invoke>\n'
_M3_RUN = f'{_M3}<invoke name="run">{_M3}<command>ls -l{_M3}</command>{_M3}<wait>true{_M3}</wait>{_M3}</invoke>\n'
_M2_READ = (
    '<invoke name="read">\n<parameter name="path">a b.py</parameter>\n<parameter name="line">3</parameter>\n</invoke>\n'
)
_M2_RUN = (
    '<invoke name="run">\n<parameter name="command">ls -l</parameter>\n'
    '<parameter name="wait">true</parameter>\n</invoke>\n'
)
_TO = "<|start|>assistant to=functions."

VECTORS: dict[str, Vectors] = {
    "m2": Vectors(
        f"{THOUGHT}\n</think>\n\n{WORDS}<minimax:tool_call>\n{_M2_READ}</minimax:tool_call>",
        f"\n</think>\n\n<minimax:tool_call>\n{_M2_READ}{_M2_RUN}</minimax:tool_call>",
        '\n</think>\n\n<minimax:tool_call>\n<invoke name="delete">\n</invoke>\n</minimax:tool_call>',
        (
            "\n</think>\n\n<minimax:tool_call>\n</minimax:tool_call>",
            '\n</think>\n\n<minimax:tool_call>\n<invoke name="read">read it</invoke>\n</minimax:tool_call>',
        ),
    ),
    "m3": Vectors(
        f"<mm:think>{THOUGHT}</mm:think>{WORDS}{_M3}<tool_call>\n{_M3_READ}{_M3}</tool_call>",
        f"{_M3}<tool_call>\n{_M3_READ}{_M3_RUN}{_M3}</tool_call>",
        f'{_M3}<tool_call>\n{_M3}<invoke name="delete">{_M3}</invoke>\n{_M3}</tool_call>',
        (
            f"{_M3}<tool_call>\n{_M3}</tool_call>",
            f'{_M3}<tool_call>\n{_M3}<invoke name="read">a b.py{_M3}</invoke>\n{_M3}</tool_call>',
        ),
    ),
    "hermes": Vectors(
        f"<think>\n{THOUGHT}\n</think>\n\n{WORDS}\n{_HERMES_READ}",
        f"{_HERMES_READ}\n{_HERMES_RUN}",
        '<tool_call>\n{"name": "delete", "arguments": {}}\n</tool_call>',
        (
            '<tool_call>\n{"name": "read", "arguments": {"path": a b.py}}\n</tool_call>',
            '<tool_call>\n{"arguments": {"path": "a b.py"}}\n</tool_call>',
            '<tool_call>\n{"name": "read", "arguments": "a b.py"}\n</tool_call>',
            "<tool_call>\nread a b.py\n</tool_call>",
        ),
    ),
    "smollm": Vectors(
        f'<think>\n{THOUGHT}\n</think>\n\n{WORDS}\n<tool_call>[{{"name": "read", "arguments": {_READ}}}]</tool_call>',
        f'<tool_call>[{{"name": "read", "arguments": {_READ}}}, {{"name": "run", "arguments": {_RUN}}}]</tool_call>',
        '<tool_call>[{"name": "delete", "arguments": {}}]</tool_call>',
        ('<tool_call>["read"]</tool_call>', '<tool_call>[{"name": "read", "arguments": {"path": }}]</tool_call>'),
    ),
    "qwen3_xml": Vectors(
        f"<think>\n{THOUGHT}\n</think>\n\n{WORDS}\n\n{_XML_READ}",
        f"{_XML_READ}\n{_XML_RUN}",
        "<tool_call>\n<function=delete>\n</function>\n</tool_call>",
        (
            "<function=read>\n<parameter=path>\na b.py\n</parameter>\n</function>\n</tool_call>",
            "<tool_call>\n<function=read>\na b.py\n</function>\n</tool_call>",
            "<tool_call>\n<parameter=path>\na b.py\n</parameter>\n</tool_call>",
        ),
    ),
    "glm4": Vectors(
        f"\n<think>{THOUGHT}</think>\n{WORDS}\n{_GLM_READ}",
        f"{_GLM_READ}\n{_GLM_RUN}",
        "<tool_call>delete\n</tool_call>",
        (
            "<tool_call>read\n<arg_key>path</arg_key>\na b.py\n</tool_call>",
            "<tool_call>read\n<arg_value>a b.py</arg_value>\n</tool_call>",
            "<tool_call></tool_call>",
        ),
    ),
    "deepseek_v3": Vectors(
        f"<think>\n{THOUGHT}\n</think>\n\n{WORDS}{_DS[0]}{_V3_READ}{_DS[4]}",
        f"{_DS[0]}{_V3_READ}\n{_V3_RUN}{_DS[4]}",
        f"{_DS[0]}{_DS[1]}function{_DS[2]}delete\n```json\n{{}}\n```{_DS[3]}{_DS[4]}",
        (
            f"{_DS[0]}{_DS[1]}function{_DS[2]}read\n```json\n{{path: 1}}\n```{_DS[3]}{_DS[4]}",
            f"{_DS[0]}{_DS[4]}",
            f"{_DS[0]}{_DS[1]}function{_DS[2]}read\n```json\n[1]\n```{_DS[3]}{_DS[4]}",
        ),
    ),
    "deepseek_v31": Vectors(
        f"<think>{THOUGHT}</think>{WORDS}{_DS[0]}{_DS[1]}read{_DS[2]}{_READ}{_DS[3]}{_DS[4]}",
        f"{_DS[0]}{_DS[1]}read{_DS[2]}{_READ}{_DS[3]}{_DS[1]}run{_DS[2]}{_RUN}{_DS[3]}{_DS[4]}",
        f"{_DS[0]}{_DS[1]}delete{_DS[2]}{{}}{_DS[3]}{_DS[4]}",
        (f"{_DS[0]}{_DS[1]}read{_DS[2]}{{path}}{_DS[3]}{_DS[4]}", f"{_DS[0]}read{_DS[4]}"),
    ),
    "deepseek_v32": Vectors(
        f"<think>{THOUGHT}</think>{WORDS}\n\n<{_DSML}function_calls>\n{_DSML_READ}</{_DSML}function_calls>",
        f"<{_DSML}function_calls>\n{_DSML_READ}{_DSML_RUN}</{_DSML}function_calls>",
        f'<{_DSML}function_calls>\n<{_DSML}invoke name="delete">\n</{_DSML}invoke>\n</{_DSML}function_calls>',
        (
            f"<{_DSML}function_calls>\n</{_DSML}function_calls>",
            f'<{_DSML}function_calls>\n<{_DSML}invoke name="read">\n<{_DSML}parameter name="line" string="false">three'
            f"</{_DSML}parameter>\n</{_DSML}invoke>\n</{_DSML}function_calls>",
        ),
    ),
    "kimi_k2": Vectors(
        f"<think>{THOUGHT}</think>{WORDS}{_K[0]}{_K[1]}functions.read:7{_K[2]}{_READ}{_K[3]}{_K_END}",
        f"{_K[0]}{_K[1]}functions.read:0{_K[2]}{_READ}{_K[3]}{_K[1]}functions.run:1{_K[2]}{_RUN}{_K[3]}{_K_END}",
        f"{_K[0]}{_K[1]}functions.delete:0{_K[2]}{{}}{_K[3]}{_K_END}",
        (f"{_K[0]}{_K_END}", f"{_K[0]}{_K[1]}functions.read:0{_K[2]}{{'path': 1}}{_K[3]}{_K_END}"),
    ),
    "harmony": Vectors(
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>commentary<|message|>{WORDS}<|end|>"
        f"{_TO}read<|channel|>commentary json<|message|>{_READ}",
        f"<|channel|>commentary to=functions.read <|constrain|>json<|message|>{_READ}<|call|>"
        f"{_TO}run<|channel|>commentary json<|message|>{_RUN}",
        "<|channel|>commentary to=functions.delete <|constrain|>json<|message|>{}",
        (
            "<|channel|>commentary to=functions.read <|constrain|>json<|message|>read a b.py<|call|>",
            "<|channel|>commentary to=functions.read <|constrain|>json<|message|>[3]<|call|>",
        ),
    ),
    "llama3": Vectors(
        f'{WORDS}\n{{"name": "read", "parameters": {_READ}}}',
        f'<|python_tag|>{{"name": "read", "parameters": {_READ}}}; {{"name": "run", "parameters": {_RUN}}}',
        '{"name": "delete", "parameters": {}}',
        (
            '{"name": "read", "parameters": {"path": a b.py}}',
            '{"name": "read", "parameters": {"path": "a b.py"}} and that is it.',
            '{"name": "read"}',
        ),
    ),
    "mistral": Vectors(
        f"[THINK]{THOUGHT}[/THINK]{WORDS}[TOOL_CALLS]read[ARGS]{_READ}",
        f'[TOOL_CALLS][{{"name": "read", "arguments": {_READ}, "id": "call00000"}}, '
        f'{{"name": "run", "arguments": {_RUN}}}]',
        "[TOOL_CALLS]delete[CALL_ID]call00000[ARGS]{}",
        (
            '[TOOL_CALLS][{"name": "read"}]',
            "[TOOL_CALLS]read[ARGS]{path}",
            "[TOOL_CALLS]read[TOOL_CALLS]",
            "[TOOL_CALLS][]",
        ),
    ),
}
