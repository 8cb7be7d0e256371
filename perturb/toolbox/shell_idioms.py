"""Reading, searching and editing as shell text, for scaffolds whose only tool is a shell.

Only commands whose whole meaning is one action are recognised; anything else stays ``shell.run``.
"""

from __future__ import annotations

import ast
import posixpath
import re
import shlex

from perturb.core.values import Intent, Json, World

_HEREDOC = "PERTURB_EOF"
_EDIT = (
    "python3 - <<'{mark}'\nfrom pathlib import Path\np = Path({path})\n"
    "p.write_text(p.read_text().replace({old}, {new}{count}))\n{mark}"
)
_OPERATORS = ("|", ";", "&", "<", ">", "$", "`", "\n")


def to_command(intent: Intent, world: World) -> str | None:
    """A shell command that does `intent`, or None where the shell has no plain way to."""
    args = intent.args
    if intent.action == "shell.run":
        return str(args["command"])
    where = shlex.quote(_shown(str(args.get("path") or args.get("root") or world.cwd), world))
    if intent.action == "fs.read":
        start, end = args.get("start", 1), args.get("end", -1)
        if start == 1 and end == -1:
            return f"cat {where}"
        return f"sed -n '{start},{'$' if end == -1 else end}p' {where}"
    if intent.action == "fs.list":
        return f"ls {'-R ' if args.get('recursive') else ''}{where}"
    if intent.action == "fs.find":
        return _find(str(args["glob"]), where)
    if intent.action == "fs.grep":
        flags = "-rniE" if args.get("ignore_case") else "-rnE"
        include = f" --include={shlex.quote(str(args['include']))}" if args.get("include") else ""
        return f"grep {flags}{include} -e {shlex.quote(str(args['pattern']))} {where}"
    return _write_command(intent, where, world)


def _write_command(intent: Intent, where: str, world: World) -> str | None:
    args = intent.args
    if intent.action == "fs.write":
        content = str(args["content"])
        if _HEREDOC in content or not content.endswith("\n"):
            return None
        return f"cat > {where} <<'{_HEREDOC}'\n{content}{_HEREDOC}"
    if intent.action == "fs.edit":
        old, new = str(args["old"]), str(args["new"])
        if _HEREDOC in old + new:
            return None
        path = _shown(str(args["path"]), world)
        count = "" if args.get("all") else ", 1"
        return _EDIT.format(mark=_HEREDOC, path=repr(path), old=repr(old), new=repr(new), count=count)
    return None


def _find(glob: str, where: str) -> str | None:
    name = glob[3:] if glob.startswith("**/") else None
    if name is None or "/" in name:
        return None
    return f"find {where} -name {shlex.quote(name)}"


def _shown(path: str, world: World) -> str:
    inside = path == world.cwd or path.startswith(world.cwd.rstrip("/") + "/")
    return posixpath.relpath(path, world.cwd) if inside else path


def from_command(command: Json, world: World) -> Intent | None:
    """The one action that `command` is, or None. Total: any text gives an answer."""
    if not isinstance(command, str):
        return None
    command = command.strip()
    head = f"cd {world.cwd} && "
    command = command.removeprefix(head)
    return _from_heredoc(command, world) or _from_words(command, world)


def _from_heredoc(command: str, world: World) -> Intent | None:
    first, _, rest = command.partition("\n")
    try:
        words = shlex.split(first)
    except ValueError:
        return None
    at = next((n for n, word in enumerate(words) if word.startswith("<<")), None)
    if at is None or not rest:
        return None
    mark = words.pop(at)[2:] or (words.pop(at) if at < len(words) else "")
    quoted = f"'{mark}'" in first or f'"{mark}"' in first
    body, found, tail = f"\n{rest}\n".partition(f"\n{mark}\n")
    body = f"{body}\n"[1:]
    if not mark or mark[0] in "-<" or not found or tail.strip() or not (quoted or _is_literal(body)):
        return None
    if (len(words) == 3 and words[:2] == ["cat", ">"]) or (len(words) == 2 and words[0] == "tee"):
        return Intent("fs.write", {"path": _full(words[-1], world), "content": body})
    if words in (["python3", "-"], ["python", "-"], ["python3"], ["python"]):
        return _from_python(body, world)
    return None


def _is_literal(body: str) -> bool:
    """Whether a shell would leave an unquoted here-document as it is."""
    return not any(mark in body for mark in "$`\\")


def _from_python(body: str, world: World) -> Intent | None:
    """The edit script of :data:`_EDIT`, recognised by its exact shape; nothing is run."""
    try:
        tree = ast.parse(body)
        if len(tree.body) != 3 or not isinstance(tree.body[1], ast.Assign):
            return None
        assign, write = tree.body[1], tree.body[2]
        path = ast.literal_eval(assign.value.args[0])  # type: ignore[attr-defined]  # shape is checked below
        replace = write.value.args[0]  # type: ignore[attr-defined]  # likewise
        values = [ast.literal_eval(arg) for arg in replace.args]
    except (SyntaxError, ValueError, AttributeError, IndexError, RecursionError, MemoryError):
        return None
    count = ", 1" if len(values) == 3 else ""
    again = _EDIT.format(mark="", path=repr(path), old=repr(values[0]), new=repr(values[1]), count=count).splitlines()[
        1:
    ]
    same = len(values) in (2, 3) and ast.dump(ast.parse("\n".join(again))) == ast.dump(tree)
    if not same or not all(isinstance(v, str) for v in (path, *values[:2])):
        return None
    args: dict[str, Json] = {"path": _full(path, world), "old": values[0], "new": values[1]}
    return Intent("fs.edit", args if count else {**args, "all": True})


