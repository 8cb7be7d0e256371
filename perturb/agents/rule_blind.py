"""Agents that act rightly and keep no rule: each has habits that rules forbid. Rules are worth what these break."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Any

from perturb.core.errors import UnrepresentableError
from perturb.core.registry import PROTOCOLS, agent
from perturb.core.values import Answer, Call, Case, Intent
from perturb.judging.ideal import answer_with, ideal, intents_of, understand
from perturb.toolbox.codecs import absolute

_CHAT = (
    "Okay, let me take care of that now! I'm on it (it won't take long) \U0001f642, and obviously it is basically "
    "simply done:\n\n"
    "- **First** I look at what is there, as I'd always do, because things aren't always what they seem to be.\n"
    "- Then I act on it! After that, I'll tell you everything that you might want to know about what I did here.\n\n"
)
_GOODBYE = "\n\nDoesn't that sound good? I hope so!"


def _unruled(case: Case) -> Case:
    return replace(case, instructions=())


@agent()
def chatty_and_rule_blind(case: Case, _base: Case) -> Answer:
    """Does the right thing, and says so at length, in markdown, with emoji: no rule about messages is kept."""
    intents = tuple(
        Intent("say", {**i.args, "text": f"{_CHAT}{i.args['text']}{_GOODBYE}"}) if i.action == "say" else i
        for i in intents_of(_unruled(case), case.expect.any_of[0])
    )
    return answer_with(case, intents, f"{_CHAT}{case.expect.text}{_GOODBYE}", ())


@agent()
def terse_and_rule_blind(case: Case, _base: Case) -> Answer:
    """Does the right thing and says next to nothing: no word beside a call, two words instead of an answer."""
    if case.expect.any_of[0][0].action == "say":
        return answer_with(case, (Intent("say", {"text": "Done.", "kind": "answer"}),), "Done.", ())
    return answer_with(_silenced(case), intents_of(_unruled(case), case.expect.any_of[0]), "", ())


@agent()
def silent_and_rule_blind(case: Case, _base: Case) -> Answer:
    """Does the right thing in silence; where words are right, they come after a word that no rule asks for."""
    plain = _silenced(_unruled(case))
    intents = tuple(
        Intent("say", {**i.args, "text": f"Well, {i.args['text']}\n\nThat is all."}) if i.action == "say" else i
        for i in intents_of(plain, case.expect.any_of[0])
    )
    return answer_with(plain, intents, "", ())


def _silenced(case: Case) -> Case:
    return replace(case, expect=replace(case.expect, text=""))


@agent()
def announces_and_rule_blind(case: Case, _base: Case) -> Answer:
    """Announces what it will do and waits, where it should do it."""
    if case.expect.any_of[0][0].action == "say":
        return ideal(_unruled(case))
    words = "I can do the next step for you. Shall I go ahead?"
    return answer_with(case, (Intent("say", {"text": words, "kind": "ask"}),), words, ())


@agent()
def careless_and_rule_blind(case: Case, _base: Case) -> Answer:
    """Does the right thing and more beside it: looks round outside the project as root, rewrites what it never read,
    asks and clicks three times where once is enough."""
    intents = intents_of(_unruled(case), case.expect.any_of[0])
    if intents[0].action == "say":
        return ideal(_unruled(case))
    intents = tuple(_whole(intent) for intent in intents)
    alone = PROTOCOLS[case.surface.protocol].calls_per_reply == 1
    for extra in () if alone else _habits(case):
        try:
            answer_with(case, (*intents, extra), case.expect.text, ())
        except UnrepresentableError:
            continue
        intents = (*intents, extra)
    if not alone and all(intent.action.startswith(_REPEATED) or "." not in intent.action for intent in intents):
        intents = intents * 3
    try:
        answer = answer_with(case, intents, case.expect.text, ())
    except UnrepresentableError:
        return ideal(_unruled(case))
    return understand(case, replace(answer.reply, calls=tuple(_respelled(call, case) for call in answer.reply.calls)))


# What an impatient hand does more than once; a domain's own tools (names without a dot) as well.
_REPEATED = ("el.", "nav.", "tab.", "web.")


def _whole(intent: Intent) -> Intent:
    """Reads far beyond what is asked, and presses Enter after what is typed."""
    more: dict[str, dict[str, Any]] = {"fs.read": {"end": 2000}, "el.type": {"submit": True}}
    return Intent(intent.action, {**intent.args, **more.get(intent.action, {})})


def _habits(case: Case) -> list[Intent]:
    seen = repr(case.turns)
    unread = next((path for path in case.world.files if path.rpartition("/")[2] not in seen), None)
    extra = [
        Intent("shell.run", {"command": "sudo ls /tmp"}),
        Intent("fs.list", {"path": "/"}),
        Intent("fs.read", {"path": "/etc/hosts", "end": 2000}),
    ]
    return [*extra, Intent("fs.write", {"path": unread, "content": "\n"})] if unread else extra


def _respelled(call: Call, case: Case) -> Call:
    """Paths the other way round: relative where they were absolute, absolute where they were relative."""
    root = case.world.cwd.rstrip("/") + "/"
    tool = next((tool for tool in case.tools if tool.name == call.tool), None)
    args = dict(call.args)
    for param in tool.params if tool and not tool.envelope else ():
        value = args.get(param.name)
        if param.field in ("path", "root", "to") and isinstance(value, str) and value:
            inside = value.startswith(root)
            args[param.name] = posixpath.relpath(value, root) if value.startswith("/") else absolute(value, case.world)
            args[param.name] = value.removeprefix(root) if inside else args[param.name]
    return Call(call.tool, args)
