"""More ways to do the same, in the styles of other hands: scripts, patches, filters into a temporary file.

Like :mod:`perturb.judging.ways`: each takes the world and an intent and gives intents with the same effect, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff

from perturb.core.values import Intent, World
from perturb.judging.ways import edited_text, named, shell
from perturb.toolbox.codecs import absolute
from perturb.world.invocations import invocation

_MARK = "PY"


def script(text: str) -> Intent:
    """A Python script on standard input."""
    return shell(f"python3 - <<'{_MARK}'\n{text}\n{_MARK}")


def changed_line(world: World, intent: Intent) -> tuple[str, int, str, str] | None:
    """(path as typed, number from 1, line before, line after) of an edit that changes one line alone."""
    found = edited_text(world, intent)
    if found is None:
        return None
    old, new = found[1].split("\n"), found[2].split("\n")
    changed = [n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    if len(old) != len(new) or len(changed) != 1:
        return None
    at = changed[0]
    return named(world, found[0]), at + 1, old[at], new[at]


def scripted_edits(world: World, intent: Intent) -> Iterator[Intent]:
    """The same change by Python: by lines, by a pattern, checked before it is written."""
    one = changed_line(world, intent)
    if one is None:
        return
    path, number, old, new = one
    ended = new + "\n"
    yield script(
        f"lines = open({path!r}).readlines()\nfor i, line in enumerate(lines):\n    if i == {number - 1}:\n"
        f"        lines[i] = {ended!r}\nopen({path!r}, 'w').writelines(lines)"
    )
    yield script(
        f"import re\nfrom pathlib import Path\np = Path({path!r})\ntext = p.read_text()\n"
        f"text, n = re.subn({'(?m)^' + re.escape(old) + '$'!r}, lambda m: {new!r}, text)\np.write_text(text)"
        if _lines(world, intent).count(old) == 1
        else f"p = {path!r}\nrows = open(p).read().split('\\n')\nrows[{number - 1}] = {new!r}\n"
        f"with open(p, 'w') as f:\n    f.write('\\n'.join(rows))"
    )
    yield script(
        f"p = {path!r}\ns = open(p).read().split('\\n')\nassert s[{number - 1}] == {old!r}, 'not there'\n"
        f"s[{number - 1}:{number}] = [{new!r}]\nwith open(p, 'w') as f:\n    f.write('\\n'.join(s))\n"
        f"print('changed %d line' % 1)"
    )


def _lines(world: World, intent: Intent) -> list[str]:
    found = edited_text(world, intent)
    return found[1].split("\n") if found else []


def filtered_edits(world: World, intent: Intent) -> Iterator[Intent]:
    """The same change by awk into a temporary file, by sed with a copy that is removed again."""
    one = changed_line(world, intent)
    if one is None or set(one[2] + one[3]) & set("'\\&|\"/"):
        return
    path, number, _, new = one
    yield shell(f"awk 'NR=={number}{{$0=\"{new}\"}}1' {path} > /tmp/new && mv /tmp/new {path}")
    yield shell(
        f"awk 'NR=={number}{{print \"{new}\";next}}{{print}}' {path} > /tmp/new; cat /tmp/new > {path}; rm /tmp/new"
    )
    yield shell(f"sed -i.bak '{number}s|.*|{new}|' {path} && rm {path}.bak && cat {path}")


def patched_edits(world: World, intent: Intent) -> Iterator[Intent]:
    """The same change by `git apply` and `patch`."""
    found = edited_text(world, intent)
    if found is None or found[1] == found[2] or not (found[1].endswith("\n") and found[2].endswith("\n")):
        return
    path = named(world, found[0])
    if path.startswith(("/", "'")):
        return
    old, new = found[1].splitlines(keepends=True), found[2].splitlines(keepends=True)
    diff = "".join(unified_diff(old, new, f"a/{path}", f"b/{path}"))
    yield shell(f"git apply <<'DIFF'\n{diff}DIFF")
    yield shell(f"patch -p1 <<'DIFF'\n{diff}DIFF")


def scripted_looks(world: World, intent: Intent) -> Iterator[Intent]:
    """The same look by script and filter."""
    if intent.action == "fs.grep":
        yield from _filtered(world, intent)
    if intent.action != "fs.read" or "start" in intent.args or "end" in intent.args:
        return
    path = named(world, absolute(str(intent.args["path"]), world))
    yield script(f"print(open({path!r}).read())")
    yield script(f"for i, line in enumerate(open({path!r}), 1):\n    print(f'{{i:4}} {{line}}', end='')")
    yield shell(f"awk '{{print NR\": \"$0}}' {path}")
    yield shell(f'while IFS= read -r line; do echo "$line"; done < {path}')
    yield shell(f"tail -n +1 {path} | cat -n")
    yield shell(f"sed -n p {path} && git status --short")
    yield shell(f"find . -type f -path '*{path.rsplit('/', 1)[-1]}' | xargs cat; ls")
    yield shell(f"cat {path} | tee /dev/stderr")


def _filtered(world: World, intent: Intent) -> Iterator[Intent]:
    """A search for plain words by script."""
    pattern = str(intent.args["pattern"])
    if re.escape(pattern) != pattern or intent.args.get("ignore_case"):
        return
    root = named(world, absolute(str(intent.args.get("root") or world.cwd), world))
    yield shell(f"find {root} -type f | xargs grep -n {pattern} /dev/null")
    yield shell(f"find {root} -type f -exec grep -Hn -e {pattern} {{}} +")


def same_runs(world: World, intent: Intent) -> Iterator[Intent]:
    """The same run of a recorded program, in other words round it."""
    if not _recorded(world, intent):
        return
    command = str(intent.args["command"])
    for spelled in (f"({command})", f"timeout 300 {command}", f"CI=1 {command}", f"set -o pipefail; {command} | cat"):
        yield Intent(intent.action, {**intent.args, "command": spelled})
    if invocation(command).program == "make":
        target, *more = command.removeprefix("make ").split()
        yield Intent(intent.action, {**intent.args, "command": " ".join(["make", *more, target])})
        yield Intent(intent.action, {**intent.args, "command": f"make -s {' '.join([target, *more])}"})


def other_runs(world: World, intent: Intent) -> Iterator[Intent]:
    """A run of something else, of less, of more in the wrong place, or one that nobody sees."""
    if not _recorded(world, intent):
        return
    command = str(intent.args["command"])
    wrong = {
        "pytest": ("-k no_such_test", "tests/no_such_file.py"),
        "make": ("ONLY=1",),
        "npm": ("-- --grep nothing",),
        "cargo": ("no_such_test",),
        "go": ("./nothing",),
    }.get(invocation(command).program, ())
    changed = [f"{command} {more}" for more in wrong]
    hidden = [f"{command} > /dev/null 2>&1", f"{command} > result.txt", f"echo {command!r}", f"true || {command}"]
    for spelled in (*changed, *hidden):
        yield Intent(intent.action, {**intent.args, "command": spelled})


def _recorded(world: World, intent: Intent) -> bool:
    return intent.action == "shell.run" and str(intent.args["command"]).strip() in world.python
