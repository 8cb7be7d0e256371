"""Rules about the calls of a reply, checked on what they mean (intents) or, for path style, on how they look."""

from __future__ import annotations

from collections.abc import Iterator

from perturb.core.actions import fields
from perturb.core.registry import check
from perturb.core.values import Answer, Case, Instruction, Intent
from perturb.toolbox import toolbox
from perturb.toolbox.codecs import absolute


def _intents(answer: Answer) -> Iterator[Intent]:
    return (intent for intent in answer.intents if isinstance(intent, Intent))


@check("call.max", n=int)
def max_calls(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """At most `n` calls in one reply."""
    return len(answer.reply.calls) <= int(rule.params["n"])


@check("call.at_least_one")
def at_least_one(answer: Answer, _rule: Instruction, _case: Case) -> bool:
    """The reply holds a call."""
    return len(answer.reply.calls) >= 1


@check("call.never", action=str)
def never(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """`action` is not done."""
    return all(intent.action != rule.params["action"] for intent in _intents(answer))


def _with_argument(intent: Intent, rule: Instruction) -> Intent:
    if intent.action != rule.params["action"]:
        return intent
    return Intent(intent.action, {**intent.args, rule.params["field"]: rule.params["value"]})


@check("call.arg", arrange=_with_argument, action=str, field=str, value=object)
def argument(answer: Answer, rule: Instruction, case: Case) -> bool:
    """Whenever `action` is done with a tool that can carry `field`, that argument is `value`."""
    wanted, name = rule.params["value"], rule.params["field"]
    carriers = {tool.name for tool in case.tools if any(param.field == name for param in tool.params)}
    literal = [toolbox.literal(case.tools, call, case.world) for call in answer.reply.calls]
    as_written = [i if isinstance(i, Intent) and i.action == "shell.run" else None for i in literal]
    for call, meant, written in zip(answer.reply.calls, answer.intents, as_written, strict=False):
        intent = written or meant
        if isinstance(intent, Intent) and intent.action == rule.params["action"] and call.tool in carriers:
            known = fields(intent.action).get(name)
            if intent.args.get(name, known.default if known else None) != wanted:
                return False
    return True


@check("call.arg_max", action=str, field=str, n=int)
def argument_max(answer: Answer, rule: Instruction, _case: Case) -> bool:
    """Whenever `action` is done with a number in `field`, it is at most `n`."""
    for intent in _intents(answer):
        value = intent.args.get(rule.params["field"]) if intent.action == rule.params["action"] else None
        if isinstance(value, int | float) and value > rule.params["n"]:
            return False
    return True


def commands_of(answer: Answer, case: Case) -> list[str]:
    """The command lines of an answer as they are written, whatever they stand for."""
    literal = [toolbox.literal(case.tools, call, case.world) for call in answer.reply.calls]
    meant = [i for i in (*literal, *answer.intents) if isinstance(i, Intent) and i.action == "shell.run"]
    return [str(intent.args.get("command", "")) for intent in meant]


@check("command.lacks", words=list)
def command_lacks(answer: Answer, rule: Instruction, case: Case) -> bool:
    """No shell command, as it is written, contains any of `words`."""
    commands = commands_of(answer, case)
    return not any(str(word) in command for word in rule.params["words"] for command in commands)


@check("path.inside", root=str)
def path_inside(answer: Answer, rule: Instruction, case: Case) -> bool:
    """Every file path touched lies below `root`."""
    root = absolute(str(rule.params["root"]), case.world).rstrip("/") + "/"
    for intent in _intents(answer):
        path = intent.args.get("path") if intent.action.startswith("fs.") else None
        if isinstance(path, str) and not (absolute(path, case.world) + "/").startswith(root):
            return False
    return True


@check("edit.after_read")
def edit_after_read(answer: Answer, _rule: Instruction, case: Case) -> bool:
    """A file that is there is changed or overwritten only when the conversation has read or written it."""
    for intent in _intents(answer):
        path = absolute(str(intent.args.get("path", "")), case.world)
        changes = intent.action == "fs.edit" or (intent.action == "fs.write" and path in case.world.files)
        if changes and not _seen(path, case):
            return False
    return True


def _seen(path: str, case: Case) -> bool:
    handled = {
        absolute(str(call.args.get("path", "")), case.world)
        for turn in case.turns
        for call in turn.calls
        if call.action in ("fs.read", "fs.edit", "fs.write")
    }
    return path in handled


def visible_paths(answer: Answer, case: Case) -> Iterator[str]:
    """Path arguments as the model wrote them."""
    for call in answer.reply.calls:
        tool = next((tool for tool in case.tools if tool.name == call.tool), None)
        for param in tool.params if tool else ():
            known = fields(tool.action).get(param.field) if tool else None
            visible = call.args.get(tool.envelope, {}) if tool and tool.envelope else call.args
            value = visible.get(param.name) if isinstance(visible, dict) else None
            if known and known.kind == "path" and isinstance(value, str) and value:
                yield value


@check("args.absolute_paths")
def absolute_paths(answer: Answer, _rule: Instruction, case: Case) -> bool:
    """Path arguments are written absolute."""
    return all(path.startswith("/") for path in visible_paths(answer, case))


@check("args.relative_paths")
def relative_paths(answer: Answer, _rule: Instruction, case: Case) -> bool:
    """Path arguments inside the working directory are written relative to it."""
    return not any((path + "/").startswith(case.world.cwd.rstrip("/") + "/") for path in visible_paths(answer, case))
