"""A command line as a tree: here-documents are taken out first, the rest goes through tree-sitter's bash grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

# A node of the tree; the grammar's package is imported when the first line is read.
Node: TypeAlias = Any
MAX_COMMAND = 50_000
MAX_PIPES = 400
_MARK = "__here_document_"
# What a scan for here-documents has to see outside double quotes, and inside them.
_OUTSIDE = re.compile(
    r"""\\. | '[^']*'? | \$?\(\([^()\n]{0,200}\)\) | \$\( | (?<![^\s;&|(])\#[^\n]* | <<<
    | <<(?P<tabs>-?)[ \t]*(?P<word>'[^'\n]*'|"[^"\n]*"|\\?[^\s'"<>|;&()$`\\]+) | .""",
    re.VERBOSE | re.DOTALL,
)
_INSIDE = re.compile(r"\\.|\$\(|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """A here-document's body; `literal` when its delimiter was quoted, so that nothing in it is expanded."""

    body: str
    literal: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed line. `whole` is False where the grammar had to skip or guess something."""

    root: Node
    documents: tuple[Document, ...]
    whole: bool

    def document(self, raw: str) -> Document | None:
        """The here-document that a word of the tree stands for, if it is one."""
        before, found, number = raw.partition(_MARK)
        known = found and not before and number.isdecimal() and int(number) < len(self.documents)
        return self.documents[int(number)] if known else None


@lru_cache(maxsize=1024)
def parse(command: str) -> Tree | None:
    """The tree of a command line; None when it is too long or a here-document never ends. Total for any text."""
    taken = _without_documents(command) if len(command) <= MAX_COMMAND and _MARK not in command else None
    # The grammar takes time that grows with the square of a pipeline's length, where something is wrong with it.
    if taken is None or taken[0].count("|") > MAX_PIPES:
        return None
    from tree_sitter import Parser

    root = Parser(_language()).parse(taken[0].encode("utf-8", "replace")).root_node
    return Tree(root, tuple(taken[1]), not root.has_error)


@lru_cache(maxsize=1)
def _language() -> Any:
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())


def text_of(node: Node) -> str:
    """The source text of a node."""
    return bytes(node.text).decode("utf-8", "replace")


def _without_documents(command: str) -> tuple[str, list[Document]] | None:
    """The text with every ``<<WORD`` as ``< mark``, and the bodies: the grammar knows one here-document a line."""
    out: list[str] = []
    documents: list[Document] = []
    waiting: list[tuple[str, bool]] = []
    enclosing: list[str] = []
    at = 0
    while at < len(command):
        quoted = bool(enclosing) and enclosing[-1] == '"'
        token = (_INSIDE if quoted else _OUTSIDE).match(command, at)
        assert token is not None  # the last alternative takes any character
        piece, at = token.group(), token.end()
        if not quoted and token["word"]:
            out.append(f"< {_MARK}{len(documents) + len(waiting)}")
            waiting.append((token["word"], bool(token["tabs"])))
            continue
        out.append(piece)
        _enter(enclosing, piece)
        if piece == "\n" and waiting and not quoted:
            for word, tabs in waiting:
                found = _body(command, at, word.strip("'\"\\"), tabs)
                if found is None:
                    return None
                documents.append(Document(found[0], word[0] in "'\"\\"))
                at = found[1]
            waiting = []
    return None if waiting else ("".join(out), documents)


def _enter(enclosing: list[str], piece: str) -> None:
    """Keep track of the double quotes and parentheses that are open."""
    if piece == '"':
        if enclosing and enclosing[-1] == '"':
            enclosing.pop()
        else:
            enclosing.append('"')
    elif piece in ("$(", "("):
        enclosing.append(")")
    elif piece == ")" and enclosing and enclosing[-1] == ")":
        enclosing.pop()


def _body(command: str, at: int, word: str, tabs: bool) -> tuple[str, int] | None:
    """The lines up to the one that is `word`, and where the text goes on."""
    lines: list[str] = []
    while at < len(command):
        end = command.find("\n", at)
        line = command[at:] if end < 0 else command[at:end]
        at = len(command) if end < 0 else end + 1
        line = line.lstrip("\t") if tabs else line
        if line == word:
            return "".join(lines), at
        lines.append(line + "\n")
    return None
