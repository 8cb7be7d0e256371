"""Reading, searching and editing as shell text, for scaffolds whose only tool is a shell.

A command whose whole meaning is one action is that action; anything else stays ``shell.run``. What longer lines mean,
intent by intent, says :func:`perturb.toolbox.shell.analysis.intents_of_command`.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable

from perturb.core.values import Intent, Json, World
from perturb.toolbox.shell.analysis import intents_of_command

_HEREDOC = "PERTURB_EOF"
# What is thrown away is not read.
_DISCARDS = re.compile(r"(?<![\d&>])1?>\s*/dev/null|&>\s*/dev/null")
_EDIT = (
    "python3 - <<'{mark}'\nfrom pathlib import Path\np = Path({path})\n"
    "p.write_text(p.read_text().replace({old}, {new}{count}))\n{mark}"
)


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
    if not isinstance(command, str) or _DISCARDS.search(command):
        return None
    found = intents_of_command(command, world)
    if len(found.intents) != 1 or found.lossy or found.network:
        return None
    intent = found.intents[0]
    made = _NORMAL.get(intent.action)
    return made(dict(intent.args)) if made else None


def _read(args: dict[str, Json]) -> Intent:
    ends = {name: args[name] for name, usual in (("start", 1), ("end", -1)) if args[name] != usual}
    return Intent("fs.read", {"path": args["path"], **ends})


def _list(args: dict[str, Json]) -> Intent | None:
    if args["depth"] not in (1, -1):
        return None
    return Intent("fs.list", {"path": args["path"], **({"recursive": True} if args["depth"] == -1 else {})})


def _grep(args: dict[str, Json]) -> Intent | None:
    if (args["output"], args["context"], args["limit"]) != ("content", 0, None):
        return None
    more = {"include": args["include"]} if args["include"] else {}
    if not args["case_sensitive"]:
        more["ignore_case"] = True
    pattern = args["pattern"] if args["regex"] else re.escape(args["pattern"])
    return Intent("fs.grep", {"pattern": pattern, "root": args["root"], **more})


def _write(args: dict[str, Json]) -> Intent | None:
    if args["mode"] != "overwrite" or args["content"] is None:
        return None
    return Intent("fs.write", {"path": args["path"], "content": args["content"]})


def _edit(args: dict[str, Json]) -> Intent | None:
    if args["edits"] is None or len(args["edits"]) != 1:
        return None
    (one,) = args["edits"]
    more = {"all": True} if one["count"] == "all" else {}
    return Intent("fs.edit", {"path": args["path"], "old": one["old"], "new": one["new"], **more})


_NORMAL: dict[str, Callable[[dict[str, Json]], Intent | None]] = {
    "fs.read": _read,
    "fs.list": _list,
    "fs.find": lambda args: Intent("fs.find", args),
    "fs.grep": _grep,
    "fs.write": _write,
    "fs.edit": _edit,
}
