"""A small file of each format, hand-made, with what makes formats hard: calls that nobody answered, arguments that are
no JSON, images, empty messages, fields that nobody here knows.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

BAD = '{"path": "/code/a.py", '
SPEC = {
    "name": "read_file",
    "description": "Read a file.",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
TOOL = {"type": "function", "function": SPEC}
ASK = {"role": "user", "content": "What is in a.py?"}


def _call(number: str, arguments: Any) -> dict[str, Any]:
    return {"id": number, "type": "function", "function": {"name": "read_file", "arguments": arguments}}


CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "Answer shortly."},
    {"role": "user", "content": [{"type": "text", "text": "What is in a.py?"}, {"type": "image_url", "image_url": {}}]},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "Look first.",
        "tool_calls": [_call("c1", '{"path":  "/code/a.py"}'), _call("c2", BAD)],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "print(1)", "name": "read_file"},
    {"role": "tool", "tool_call_id": "c2", "content": ""},
    {"role": "assistant", "content": "It prints 1.", "annotations": []},
    {"role": "user", "content": ""},
    {"role": "assistant", "content": "", "tool_calls": [_call("c3", {"path": "/code/b.py"})]},
]
BLOCKS: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [{"type": "text", "text": "What is in a.py?"}, {"type": "image", "source": {"data": "iVBO"}}],
    },
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Look first.", "signature": "c2ln"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "t1", "name": "read_file", "input": {"path": "/code/a.py"}},
            {"type": "tool_use", "id": "t2", "name": "read_file", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "print(1)"}]},
            {"type": "tool_result", "tool_use_id": "t2", "content": "no path", "is_error": True},
            {"type": "text", "text": "And in b.py?", "cache_control": {"type": "ephemeral"}},
        ],
    },
    {
        "role": "assistant",
        "content": [{"type": "redacted_thinking", "data": "eA"}, {"type": "text", "text": "Nothing."}],
    },
    {"role": "user", "content": []},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "t3", "name": "read_file", "input": {"path": "/b"}}]},
]
ITEMS: list[dict[str, Any]] = [
    {"role": "user", "content": [{"type": "input_text", "text": "What is in a.py?"}]},
    {"type": "reasoning", "id": "rs1", "summary": [{"type": "summary_text", "text": "Look first."}]},
    {"type": "function_call", "call_id": "f1", "name": "read_file", "arguments": '{"path": "/code/a.py"}', "id": "fc1"},
    {"type": "function_call", "call_id": "f2", "name": "read_file", "arguments": BAD},
    {"type": "function_call_output", "call_id": "f1", "output": "print(1)"},
    {"type": "function_call_output", "call_id": "f2", "output": ""},
    {"type": "web_search_call", "id": "ws1", "status": "completed"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "It prints 1."}]},
]
ATIF = {
    "schema_version": "ATIF-v1.7",
    "session_id": "s1",
    "agent": {"name": "my-agent", "version": "1", "tool_definitions": [TOOL]},
    "steps": [
        {"step_id": 1, "source": "system", "message": "Answer shortly."},
        {"step_id": 2, "source": "user", "message": "What is in a.py?"},
        {
            "step_id": 3,
            "source": "agent",
            "message": "I look.",
            "reasoning_content": "Look first.",
            "tool_calls": [{"tool_call_id": "c1", "function_name": "read_file", "arguments": {"path": "/code/a.py"}}],
            "observation": {"results": [{"source_call_id": "c1", "content": "print(1)"}]},
            "metrics": {"prompt_tokens": 9},
        },
        {"step_id": 4, "source": "agent", "message": ""},
    ],
    "final_metrics": {"total_steps": 4},
}


def _session() -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [{"type": "summary", "summary": "About a.py", "leafUuid": "u5"}]
    above = None

    def line(kind: str, content: Any, number: str = "", parent: str | None = None, **more: Any) -> str:
        nonlocal above
        own = f"u{len(lines)}"
        message = {"role": kind, "content": content, **({"id": number} if number else {})}
        beside = {"uuid": own, "parentUuid": parent or above, "sessionId": "s1", "isSidechain": False}
        lines.append({"type": kind, "message": message, **beside, **more})
        above = own
        return own

    line("user", "What is in a.py?")
    line("assistant", [{"type": "thinking", "thinking": "Look.", "signature": "s"}], "m1")
    first = line("assistant", [{"type": "tool_use", "id": "t1", "name": "Read", "input": {"file_path": "/a.py"}}], "m1")
    line("assistant", [{"type": "tool_use", "id": "t2", "name": "Read", "input": {"file_path": "/b.py"}}], "m1")
    second = above
    line("user", [{"type": "tool_result", "tool_use_id": "t1", "content": "print(1)"}], parent=first)
    line("user", [{"type": "tool_result", "tool_use_id": "t2", "content": "none", "is_error": True}], parent=second)
    said = line("assistant", [{"type": "text", "text": "It prints 1."}], "m2")
    line("user", "And in b.py?", parent=said)
    line("user", "And in c.py?", parent=said)
    line("user", "Search it all.", isSidechain=True, agentId="a1")
    lines[-1]["parentUuid"] = None
    line("assistant", [{"type": "text", "text": "Found."}], "m3", isSidechain=True, agentId="a1")
    return lines


CODEX = [
    {"timestamp": "2026-01-01", "type": "session_meta", "payload": {"id": "s1", "cwd": "/code", "instructions": None}},
    {"timestamp": "2026-01-01", "type": "event_msg", "payload": {"type": "user_message", "message": "Hi"}},
    *({"timestamp": "2026-01-01", "type": "response_item", "payload": item} for item in ITEMS),
    {"timestamp": "2026-01-01", "type": "turn_context", "payload": {"model": "m"}},
]
SWE_NATIVE = {
    "environment": "main",
    "trajectory": [{"action": "ls", "observation": "a.py", "response": "I look.", "thought": "I look.", "state": {}}],
    "history": [
        {"role": "system", "content": "You fix bugs.", "agent": "main", "message_type": "system_prompt"},
        {"role": "user", "content": [{"type": "text", "text": "Fix a.py."}], "agent": "main"},
        {
            "role": "assistant",
            "content": "I look.",
            "thought": "I look.",
            "action": "ls",
            "agent": "main",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command":"ls"}'}}
            ],
        },
        {"role": "tool", "content": "a.py", "agent": "main", "tool_call_ids": ["c1"]},
    ],
    "info": {"exit_status": "submitted"},
}
SWE_WRITTEN = {
    "environment": "main",
    "trajectory": [],
    "history": [
        {"role": "system", "content": "You fix bugs.", "agent": "primary"},
        {"role": "user", "content": "Fix a.py.", "agent": "primary"},
        {
            "role": "assistant",
            "content": "I look.\n```\nls\n```\n",
            "thought": "I look.",
            "action": "ls\n",
            "agent": "primary",
        },
        {"role": "user", "content": "a.py", "agent": "primary"},
    ],
    "info": {"exit_status": "submitted"},
}
FENCED = "THOUGHT: I look.\n\n```mswea_bash_command\nls\n```"
MINI = {
    "info": {"model_stats": {"api_calls": 1}, "mini_version": "2.2", "exit_status": "Submitted"},
    "messages": [
        {"role": "system", "content": "You fix bugs."},
        {"role": "user", "content": "Fix a.py."},
        {"role": "assistant", "content": FENCED, "extra": {"cost": 0.1}},
        {"role": "user", "content": "<returncode>0</returncode>\n<output>\na.py\n</output>"},
        {"role": "exit", "content": "", "extra": {"submission": "diff"}},
    ],
    "trajectory_format": "mini-swe-agent-1.1",
    "instance_id": "a-1",
}
_REPLY = {
    "id": "r1",
    "choices": [{"message": {"role": "assistant", "content": "I look.", "tool_calls": [_call("c1", BAD)]}}],
}
_META = {"function_name": "read_file", "tool_call_id": "c1", "model_response": _REPLY, "total_calls_in_response": 1}
OPENHANDS = {
    "instance_id": "a-1",
    "metadata": {"agent_class": "CodeActAgent"},
    "history": [
        {"id": 0, "source": "agent", "action": "system", "args": {"content": "You fix bugs.", "tools": [TOOL]}},
        {"id": 1, "source": "user", "action": "message", "args": {"content": "Fix a.py.", "image_urls": None}},
        {"id": 2, "source": "user", "action": "recall", "args": {"query": "Fix a.py."}},
        {"id": 3, "source": "agent", "action": "read", "args": {"thought": "I look."}, "tool_call_metadata": _META},
        {"id": 4, "source": "agent", "observation": "read", "content": "1", "cause": 3, "tool_call_metadata": _META},
        {"id": 5, "source": "agent", "action": "run", "args": {"command": "ls", "thought": ""}},
        {"id": 6, "source": "agent", "observation": "run", "content": "a.py", "extras": {"exit_code": 0}},
        {"id": 7, "source": "agent", "action": "finish", "args": {"outputs": {}, "thought": "Done."}},
    ],
    "metrics": {"accumulated_cost": 0.1},
}
_TEXT = [{"cache_prompt": False, "type": "text", "text": "I look."}]
EVENTS = [
    {"kind": "ConversationStateUpdateEvent", "id": "e0", "source": "environment", "key": "stats", "value": {}},
    {"kind": "SystemPromptEvent", "id": "e1", "source": "agent", "system_prompt": _TEXT[0], "tools": [TOOL]},
    {"kind": "MessageEvent", "id": "e2", "source": "user", "llm_message": {"role": "user", "content": _TEXT}},
    {
        "kind": "ActionEvent",
        "id": "e3",
        "source": "agent",
        "thought": _TEXT,
        "reasoning_content": "Look first.",
        "action": {"path": "/a", "kind": "ReadAction"},
        "tool_name": "read_file",
        "tool_call_id": "c1",
        "tool_call": {"id": "c1", "name": "read_file", "arguments": BAD},
        "llm_response_id": "r1",
    },
    {
        "kind": "ActionEvent",
        "id": "e4",
        "source": "agent",
        "thought": [],
        "action": {"path": "/b"},
        "tool_name": "read_file",
        "tool_call_id": "c2",
        "llm_response_id": "r1",
    },
    {
        "kind": "ObservationEvent",
        "id": "e5",
        "source": "environment",
        "tool_call_id": "c1",
        "observation": {"content": _TEXT, "is_error": True},
    },
    {"kind": "AgentErrorEvent", "id": "e6", "source": "agent", "tool_call_id": "c2", "error": "no such file"},
]
TAU = [{"task_id": 3, "reward": 1.0, "info": {"task": {"actions": []}}, "traj": CHAT, "trial": 1}]
TAU2 = {
    "timestamp": "2026-01-01",
    "info": {"environment_info": {"domain_name": "shop", "policy": "Be kind.", "tool_defs": None}, "seed": 3},
    "tasks": [{"id": "1"}],
    "simulations": [
        {
            "id": "s1",
            "task_id": "1",
            "trial": 0,
            "reward_info": {"reward": 0.0},
            "messages": [
                {"role": "assistant", "content": "Hello?", "tool_calls": None, "reasoning": None, "turn_idx": 0},
                {"role": "user", "content": "My order.", "tool_calls": None, "turn_idx": 1},
                {"role": "user", "content": None, "tool_calls": [{"id": "u1", "name": "look", "arguments": {}}]},
                {"role": "tool", "id": "u1", "content": "dark", "requestor": "user", "error": False},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "c1", "name": "order", "arguments": {"id": 5}, "requestor": "assistant"}],
                },
                {"role": "tool", "id": "c1", "content": "none", "requestor": "assistant", "error": True, "cost": 1e-3},
            ],
        }
    ],
}
AGENTDOJO = {
    "suite_name": "bank",
    "pipeline_name": "m",
    "user_task_id": "u1",
    "injection_task_id": None,
    "attack_type": None,
    "injections": {},
    "messages": [
        {"role": "system", "content": [{"type": "text", "content": "You are helpful."}]},
        {"role": "user", "content": "Pay."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"function": "pay", "args": {"to": "x"}, "id": "c1", "placeholder_args": None}],
        },
        {
            "role": "tool",
            "content": "",
            "tool_call_id": "c1",
            "tool_call": {"function": "pay", "args": {}, "id": "c1"},
            "error": "ValueError: no account",
        },
        {"role": "assistant", "content": "I cannot.", "tool_calls": None},
    ],
    "utility": False,
    "security": True,
}
INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {"task": "look", "model": "m"},
    "samples": [
        {
            "id": 1,
            "epoch": 1,
            "input": "What is in a.py?",
            "target": "1",
            "messages": [
                {"id": "m1", "role": "user", "content": "attachment://h1", "source": "input"},
                {
                    "id": "m2",
                    "role": "assistant",
                    "content": [{"type": "reasoning", "reasoning": "Look."}, {"type": "text", "text": ""}],
                    "tool_calls": [
                        {"id": "c1", "function": "read_file", "arguments": {"path": "/a"}, "parse_error": None}
                    ],
                },
                {
                    "role": "tool",
                    "content": "print(1)",
                    "tool_call_id": "c1",
                    "function": "read_file",
                    "error": {"type": "timeout", "message": "slow"},
                },
            ],
            "scores": {"match": {"value": "C", "answer": "1"}},
            "events": [{"event": "model", "tools": [SPEC], "input": []}],
            "attachments": {"h1": "What is in a.py?"},
        }
    ],
}
LIVE = [{"task_id": "t1", "question": "Hi?", "judge": "success", "reward": 1, "response": "Hi", "messages": CHAT}]
EXCHANGE = {
    "data_index": 1,
    "request": {"messages": CHAT[:2], "tools": [TOOL]},
    "response": {"choices": [{"message": CHAT[5]}]},
}
SHAREGPT = [
    {
        "conversations": [
            {"from": "human", "value": "What is in a.py?"},
            {"from": "function_call", "value": '{"name": "read_file", "arguments": {"path": "/a"}}'},
            {"from": "observation", "value": "print(1)"},
            {"from": "function_call", "value": BAD},
            {"from": "gpt", "value": ["It prints 1.", "1"]},
        ],
        "system": "Answer shortly.",
        "tools": json.dumps([SPEC]),
    }
]
FINETUNE = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "value": "What is in a.py?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "value": "Look."},
                {"type": "tool_call", "value": '{"name": "read_file", "arguments": {"path": "/a"}}'},
            ],
        },
        {"role": "tool", "content": [{"type": "text", "value": "print(1)"}]},
    ],
    "tools": json.dumps([TOOL]),
}
TOOLBENCH = {
    "win": True,
    "tree": {"size": 1},
    "answer_generation": {
        "function": [SPEC],
        "query": "Hi",
        "train_messages": [
            CHAT[:2],
            [
                CHAT[0],
                ASK,
                {"role": "assistant", "content": None, "function_call": {"name": "read_file", "arguments": "{}"}},
                {"role": "function", "name": "read_file", "content": "print(1)"},
            ],
        ],
    },
}


def _archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", json.dumps(INSPECT["eval"]))
        archive.writestr("samples/1_epoch_1.json", json.dumps(INSPECT["samples"][0]))  # type: ignore[index]
        archive.writestr("header.json", json.dumps({"version": 2}))
    return packed.getvalue()


def one(value: Any) -> tuple[bytes, list[Any]]:
    return json.dumps(value, indent=1).encode(), [value]


def lines(*values: Any) -> tuple[bytes, list[Any]]:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values), list(values)


def several(values: Any, of: Any = None) -> tuple[bytes, list[Any]]:
    return json.dumps(of or values, indent=1).encode(), values


def bare(values: Any, key: str = "messages") -> tuple[bytes, list[Any]]:
    return json.dumps(values).encode(), [{key: values, "bare": True}]


_SAID = {"role": "assistant", "content": [{"type": "text", "text": "It prints 1."}]}
# (format, name of the file): its bytes, and the records in it as the exporter must give them back.
SAMPLES: dict[tuple[str, str], tuple[bytes, list[Any]]] = {
    ("openai", "body.json"): one({"messages": CHAT, "tools": [TOOL], "seed": 1}),
    ("openai", "lines.jsonl"): lines(*[{"messages": CHAT}] * 3),
    ("openai", "bare.json"): bare(CHAT),
    ("responses", "body.json"): one({"model": "m", "instructions": "Short.", "input": ITEMS}),
    ("responses", "text.jsonl"): lines({"model": "m", "input": "Hi"}),
    ("anthropic", "body.json"): one({"system": "Short.", "messages": BLOCKS}),
    ("anthropic", "exchange.jsonl"): lines({"request": {"messages": BLOCKS}, "response": _SAID}),
    ("atif", "trajectory.json"): one(ATIF),
    ("claude-code", "session.jsonl"): lines(*_session()),
    ("codex", "rollout.jsonl"): lines(*CODEX),
    ("cline", "messages.json"): one(
        {"agent": "lead", "sessionId": "s1", "messages": BLOCKS, "system_prompt": "Short."}
    ),
    ("swe-agent", "native.traj"): one(SWE_NATIVE),
    ("swe-agent", "written.traj"): one(SWE_WRITTEN),
    ("mini-swe-agent", "run.traj.json"): one(MINI),
    ("mini-swe-agent", "bare.traj.json"): bare(MINI["messages"][:4]),  # type: ignore[index]
    ("openhands", "output.jsonl"): lines(OPENHANDS),
    ("openhands", "events.json"): bare(OPENHANDS["history"], "history"),
    ("openhands-events", "events.jsonl"): lines(*EVENTS),
    ("tau-bench", "results.json"): several(TAU),
    ("tau2-bench", "results.json"): several(TAU2["simulations"], TAU2),
    ("agentdojo", "run.json"): one(AGENTDOJO),
    ("inspect", "log.json"): several(INSPECT["samples"], INSPECT),
    ("inspect", "log.eval"): (_archive(), INSPECT["samples"]),  # type: ignore[dict-item]
    ("livemcpbench", "runs.json"): several(LIVE),
    ("exchange", "results.jsonl"): lines(EXCHANGE),
    ("sharegpt", "data.json"): several(SHAREGPT),
    ("finetune", "data.jsonl"): lines(FINETUNE),
    ("finetune", "prompts.jsonl"): lines({"prompt": CHAT[:2], "completion": CHAT[5:6]}),
    ("finetune", "traces.json"): several([{"conversations": CHAT, "episode": "e1"}]),
    ("toolbench", "answer.json"): one(TOOLBENCH),
}


def written(folder: Path, form: str, name: str) -> Path:
    """The sample as a file."""
    path = folder / name
    path.write_bytes(SAMPLES[form, name][0])
    return path
