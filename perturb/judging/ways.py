"""Other ways to do the same: an intent spelled with other tools, other amounts of context, other command lines.

Each takes the world and an intent and gives intents with the same effect, or nothing where there is no such way. They
make the equivalents that the judge is held to, and the habits of simulated agents.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator

from perturb.core.values import Intent, Json, World
from perturb.toolbox.codecs import absolute
from perturb.world import files
from perturb.world.execute import execute


def edited_text(world: World, intent: Intent) -> tuple[str, str, str] | None:
    """(path, text before, text after) of an edit or a write of a file that is there, or None."""
    if intent.action not in ("fs.edit", "fs.write"):
        return None
    path = absolute(str(intent.args["path"]), world)
    after, result = execute(world, intent)
    if result.failed or path not in world.files:
        return None
    return path, str(world.files[path]), str(after.files[path])


def with_context(world: World, intent: Intent, above: int, below: int) -> Intent | None:
    """The same change as an edit of whole lines, with lines of unchanged text round it."""
    found = edited_text(world, intent)
    if found is None or found[1] == found[2]:
        return None
    path, before, after = found
    old, new = files.lines_of(before), files.lines_of(after)
    top = _common(old, new)
    bottom = _common(old[top:][::-1], new[top:][::-1])
    start, end = max(0, top - above), max(0, bottom - below)
    removed = "".join(old[start : len(old) - end])
    if before.count(removed) != 1 or not removed:
        return None
    return Intent("fs.edit", {"path": path, "old": removed, "new": "".join(new[start : len(new) - end])})


def _common(one: list[str], other: list[str]) -> int:
    """How many lines are the same at the start."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def whole_file(world: World, intent: Intent) -> Intent | None:
    """The same result by writing the whole file."""
    found = edited_text(world, intent)
    return Intent("fs.write", {"path": found[0], "content": found[2]}) if found else None


def shell(command: str) -> Intent:
    """A command line."""
    return Intent("shell.run", {"command": command})


def shell_edits(world: World, intent: Intent) -> Iterator[Intent]:
    """The same change by here-document, and by `sed -i` where one line changes."""
    found = edited_text(world, intent)
    if found is None and intent.action == "fs.write":
        path, after = absolute(str(intent.args["path"]), world), str(intent.args["content"])
    elif found is not None:
        path, _, after = found
        yield from _sed(world, found)
    else:
        return
    if "EOF" not in after and after.endswith("\n"):
        yield shell(f"cat > {named(world, path)} <<'EOF'\n{after}EOF")


