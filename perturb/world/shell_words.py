"""A command line as pipelines of words: quotes, operators, redirections, here-documents. Nothing is run to expand."""

from __future__ import annotations

from dataclasses import dataclass, field

from perturb.world.failure import WorldError

MAX_COMMAND = 50_000
_OPERATORS = ("&&", "||", ">>", "<<", ";", "|", ">", "<", "&", "\n")


@dataclass
class Simple:
    """One command of a pipeline and where its streams go."""

    words: list[str] = field(default_factory=list)
    stdin: str | None = None
    read_from: str = ""
    write_to: str = ""
    append: bool = False
    quiet_errors: bool = False
    merge_errors: bool = False


@dataclass
class Pipeline:
    """Commands joined by ``|``; `when` is the operator before it: ``;``, ``&&`` or ``||``."""

    when: str
    commands: list[Simple]


@dataclass(frozen=True)
class Token:
    """A word, or an operator when `operator`."""

    text: str
    operator: bool = False


def pipelines(command: str, variables: dict[str, str]) -> list[Pipeline]:
    """Parse a command line. Raises WorldError for a syntax error and for what is not emulated."""
    if len(command) > MAX_COMMAND:
        raise WorldError("unsupported", "command is too long")
    command, documents = _here_documents(command)
    tokens = _tokens(command, variables)
    lines = [Pipeline(";", [Simple()])]
    at = 0
    while at < len(tokens):
        token = tokens[at]
        current = lines[-1].commands[-1]
        if not token.operator:
            _word(current, token.text)
        elif token.text in (";", "\n", "&&", "||"):
            when = ";" if token.text == "\n" else token.text
            lines.append(Pipeline(when, [Simple()]))
        elif token.text == "|":
            lines[-1].commands.append(Simple())
        elif token.text == "<<":
            current.stdin = documents.pop(0)
            at += 1
        elif token.text in (">", ">>", "<"):
            at += 1
            _redirect(current, token.text, tokens[at].text if at < len(tokens) else "")
        else:
            raise WorldError("unsupported", f"shell operator {token.text!r} is not emulated")
        at += 1
    return [line for line in lines if any(command.words or command.write_to for command in line.commands)]


def _word(current: Simple, text: str) -> None:
    if text == "2>/dev/null":
        current.quiet_errors = True
    elif text == "2>&1":
        current.merge_errors = True
    else:
        current.words.append(text)


def _redirect(current: Simple, operator: str, target: str) -> None:
    if not target:
        raise WorldError("unsupported", "syntax error: redirection without a file")
    if operator == "<":
        current.read_from = target
        return
    current.write_to, current.append = target, operator == ">>"


def _here_documents(command: str) -> tuple[str, list[str]]:
    """Take the bodies of here-documents out of the command text."""
    lines, kept, documents = command.split("\n"), [], []
    at = 0
    while at < len(lines):
        line = lines[at]
        kept.append(line)
        at += 1
        _, found, rest = line.partition("<<")
        if not found or rest.startswith("<"):
            continue
        mark = rest.lstrip("-").strip().split()[0].strip("'\"") if rest.strip() else ""
        end = next((n for n in range(at, len(lines)) if lines[n].strip() == mark), None)
        if not mark or end is None:
            raise WorldError("unsupported", "here-document without an end")
        documents.append("".join(body + "\n" for body in lines[at:end]))
        at = end + 1
    return "\n".join(kept), documents


def _tokens(command: str, variables: dict[str, str]) -> list[Token]:
    tokens: list[Token] = []
    word: list[str] | None = None
    at = 0
    while at < len(command):
        char = command[at]
        if command.startswith(("2>&1", "2>/dev/null"), at) and word is None:
            special = "2>&1" if command.startswith("2>&1", at) else "2>/dev/null"
            tokens.append(Token(special))
            at += len(special)
            continue
        operator = next((o for o in _OPERATORS if command.startswith(o, at)), None)
        if operator or char in " \t" or (char == "#" and word is None):
            if word is not None:
                tokens.append(Token("".join(word)))
                word = None
            if char == "#":
                at = (command + "\n").find("\n", at)
                continue
            if operator:
                tokens.append(Token(operator, operator=True))
            at += len(operator or char)
            continue
        piece, at = _piece(command, at, variables)
        word = [*(word or ()), piece]
    if word is not None:
        tokens.append(Token("".join(word)))
    return tokens


def _piece(command: str, at: int, variables: dict[str, str]) -> tuple[str, int]:
    """The next part of a word, unquoted, and where it ends."""
    char = command[at]
    if char == "'":
        end = command.find("'", at + 1)
        if end < 0:
            raise WorldError("unsupported", "syntax error: a quote never ends")
        return command[at + 1 : end], end + 1
    if char == '"':
        return _double_quoted(command, at + 1, variables)
    if char == "\\":
        return command[at + 1 : at + 2], at + 2
    if char == "`" or command.startswith("$(", at):
        raise WorldError("unsupported", "command substitution is not emulated")
    if char == "$":
        return _variable(command, at, variables)
    return char, at + 1


def _double_quoted(command: str, at: int, variables: dict[str, str]) -> tuple[str, int]:
    text: list[str] = []
    while at < len(command) and command[at] != '"':
        if command[at] == "\\" and command[at + 1 : at + 2] in ('"', "\\", "$", "`"):
            text.append(command[at + 1])
            at += 2
        elif command[at] == "`" or command.startswith("$(", at):
            raise WorldError("unsupported", "command substitution is not emulated")
        elif command[at] == "$":
            piece, at = _variable(command, at, variables)
            text.append(piece)
        else:
            text.append(command[at])
            at += 1
    if at >= len(command):
        raise WorldError("unsupported", "syntax error: a quote never ends")
    return "".join(text), at + 1


def _variable(command: str, at: int, variables: dict[str, str]) -> tuple[str, int]:
    end = at + 1
    while end < len(command) and (command[end].isalnum() or command[end] == "_"):
        end += 1
    name = command[at + 1 : end]
    if not name:
        return "$", at + 1
    return variables.get(name, ""), end
