"""The streams of a pipeline: what feeds a command, what it narrows, and what is left to see after a redirection."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from perturb.core.values import Intent
from perturb.toolbox.shell.meaning import DECODERS, OTHER, SHOWS, Command, Meaning
from perturb.toolbox.shell.syntax import Node, text_of
from perturb.toolbox.shell.words import Word
from perturb.toolbox.shell.writing import written


@dataclass
class Stage:
    """One part of a pipeline, with where its streams go."""

    node: Node | None
    reads: str | None = None
    fed: str | None = None
    redirects: list[tuple[str, bool, bool]] = field(default_factory=list)
    lossy: tuple[str, ...] = ()


def stages(node: Node) -> list[Node]:
    """The parts of a pipeline, first to last."""
    if node.type != "pipeline":
        return [node]
    return [stage for child in node.named_children if child.type != "comment" for stage in stages(child)]


def inside(node: Node) -> list[Node]:
    """The commands inside a word: substitutions at any depth, outermost only."""
    if node.type in ("command_substitution", "process_substitution"):
        return [node]
    return [found for child in node.named_children for found in inside(child)]


def searched(shown: Meaning, command: Command) -> tuple[Intent, tuple[str, ...]] | None:
    """A whole file piped into a search is a search of that file."""
    intent = shown.intents[0]
    whole = intent.action == "fs.read" and intent.args["start"] == 1 and intent.args["end"] == -1
    if not whole or command.name not in ("grep", "egrep", "fgrep", "rg") or not command.words:
        return None
    found = DECODERS[command.name](
        replace(command, words=(*command.words, Word(str(intent.args["path"]))), piped=False)
    )
    return (found.intents[0], found.lossy) if len(found.intents) == 1 and found.intents[0].action == "fs.grep" else None


def redirected(shown: Meaning, stage: Stage, out: str | None) -> Meaning:
    """What is left to see once a stage's output goes into a file."""
    shown = replace(shown, lossy=(*shown.lossy, *stage.lossy))
    for path, append, output in stage.redirects:
        if not output:
            shown = replace(shown, effects=(*shown.effects, path))
            continue
        if not shown.intents and out is not None:
            shown = shown.then(written(path, out, append))
        elif not shown.intents and _speaks(stage.node):
            shown = shown.then(written(path, None, append))
        else:
            kept = tuple(OTHER if intent.action in SHOWS else intent for intent in shown.intents) or (OTHER,)
            shown = replace(shown, intents=()).then(Meaning(kept, (path,)))
    return shown


def _speaks(node: Node | None) -> bool:
    name = node.child_by_field_name("name") if node is not None and node.type == "command" else None
    return name is not None and text_of(name) in ("echo", "printf", "cat")


def inner_line(command: Command) -> str | None:
    """The line that a shell or ``eval`` is given to run, where it is known."""
    if command.name == "eval" and all(word.known for word in command.words):
        return " ".join(command.texts)
    if command.name not in ("bash", "sh", "zsh", "dash"):
        return None
    texts = command.texts
    at = next((n for n, text in enumerate(texts) if re.fullmatch(r"-[a-z]*c", text)), None)
    if at is not None and at + 1 < len(texts):
        return texts[at + 1] if command.words[at + 1].known else None
    return command.fed if not [text for text in texts if not text.startswith("-")] else None
