"""The walk over the tree of a line: directories, variables, loops over literal words, subshells and functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from perturb.toolbox.shell import programs, searching  # noqa: F401 (their commands register themselves)
from perturb.toolbox.shell.meaning import (
    DECODERS,
    OTHER,
    SILENT,
    SOMETHING,
    Command,
    Meaning,
    Place,
    needing,
    options,
)
from perturb.toolbox.shell.reading import DECORATION, narrowed
from perturb.toolbox.shell.streams import Stage, inner_line, inside, redirected, searched, stages
from perturb.toolbox.shell.syntax import Node, Tree, parse, text_of
from perturb.toolbox.shell.words import Word, expand, literal_document
from perturb.toolbox.shell.wrappers import unwrapped
from perturb.toolbox.shell.writing import said

MAX_COMMANDS = 400
MAX_DEPTH = 40
MAX_WORDS = 300


@dataclass
class Walk:
    """The state of reading one line: where it is, which variables hold what, and what was found so far."""

    place: Place
    variables: dict[str, str]
    total: Meaning = field(default_factory=Meaning)
    functions: dict[str, Node] = field(default_factory=dict)
    depth: int = 0
    commands: int = 0
    tree: Tree | None = None

    def line(self, command: str) -> None:
        """Read a command line."""
        tree = parse(command)
        if tree is None:
            self.add(Meaning((OTHER,), lossy=("syntax",)))
            return
        before, self.tree, outer, self.total = self.total, tree, self.tree, Meaning()
        self.visit(tree.root)
        if not tree.whole:
            self.total = Meaning((OTHER,), self.total.effects, self.total.network, ("syntax",))
        self.total, self.tree = before.then(self.total), outer

    def add(self, meaning: Meaning) -> None:
        """Note what was found."""
        self.total = self.total.then(meaning)

    def visit(self, node: Node) -> None:
        """Read one node of the tree and what is in it."""
        if self.depth > MAX_DEPTH or self.commands > MAX_COMMANDS:
            self.add(Meaning((OTHER,), lossy=("too long",)))
            return
        self.depth += 1
        kind = node.type
        if kind == "redirected_statement":
            body = node.child_by_field_name("body")
            self.redirected(body, [child for child in node.named_children if child != body])
        elif kind in ("command", "pipeline", "declaration_command", "test_command"):
            self.pipeline(stages(node))
        elif kind == "subshell":
            self.apart(node.named_children)
        elif kind == "for_statement":
            self.loop(node)
        elif kind in ("while_statement", "c_style_for_statement"):
            self.each(node)
            self.add(Meaning(lossy=("loop",)))
        elif kind == "function_definition":
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name is not None and body is not None:
                self.functions[text_of(name)] = body
        elif kind == "variable_assignment":
            self.assign(node)
        elif kind not in ("comment", "word", "heredoc_body"):
            self.each(node)
        self.depth -= 1

    def redirected(self, body: Node | None, redirects: list[Node]) -> None:
        """A redirection belongs to the last command before it; the grammar gives it to the whole list."""
        if body is not None and body.type in ("list", "negated_command"):
            for child in body.named_children[:-1]:
                self.visit(child)
            self.redirected(body.named_children[-1], redirects)
        else:
            self.pipeline([] if body is None else stages(body), redirects)

    def each(self, node: Node) -> None:
        """Read the children of a node, first to last."""
        for child in node.named_children:
            self.visit(child)

    def apart(self, nodes: list[Node]) -> None:
        """Read nodes in a shell of their own: its directory and variables end with it."""
        outside = self.place, dict(self.variables)
        for node in nodes:
            self.visit(node)
        self.place, self.variables = outside

    def loop(self, node: Node) -> None:
        """``for``: once for every word where the words are known, once otherwise."""
        name = next((text_of(child) for child in node.named_children if child.type == "variable_name"), "")
        body = node.child_by_field_name("body")
        source = [c for c in node.named_children if c.type not in ("variable_name", "do_group", "comment")]
        words = [word for child in source for word in self.words(child)]
        values: list[str] | None = []
        for word in words:
            found = self.place.matching(word.text) if word.glob else [word.text]
            values = values + found if word.known and found and values is not None else None
        if body is None:
            return
        if values is None:
            self.variables.pop(name, None)
            self.each(body)
            self.add(Meaning(lossy=("loop",)))
        for value in values or ():
            self.variables[name] = value
            self.each(body)

    def words(self, node: Node) -> list[Word]:
        """The words that a word of the source becomes; commands inside it are read first."""
        for inner in inside(node):
            self.apart(inner.named_children)
        return expand(text_of(node), self.variables, self.place.home)

    def assign(self, node: Node) -> None:
        """``NAME=value``: kept where the value is known."""
        name, _, raw = text_of(node).partition("=")
        for inner in inside(node):
            self.apart(inner.named_children)
        found = expand(raw, self.variables, self.place.home) if raw else [Word("")]
        if len(found) == 1 and found[0].known and not name.endswith("+") and re.fullmatch(r"\w+", name):
            self.variables[name] = found[0].text
        else:
            self.variables.pop(name.rstrip("+"), None)

    def pipeline(self, nodes: list[Node], redirects: Sequence[Node] = ()) -> None:
        """The commands of one pipeline, first to last: what the last of them shows is what is shown."""
        shown, fed = Meaning(), None
        emptied: list[str] = []
        for number, node in enumerate(nodes or [None]):
            stage = self.stage(node, redirects if number >= len(nodes) - 1 else ())
            stage.fed = fed if stage.fed is None and number and not stage.reads else stage.fed
            if stage.node is None or stage.node.type == "command":
                one = self.command(stage, number > 0)
                read = {self.place.absolute(text) for text in (*one.texts, stage.reads or "")}
                emptied += [path for path, append, _ in stage.redirects if not append and path in read]
                out = said(one) if one.name in ("echo", "printf", "cat", ":", "true") else None
                shown = self.joined(shown, one, alone=len(nodes) == 1)
            else:
                shown, out = self.compound(shown, stage, len(nodes) > 1), None
            shown, fed = redirected(shown, stage, out), out
        self.add(replace(shown, clobbers=(*shown.clobbers, *emptied)))

    def compound(self, shown: Meaning, stage: Stage, apart: bool) -> Meaning:
        """A loop, a group or a test as one part of a pipeline."""
        before, self.total = self.total, Meaning()
        assert stage.node is not None
        if stage.node.type in ("declaration_command", "test_command"):
            self.each(stage.node)
        elif apart:
            self.apart([stage.node])
        else:
            self.visit(stage.node)
        found, self.total = self.total, before
        return shown.then(found)

    def stage(self, node: Node | None, redirects: Sequence[Node]) -> Stage:
        """A node with its redirections taken off; None where a line is nothing but those."""
        stage = Stage(node)
        if node is not None and node.type == "redirected_statement":
            stage.node = node.child_by_field_name("body")
            redirects = [*(child for child in node.named_children if child != stage.node), *redirects]
        if stage.node is not None and stage.node.type == "command":
            redirects = [*stage.node.named_children, *redirects]
        for child in redirects:
            self.redirect(stage, child)
        return stage

    def redirect(self, stage: Stage, node: Node) -> None:
        """Note one redirection of a stage."""
        if node.type == "herestring_redirect":
            found = expand(text_of(node).removeprefix("<<<").strip(), self.variables, self.place.home)
            stage.fed = found[0].text + "\n" if len(found) == 1 and found[0].known else None
            return
        if node.type != "file_redirect":
            return
        target = node.child_by_field_name("destination")
        operator = next((c.type for c in node.children if not c.is_named), "")
        words = self.words(target) if target is not None else []
        if not words or (operator in (">&", "<&") and words[0].text.lstrip("-").isdecimal()):
            return
        descriptor = next((text_of(c) for c in node.named_children if c.type == "file_descriptor"), "1")
        document = self.tree.document(words[0].text) if self.tree else None
        if document is not None:
            stage.fed = document.body if document.literal else literal_document(document.body, self.variables)
            stage.lossy += () if stage.fed is not None else ("here-document",)
        elif operator.startswith("<"):
            stage.reads = words[0].text
            stage.fed = self.place.text(words[0].text)
        elif words[0].known:
            path = self.place.absolute(words[0].text)
            if not path.startswith("/dev/"):
                stage.redirects.append((path, operator.endswith(">>"), descriptor == "1"))
        else:
            stage.lossy += ("redirection to a computed name",)

    def command(self, stage: Stage, piped: bool) -> Command:
        """The simple command of a stage after its wrappers."""
        self.commands += 1
        if stage.node is None:
            return Command(":", (), self.place)
        assigned = [child for child in stage.node.named_children if child.type == "variable_assignment"]
        name = stage.node.child_by_field_name("name")
        if name is None:
            for child in assigned:
                self.assign(child)
            return Command(":", (), self.place)
        raw = [name, *(stage.node.children_by_field_name("argument"))]
        words = [word for node in raw for word in self.words(node)]
        if not words:
            return Command(":", (), self.place)
        words = unwrapped(words[:MAX_WORDS])
        first = words[0] if words else Word("")
        called = first.text.rsplit("/", 1)[-1] if first.known else ""
        reads = (Word(stage.reads),) if stage.reads and called in ("cat", "head", "tail", "nl", "less", "sort") else ()
        return Command(called, (*words[1:], *reads), self.place, stage.fed, piped or bool(stage.reads and not reads))

    def joined(self, shown: Meaning, command: Command, alone: bool) -> Meaning:
        """What a pipeline shows once `command` is added to it."""
        if command.piped and shown.intents:
            if command.name in DECORATION and not options(command.words, "ktbvw").operands:
                return shown
            if len(shown.intents) == 1:
                found = narrowed(shown.intents[0], command, self.place) or searched(shown, command)
                if found:
                    lossy = (*shown.lossy, *found[1])
                    return Meaning((found[0],), shown.effects, shown.network, lossy)
            if command.name in ("head", "tail") and not options(command.words, "nc").operands:
                return replace(shown, lossy=(*shown.lossy, command.name) if shown.intents != (OTHER,) else shown.lossy)
        return shown.then(self.meaning(command, alone))

    def meaning(self, command: Command, alone: bool) -> Meaning:
        """What one command means; ``cd`` and calls of the line's own functions are followed."""
        if command.name in ("cd", "pushd"):
            self.change_directory(command, alone)
            return Meaning()
        if command.name in SILENT:
            return Meaning()
        if command.name in self.functions:
            return self.nested(lambda: self.visit(self.functions[command.name]))
        inner = inner_line(command)
        if inner is not None:
            return self.nested(lambda: self.line(inner))
        if command.name == "cat" and not command.texts:
            return Meaning()
        decoder = DECODERS.get(command.name)
        return needing(decoder(command)) if decoder else SOMETHING

    def nested(self, read: Callable[[], None]) -> Meaning:
        """What something read in a shell of its own means."""
        before, place, self.total = self.total, self.place, Meaning()
        self.depth += 1
        if self.depth <= MAX_DEPTH:
            read()
        self.depth -= 1
        found, self.total, self.place = self.total, before, place
        return found

    def change_directory(self, command: Command, alone: bool) -> None:
        """Follow ``cd``; in a longer pipeline it changes nothing outside."""
        operands = options(command.words).operands
        target = operands[0] if operands else Word(self.place.home)
        if not alone:
            return
        if target.text == "-" or command.texts[:1] == ["-"]:
            self.place = replace(self.place, cwd=self.variables.get("OLDPWD", self.place.cwd))
        elif target.known:
            self.variables["OLDPWD"] = self.place.cwd
            self.place = replace(self.place, cwd=self.place.absolute(target.text))
            self.variables["PWD"] = self.place.cwd
        else:
            self.add(Meaning(lossy=("directory",)))
