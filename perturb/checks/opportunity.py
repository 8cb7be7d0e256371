"""Whether an answer could have broken a rule at all: keeping what nothing put to the test says nothing."""

from __future__ import annotations

from perturb.checks.calls import commands_of, visible_paths
from perturb.checks.files import changed_files, marked_files
from perturb.checks.text import visible_text
from perturb.core.values import Answer, Case, Instruction, Intent

# Kinds that bind whatever the answer is.
ALWAYS = frozenset({"text.present", "call.at_least_one"})
_CHANGES = ("fs.edit", "fs.write")


def _in_force(answer: Answer, rule: Instruction) -> bool:
    """Whether the rule's own condition holds: ``when`` and ``unless``, each a question or a number in the message."""
    if "when" not in rule.params and "unless" not in rule.params:
        return True
    text = visible_text(answer)
    holds = {"question": text.rstrip().endswith("?"), "number": any(letter.isdigit() for letter in text)}
    when, unless = rule.params.get("when"), rule.params.get("unless")
    return holds.get(str(when), True) and not holds.get(str(unless), False)


def given(answer: Answer, rule: Instruction, case: Case) -> bool:
    """Whether this answer had the opportunity to break `rule`.

    A rule about messages needs one, a rule about an action that action, a rule about paths a path, one about
    marked files such a file and a change; any other rule about calls needs a call.
    """
    if not _in_force(answer, rule):
        return False
    family = rule.check.partition(".")[0]
    intents = [intent for intent in answer.intents if isinstance(intent, Intent)]
    if rule.check in ALWAYS:
        return True
    if family == "text":
        return bool(visible_text(answer).strip())
    if rule.check == "edit.spares":
        return bool(marked_files(rule, case)) and bool(changed_files(answer, case))
    if rule.check in ("call.arg", "call.arg_max"):
        wanted = rule.params["action"]
        return any(intent.action == wanted for intent in intents) or (
            wanted == "shell.run" and bool(commands_of(answer, case))
        )
    if family == "command":
        return bool(commands_of(answer, case))
    if family == "path":
        return any(intent.action.startswith("fs.") for intent in intents)
    if family == "edit":
        return any(intent.action in _CHANGES for intent in intents)
    if family == "args":
        return any(True for _ in visible_paths(answer, case))
    return bool(answer.reply.calls)