def _sed(world: World, found: tuple[str, str, str]) -> Iterator[Intent]:
    path, before, after = found
    old, new = before.split("\n"), after.split("\n")
    changed = [n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    if len(old) != len(new) or len(changed) != 1:
        return
    one, other = old[changed[0]].strip(), new[changed[0]].strip()
    plain = not set(one + other) & set("|'\\&*[]^$") and one and before.count(one) == 1
    if plain:
        one = one.replace(".", "\\.")
        yield shell(f"sed -i 's|{one}|{other}|' {named(world, path)}")
        yield shell(f"sed -i '{changed[0] + 1}s|{one}|{other}|' {named(world, path)}")


def named(world: World, path: str) -> str:
    """A path as one types it in a shell: relative to where one is."""
    inside = (path + "/").startswith(world.cwd.rstrip("/") + "/")
    return shlex.quote(posixpath.relpath(path, world.cwd) if inside else path)


def shell_looks(world: World, intent: Intent) -> Iterator[Intent]:
    """A look at files by command line, in spellings that people and models use."""
    maker = _SHELL_LOOKS.get(intent.action)
    for command in maker(world, intent) if maker else ():
        yield shell(command)


def _reads(world: World, intent: Intent) -> Iterator[str]:
    path = named(world, absolute(str(intent.args["path"]), world))
    start, end = int(intent.args.get("start", 1)), int(intent.args.get("end", -1))
    yield from (f"cat {path}", f"cat -n {path}", f"nl -ba {path}", f"cat {path} 2>&1", f"ls && cat {path}")
    yield from (f"head -n 500 {path}", f"head -200 {path}", f"cat {path} | head -200", f"cd {world.cwd} && cat {path}")
    yield f"sed -n '{start},{'$' if end == -1 else end}p' {path}"
    yield f"ls -la {posixpath.dirname(path) or '.'}; cat {path}"


def _greps(world: World, intent: Intent) -> Iterator[str]:
    pattern, root = shlex.quote(str(intent.args["pattern"])), str(intent.args.get("root") or world.cwd)
    place, flag = named(world, absolute(root, world)), "i" if intent.args.get("ignore_case") else ""
    include = str(intent.args.get("include", ""))
    only = f" --include={shlex.quote(include)}" if include else ""
    yield from (f"grep -rnE{flag}{only} -e {pattern} {place}", f"grep -rnE{flag} -e {pattern} {place} | head -50")
    yield f"cd {world.cwd} && grep -rnE{flag} -e {pattern} {place} 2>/dev/null"
    if not flag:
        yield f"rg -n -e {pattern} {place}"


def _lists(world: World, intent: Intent) -> Iterator[str]:
    place = named(world, absolute(str(intent.args["path"]), world))
    deep = "R" if intent.args.get("recursive") else ""
    yield from (f"ls -1{deep} {place}", f"ls -la{deep} {place}", f"ls {'-R ' if deep else ''}{place} 2>&1 | head -100")


def _finds(world: World, intent: Intent) -> Iterator[str]:
    root = absolute(str(intent.args.get("root") or world.cwd), world)
    name = posixpath.basename(str(intent.args["glob"]))
    place = named(world, root)
    yield from (f"find {place} -name {shlex.quote(name)}", f"find {place} -type f -name {shlex.quote(name)} | sort")
    yield f"find {place} -type f"


_SHELL_LOOKS = {"fs.read": _reads, "fs.grep": _greps, "fs.list": _lists, "fs.find": _finds}


def shell_runs(world: World, intent: Intent) -> Iterator[Intent]:
    """A command line with what people put round one."""
    if intent.action != "shell.run":
        return
    command = str(intent.args["command"])
    round_it = [f"{command} 2>&1", f"{command} 2>&1 | tail -20", f"cd {world.cwd} && {command}"]
    for spelled in (*round_it, f"{command}; echo $?", f'{command} 2>&1; echo "exit: $?"'):
        yield Intent(intent.action, {**intent.args, "command": spelled})
    if command.startswith("pytest"):
        yield Intent(intent.action, {**intent.args, "command": f"python -m {command}"})


def wider_looks(world: World, intent: Intent) -> Iterator[Intent]:
    """A look that shows what `intent` shows and a little more."""
    if intent.action == "fs.read":
        start, end = int(intent.args.get("start", 1)), int(intent.args.get("end", -1))
        yield Intent("fs.read", {"path": intent.args["path"]})
        if start > 1:
            yield Intent("fs.read", {**intent.args, "start": start - 1})
        if end != -1:
            yield Intent("fs.read", {**intent.args, "end": end + 1})
        yield Intent("fs.read", {"path": intent.args["path"], "start": 1, "end": 2000})
    if intent.action == "fs.grep":
        yield Intent("fs.grep", {**intent.args, "include": ""})
        found = execute(world, intent)[1].data.get("matches", [])
        paths = {match["path"] for match in found}
        if len(paths) == 1:
            yield Intent("fs.read", {"path": paths.pop()})
    if intent.action == "fs.list":
        yield Intent("fs.list", {**intent.args, "recursive": True})
    if intent.action == "fs.find":
        yield Intent("fs.find", {**intent.args, "glob": "**/*"})


def other_files(world: World, path: str) -> list[str]:
    """Files that are there beside `path`, the nearest by name first."""
    folder = posixpath.dirname(path)
    return sorted((p for p in world.files if p != path), key=lambda p: (posixpath.dirname(p) != folder, p))


def first_look(world: World, said: tuple[Intent, ...] = ()) -> Iterator[Intent]:
    """Looks that somebody takes who wants to know where he is, none of them in `said`."""
    looks: list[tuple[str, dict[str, Json]]] = []
    if world.files:
        looks.append(("fs.list", {"path": world.cwd}))
        looks += [("fs.read", {"path": path}) for path in sorted(world.files)]
        looks.append(("fs.find", {"glob": "**/*"}))
    if world.tabs:
        looks.append(("page.observe", {}))
    if world.documents:
        looks.append(("web.fetch", {"url": next(iter(world.documents))}))
    for action, args in looks:
        intent = Intent(action, args)
        if intent not in said:
            yield intent
