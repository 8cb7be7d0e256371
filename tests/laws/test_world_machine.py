"""The world against a plain model of it: any sequence of file and shell steps leaves both the same."""

from __future__ import annotations

import posixpath
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from perturb.core.values import Intent, Result, World
from perturb.world.execute import execute

ROOT = "/code"
PATHS = st.sampled_from(["a.txt", "b.txt", "src/a.py", "src/b.py", "src/deep/c.py", "src", "b.txt/d"])
TEXTS = st.lists(st.sampled_from(["one", "two", "one two", "", "x\u2028y", "f\x0cf", "\ttab"]), max_size=5).map(
    "\n".join
)
WORDS = st.sampled_from(["one", "two", "x", "no such"])


class Files(RuleBasedStateMachine):
    """A dictionary is the model; every rule does one step in both and compares what is said."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(cwd=ROOT)
        self.model: dict[str, str] = {}
        self.directories: set[str] = set()

    def do(self, action: str, **args: Any) -> Result:
        self.world, result = execute(self.world, Intent(action, args))
        return result

    def sh(self, command: str) -> dict[str, Any]:
        return dict(self.do("shell.run", command=command).data)

    def is_directory(self, path: str) -> bool:
        return path in self.directories

    def parents(self, path: str) -> list[str]:
        return [path[:at] for at, char in enumerate(path) if char == "/"]

    def blocked(self, path: str) -> bool:
        return self.is_directory(path) or any(parent in self.model for parent in self.parents(path))

    def homeless(self, path: str) -> bool:
        """A shell makes no directory by itself."""
        return self.blocked(path) or not all(parent in self.directories for parent in self.parents(path))

    @rule(path=PATHS, text=TEXTS)
    def write(self, path: str, text: str) -> None:
        blocked, created = self.blocked(path), path not in self.model
        result = self.do("fs.write", path=path, content=text)
        if blocked:
            assert result.kind == "error"
            return
        assert (result.kind, result.data["created"]) == ("written", created)
        self.model[path] = text
        self.directories.update(self.parents(path))

    @rule(path=PATHS, start=st.integers(1, 4), count=st.integers(0, 3))
    def read(self, path: str, start: int, count: int) -> None:
        result = self.do("fs.read", path=path, start=start, end=start + count)
        if path not in self.model:
            assert result.kind == "error"
            return
        lines = self.model[path].split("\n")
        lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
        if start > max(1, len(lines)):
            assert result.data["code"] == "out_of_range"
        else:
            assert result.data["text"] == "".join(lines[start - 1 : start + count])
            assert result.data["total"] == len(lines)

    @rule(path=PATHS, old=WORDS, new=WORDS, every=st.booleans())
    def edit(self, path: str, old: str, new: str, every: bool) -> None:
        result = self.do("fs.edit", path=path, old=old, new=new, all=every)
        count = self.model.get(path, "").count(old)
        if count == 0 or (count > 1 and not every):
            assert result.kind == "error"
        else:
            assert result.data["count"] == count
            self.model[path] = self.model[path].replace(old, new)

    @rule(path=PATHS)
    def remove(self, path: str) -> None:
        done = self.sh(f"rm {path}")
        assert (done["exit_code"] == 0) == (path in self.model)
        self.model.pop(path, None)

    @rule(source=PATHS, to=PATHS)
    def move(self, source: str, to: str) -> None:
        if self.is_directory(source):
            return
        done = self.sh(f"mv {source} {to}")
        inside = f"{to}/{posixpath.basename(source)}" if self.is_directory(to) else to
        possible = source in self.model and not self.homeless(inside) and inside != source
        assert (done["exit_code"] == 0) == possible, done
        if possible:
            self.model[inside] = self.model.pop(source)

    @rule(path=PATHS)
    def cat(self, path: str) -> None:
        done = self.sh(f"cat {path}")
        assert done["stdout"] == self.model.get(path, "")
        assert (done["exit_code"] == 0) == (path in self.model)

    @rule(path=PATHS, word=WORDS)
    def append(self, path: str, word: str) -> None:
        done = self.sh(f"echo '{word}' >> {path}")
        assert (done["exit_code"] == 0) != self.homeless(path)
        if not self.homeless(path):
            self.model[path] = self.model.get(path, "") + word + "\n"

    @rule(pattern=WORDS)
    def search(self, pattern: str) -> None:
        result = self.do("fs.grep", root=".", pattern=pattern)
        wanted = [
            (f"{ROOT}/{path}", number)
            for path in sorted(self.model)
            for number, line in enumerate(self.model[path].split("\n"), 1)
            if pattern in line
        ]
        assert [(m["path"], m["line"]) for m in result.data["matches"]] == sorted(wanted)

    @invariant()
    def the_same_files(self) -> None:
        assert dict(self.world.files) == {f"{ROOT}/{path}": text for path, text in self.model.items()}

    @invariant()
    def the_same_listing(self) -> None:
        found = self.do("fs.list", path=".", recursive=True)
        empty = {
            f"{d}/"
            for d in self.directories
            if not any(n.startswith(d + "/") for n in (*self.model, *self.directories))
        }
        assert found.data["entries"] == sorted({*self.model, *empty})


TestFiles = Files.TestCase
TestFiles.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
