"""The sandbox: bounded, the same every time, out of reach of the host; its history follows from the files."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perturb.core.canonical import digest
from perturb.core.values import Intent, World
from perturb.world import sandbox
from perturb.world.changes import changes
from perturb.world.execute import execute

FILES = {"/code/a.py": "x = 1\ny = 2\n", "/code/src/b.py": "z = 3\n", "/code/.gitignore": "*.log\nbuild/\n"}
WORLD = World(cwd="/code", files=FILES)


def play(*commands: str) -> tuple[World, dict[str, Any]]:
    world, data = WORLD, {}
    for command in commands:
        world, result = execute(world, Intent("shell.run", {"command": command}))
        data = dict(result.data)
    return world, data


def said(*commands: str) -> str:
    data = play(*commands)[1]
    return str(data["stdout"] + data["stderr"])


EDIT = "sed -i 's/x = 1/x = 5/' a.py"


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        (["git status"], ["nothing to commit, working tree clean"]),
        ([EDIT, "git status"], ["modified:   a.py", "no changes added"]),
        ([EDIT, "git status -s"], [" M a.py\n"]),
        ([EDIT, "git diff"], ["--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n-x = 1\n+x = 5\n y = 2\n"]),
        ([EDIT, "git diff --name-only; git diff --stat"], ["a.py\n", " 1 file changed, 1 insertion(+), 1 deletion(-)"]),
        ([EDIT, "git diff src"], [""]),
        ([EDIT, "git add a.py && git diff; git diff --cached --name-status"], ["M\ta.py\n"]),
        ([EDIT, "git checkout -- a.py && git status -s && cat a.py"], ["x = 1\n"]),
        ([EDIT, "git restore . && git status -s"], [""]),
        ([EDIT, "git commit -am 'Five' && git log --oneline | wc -l && git status -s"], ["1 file changed", "2\n"]),
        ([EDIT, "git commit -am Five", "git show --stat HEAD"], ["Five", " a.py | 2 +-"]),
        ([EDIT, "git show HEAD:a.py"], ["x = 1\n"]),
        ([EDIT, "git stash; cat a.py; git stash pop; git status -s"], ["x = 1\n", " M a.py"]),
        ([EDIT, "git reset --hard; cat a.py"], ["HEAD is now at", "x = 1"]),
        (["echo 1 > new.txt; mkdir d; echo 2 > d/e; echo 3 > x.log; git status -s"], ["?? d/\n?? new.txt\n"]),
        (["rm src/b.py; git status -s"], [" D src/b.py\n"]),
        (["git rm src/b.py; git status -s"], ["rm 'src/b.py'\nD  src/b.py\n"]),
        (["git mv a.py c.py; git status -s"], ["D  a.py\nA  c.py\n"]),
        (["git log"], ["commit ", "Author: dev", "Mon Mar 2 09:30:00 2026", "Initial commit"]),
        (["git branch; git checkout -b fix; git branch --show-current"], ["* main\n", "fix\n"]),
        (["git rev-parse --show-toplevel; git ls-files"], ["/code\n.gitignore\na.py\nsrc/b.py\n"]),
        (["cd src && git ls-files && git diff"], ["b.py\n"]),
        (["git grep -n 'z ='"], ["src/b.py:1:z = 3\n"]),
        (["git push"], ["fatal:"]),
        (["git dance"], ["is not a git command"]),
        (["cd /tmp && git status"], ["not a git repository"]),
        (["git diff nothing"], ["fatal: ambiguous argument 'nothing'"]),
    ],
)
def test_git_follows_from_the_files(commands: list[str], words: list[str]) -> None:
    text = said(*commands)
    assert all(word in text for word in words), text
    assert words != [""] or text == ""


def test_a_change_that_is_taken_back_leaves_the_world_as_it_was() -> None:
    assert play(EDIT, "sed -i 's/x = 5/x = 1/' a.py")[0] == WORLD
    written, _ = execute(WORLD, Intent("fs.write", {"path": "a.py", "content": "1\n"}))
    assert said_in(written, "git diff --stat") == said(EDIT, "echo 1 > a.py", "git diff --stat")
    assert execute(written, Intent("fs.write", {"path": "a.py", "content": FILES["/code/a.py"]}))[0] == WORLD
    assert changes(WORLD, play("git commit --allow-empty -m x")[0])


def said_in(world: World, command: str) -> str:
    return str(execute(world, Intent("shell.run", {"command": command}))[1].data["stdout"])


def test_modes_and_empty_directories_stay() -> None:
    world, _ = play("chmod +x a.py; mkdir -p new/deep")
    assert (dict(world.modes), world.directories) == ({"/code/a.py": 0o755}, ("/code/new/deep",))
    assert "-rwxr-xr-x" in said("chmod +x a.py; mkdir new", "ls -l a.py; cd new && pwd")


HOSTILE = [
    "while true; do :; done", ":(){ :|:& };:", "f() { f; }; f", "yes", "cat /dev/zero", "seq 1 100000000",
    "x=a; while :; do x=$x$x; done", "head -c 1000000000 /dev/zero > big", "python3 -c 'while True: pass'",
    "python3 -c 'x = [0] * 10 ** 9'", "python3 -c 'print(\"a\" * 10 ** 8)'", "awk 'BEGIN { while (1); }'",
    "jq -n '[range(1000000000)]'", "echo {1..10000000}", "sed ':a;s/^/x/;ta' a.py", "git log -n 99999999999999999999",
    "kill -9 -1", "exec 3<>/dev/tcp/127.0.0.1/80", "curl http://127.0.0.1/", "sleep 86400", "cat", "read x",
]  # fmt: skip


@pytest.mark.parametrize("command", HOSTILE)
def test_hostile_lines_end(command: str) -> None:
    started = time.monotonic()
    world, data = play(command)
    assert time.monotonic() - started < 20
    assert len(data["stdout"]) + len(data["stderr"]) <= 2 * sandbox.MAX_OUTPUT + 100
    assert sum(len(text) for text in world.files.values()) < 64_000_000


def test_nothing_of_the_host_shows(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("host-secret")
    script = f"print(open('{secret}').read())"
    lines = f'cat {secret}; ls {tmp_path}; find / -name secret.txt; cp {secret} x; python3 -c "{script}"'
    assert "host-secret" not in said(lines)
    assert str(Path.home()) not in said("env; pwd; cat /proc/self/environ; echo ~; ls -a / /home")
    said(f"echo broken > {secret}; rm {secret}; mkdir {tmp_path}/made")
    assert secret.read_text() == "host-secret"
    assert not (tmp_path / "made").exists()


def test_the_same_line_says_the_same_everywhere() -> None:
    clock = "python3 -c 'import datetime; print(datetime.date.today())'"
    line = f"date; mktemp; echo $RANDOM $$ $SECONDS; ls -la; git log; {clock}"
    first = play(line)[1]
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(play(line)[1])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sandbox._kept.cache_clear()
    assert [*found, play(line)[1]] == [first] * 5


SHELL = st.text(alphabet="abc*+()[]{}|\\ '\"$`<>&;\n-.0x#!=~/é漢\t\0%,:", max_size=40)
COMMANDS = st.sampled_from(
    ["cat a.py", "ls -la", "git diff", "sed -i 's/1/2/' a.py", "python3 -c 'print(1)'", "echo x > f"]
)


@settings(max_examples=150, deadline=None)
@given(SHELL, COMMANDS, SHELL)
def test_any_line_gets_an_answer_and_no_world_is_touched(before: str, command: str, after: str) -> None:
    known = digest(WORLD)
    world, result = execute(WORLD, Intent("shell.run", {"command": before + command + after}))
    assert result.kind == "shell"
    assert digest(world)
    assert digest(WORLD) == known