def _from_words(command: str, world: World) -> Intent | None:
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    piped = words[3:] if words[:2] == ["nl", "-ba"] and words[3:5] == ["|", "sed"] else None
    if piped is not None and len(words) == 7:
        words = ["sed", *words[5:], words[2]]
    elif _has_operator(command):
        return None
    if not words:
        return None
    reader = _READERS.get(words[0])
    return reader(words[1:], world) if reader else None


def _has_operator(command: str) -> bool:
    """Whether an unquoted shell operator makes this more than one plain command."""
    lexer = shlex.shlex(command, posix=False, punctuation_chars="|;&<>\n")
    lexer.whitespace_split = True
    for word in lexer:
        if word[0] in "|;&<>\n" or (word[0] not in "'" and any(mark in word for mark in _OPERATORS[5:7])):
            return True
    return False


def _cat(words: list[str], world: World) -> Intent | None:
    paths = [word for word in words if word != "-n"]
    return Intent("fs.read", {"path": _full(paths[0], world)}) if len(paths) == 1 else None


def _sed(words: list[str], world: World) -> Intent | None:
    if len(words) != 3 or words[0] != "-n" or not words[1].endswith("p"):
        return None
    start, comma, end = words[1][:-1].partition(",")
    end = end if comma else start
    if not start.isdecimal() or not (end.isdecimal() or end == "$") or len(start + end) > 18:
        return None
    lines = {"start": int(start), "end": -1 if end == "$" else int(end)}
    return Intent("fs.read", {"path": _full(words[2], world), **lines})


def _head(words: list[str], world: World) -> Intent | None:
    if len(words) == 3 and words[0] == "-n" and words[1].isdecimal() and len(words[1]) < 10:
        return Intent("fs.read", {"path": _full(words[2], world), "start": 1, "end": int(words[1])})
    return None


def _tail(words: list[str], world: World) -> Intent | None:
    if len(words) == 3 and words[0] == "-n" and words[1].startswith("+"):
        number = words[1][1:]
        if number.isdecimal() and len(number) < 10:
            return Intent("fs.read", {"path": _full(words[2], world), "start": max(1, int(number))})
    return None


def _ls(words: list[str], world: World) -> Intent | None:
    flags = {word for word in words if word.startswith("-")}
    paths = [word for word in words if not word.startswith("-")]
    if len(paths) > 1 or not flags <= {"-R", "-l", "-a", "-la", "-al", "-1", "-F"}:
        return None
    listing: dict[str, Json] = {"path": _full(paths[0] if paths else ".", world)}
    return Intent("fs.list", {**listing, "recursive": True} if "-R" in flags else listing)


def _find_words(words: list[str], world: World) -> Intent | None:
    words = [w for i, w in enumerate(words) if not (w == "-type" or (w == "f" and words[i - 1] == "-type"))]
    if words and words[0] == "-name":
        words = [".", *words]
    if len(words) != 3 or words[1] != "-name":
        return None
    return Intent("fs.find", {"glob": f"**/{words[2]}", "root": _full(words[0], world)})


def _grep(words: list[str], world: World) -> Intent | None:
    args: dict[str, Json] = {}
    plain: list[str] = []
    flags = ""
    for word in words:
        if word.startswith("--include="):
            args["include"] = word.partition("=")[2]
        elif word == "-e":
            continue
        elif word.startswith("-") and not plain:
            if not set(word[1:]) <= set("rnRiEFH") or word.startswith("--"):
                return None
            flags += word[1:]
        else:
            plain.append(word)
    if not 1 <= len(plain) <= 2:
        return None
    root = _full(plain[1] if len(plain) == 2 else ".", world)
    if "r" not in flags.lower() and root not in world.files:
        return None
    if "i" in flags:
        args["ignore_case"] = True
    return Intent("fs.grep", {"pattern": _extended(plain[0], flags), "root": root, **args})


def _extended(pattern: str, flags: str) -> str:
    """A grep pattern as an extended regular expression: without -E, `\\|` is what `|` is with it."""
    if "E" in flags:
        return pattern
    if "F" in flags:
        return re.escape(pattern)
    special = "|+?(){}"
    out, escaped = [], False
    for char in pattern:
        if escaped:
            out.append(char if char in special else f"\\{char}")
        elif char != "\\":
            out.append(f"\\{char}" if char in special else char)
        escaped = char == "\\" and not escaped
    return "".join(out)


def _full(path: str, world: World) -> str:
    from perturb.toolbox.codecs import absolute

    return absolute(path, world)


_READERS = {"cat": _cat, "sed": _sed, "head": _head, "tail": _tail, "ls": _ls, "find": _find_words, "grep": _grep}
