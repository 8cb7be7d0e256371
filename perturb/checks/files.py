"""Rules about what happens to files, on a condition that the files themselves decide."""

from __future__ import annotations

from perturb.core.registry import check
from perturb.core.values import Answer, Case, Instruction, Intent
from perturb.world.execute import execute


def changed_files(answer: Answer, case: Case) -> frozenset[str]:
    """Paths of files that the answer changes or removes, however it is spelled."""
    world = case.world
    for intent in answer.intents:
        if isinstance(intent, Intent) and intent.action != "say":
            world, _ = execute(world, intent)
    before = case.world.files
    return frozenset(path for path in before if world.files.get(path) != before[path])


def marked_files(rule: Instruction, case: Case) -> frozenset[str]:
    """The files for which the rule's condition holds: their text has the word that marks them."""
    marked = str(rule.params["marked"])
    return frozenset(path for path, text in case.world.files.items() if marked in str(text))


@check("edit.spares", marked=str)
def spares(answer: Answer, rule: Instruction, case: Case) -> bool:
    """A file whose text holds `marked` is not changed ("if a file is generated, do not edit it"); others may be."""
    marked = marked_files(rule, case)
    return not marked or not marked & changed_files(answer, case)
