"""Shell text that is plainly one action, and shell text that is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perturb.core.values import Intent, World
from perturb.toolbox.shell_idioms import from_command, to_command

WORLD = World(cwd="/app", files={"/app/a.py": "x\n", "/app/src/b c.py": "y\n"})


@pytest.mark.parametrize(
    ("command", "intent"),
    [
        ("cat a.py", Intent("fs.read", {"path": "/app/a.py"})),
        ("cd /app && sed -n '2,5p' a.py", Intent("fs.read", {"path": "/app/a.py", "start": 2, "end": 5})),
        ("nl -ba a.py | sed -n '2,5p'", Intent("fs.read", {"path": "/app/a.py", "start": 2, "end": 5})),
        ("head -n 3 a.py", Intent("fs.read", {"path": "/app/a.py", "end": 3})),
        ("tail -n +3 a.py", Intent("fs.read", {"path": "/app/a.py", "start": 3})),
        ("ls -la src", Intent("fs.list", {"path": "/app/src"})),
        ("find . -type f -name '*.py'", Intent("fs.find", {"glob": "**/*.py", "root": "/app"})),
        ("grep -rn 'a\\|b(' src", Intent("fs.grep", {"pattern": "a|b\\(", "root": "/app/src"})),
        ("grep -n x a.py", Intent("fs.grep", {"pattern": "x", "root": "/app/a.py"})),
        (
            "grep -rinE x --include='*.py' .",
            Intent("fs.grep", {"pattern": "x", "root": "/app", "include": "*.py", "ignore_case": True}),
        ),
        ("cat > 'src/b c.py' <<'EOF'\n$x\nEOF", Intent("fs.write", {"path": "/app/src/b c.py", "content": "$x\n"})),
        ("cat <<EOF > n.txt\nhi\n\nEOF\n", Intent("fs.write", {"path": "/app/n.txt", "content": "hi\n\n"})),
        ("tee n.txt <<'EOF'\nhi\nEOF", Intent("fs.write", {"path": "/app/n.txt", "content": "hi\n"})),
        ("cat > n.txt <<'EOF'\nEOF", Intent("fs.write", {"path": "/app/n.txt", "content": ""})),
        ("cat > n.txt <<EOF\n$HOME\nEOF", Intent("fs.write", {"path": "/app/n.txt", "content": "/home/dev\n"})),
        ("cat a.py; echo done", Intent("fs.read", {"path": "/app/a.py"})),
        ("bash -lc 'cd src && ls'", Intent("fs.list", {"path": "/app/src"})),
    ],
)
def test_plain_commands_are_the_action_they_do(command: str, intent: Intent) -> None:
    assert from_command(command, WORLD) == intent


@pytest.mark.parametrize(
    "command",
    [
        "cat a.py | wc -l",
        "cat a.py > b.py",
        "cat $FILE",
        "cat 'a.py",
        "grep x src",
        "ls src; rm a.py",
        "sed -i s/a/b/ a.py",
        "cat > n.txt <<EOF\n$SOME_VARIABLE\nEOF",
        "cat > n.txt <<'EOF'\nhi\nEOF\nrm a.py",
        "cat > n.txt <<'EOF'\nhi\nEOF\nrm a.py\ncat > m.txt <<'EOF'\nhi\nEOF",
        "cat > n.txt <<'EOF'\nhi",
        "cat >> n.txt <<'EOF'\nhi\nEOF",
        "python3 - <<'EOF'\nimport os\nEOF",
        "<<",
        "",
    ],
)
def test_anything_more_stays_a_command(command: str) -> None:
    assert from_command(command, WORLD) is None


PATHS = st.text(alphabet="ab ./'$-", min_size=1, max_size=8).map(lambda name: f"/app/d/x{name}y")
TEXTS = st.text(alphabet="ab'\"\\$\n\t é", max_size=20)


@given(path=PATHS, old=TEXTS, new=TEXTS, everywhere=st.booleans())
def test_edits_survive_the_shell(path: str, old: str, new: str, everywhere: bool) -> None:
    from perturb.toolbox.codecs import absolute

    intent = Intent(
        "fs.edit", {"path": absolute(path, WORLD), "old": old, "new": new, **({"all": True} if everywhere else {})}
    )
    assert from_command(to_command(intent, WORLD), WORLD) == intent


@given(path=PATHS, content=TEXTS)
def test_files_written_by_a_here_document_survive(path: str, content: str) -> None:
    from perturb.toolbox.codecs import absolute

    intent = Intent("fs.write", {"path": absolute(path, WORLD), "content": content + "\n"})
    assert from_command(to_command(intent, WORLD), WORLD) == intent


@given(text=st.text(alphabet="cat<>|'\"\\\nEOF sed-npgrep$`.", max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    from_command(text, WORLD)
