"""Imports of a project's own modules, written out: the embedded interpreter knows no module that lies in a file.

A module becomes a function that runs its text and gives back its names, so that its names stay its own.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable

from perturb.world.python_rewrites import library

Text = Callable[[str], str | None]
MAX_MODULES = 20
_RUN = "__module_{}"


def with_modules(tree: ast.Module, text: Text, folders: tuple[str, ...]) -> bool:
    """Write out the modules that `tree` imports from files below `folders`; whether there were any.

    Raises SyntaxError where a module is no Python.
    """
    return _Modules(text, folders).write_out(tree.body)


class _Modules:
    """Counts the modules written out, and knows which are being written: an import in a circle finds nothing."""

    def __init__(self, text: Text, folders: tuple[str, ...]) -> None:
        self.text, self.folders, self.count = text, folders, 0
        self.open: set[str] = set()

    def write_out(self, body: list[ast.stmt]) -> bool:
        """Replace the imports in a body, at any depth of blocks."""
        found = False
        body[:] = [one for statement in body for one in _apart(statement)]
        for statement in body:
            for block in ("body", "orelse", "finalbody"):
                found |= self.write_out(getattr(statement, block, None) or [])
        for statement in list(body):
            made = self._made(statement)
            if made is not None:
                at = body.index(statement)
                body[at : at + 1] = made
                found = True
        return found

    def _made(self, statement: ast.stmt) -> list[ast.stmt] | None:
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            module = self._module(statement.module)
            if module is None:
                return None
            run, names = module
            wanted = [(a.name, a.asname or a.name) for a in statement.names if a.name != "*"]
            wanted = wanted or [(name, name) for name in names if not name.startswith("_")]
            if any(name not in names for name, _ in wanted):
                missing = next(name for name, _ in wanted if name not in names)
                raise_it = f"raise ImportError(\"cannot import name '{missing}' from '{statement.module}'\")"
                return ast.parse(raise_it).body
            lines = [f"{target} = __named[{name!r}]" for name, target in wanted]
            return [run, *ast.parse("\n".join([f"__named = {run.name}()", *lines])).body]
        if isinstance(statement, ast.Import) and len(statement.names) == 1:
            alias = statement.names[0]
            module = self._module(alias.name) if alias.asname or "." not in alias.name else None
            if module is None:
                return None
            run, names = module
            target = alias.asname or alias.name
            lines = [f"class __Names{self.count}: pass", f"{target} = __Names{self.count}()", f"__named = {run.name}()"]
            lines += [f"{target}.{name} = __named[{name!r}]" for name in names]
            return [run, *ast.parse("\n".join(lines)).body]
        return None

    def _module(self, name: str) -> tuple[ast.FunctionDef, list[str]] | None:
        """The function that runs a module, and the module's names; None where no file has that name."""
        path = name.replace(".", "/")
        files = [posixpath.join(folder, path + end) for folder in self.folders for end in (".py", "/__init__.py")]
        source = next((found for found in map(self.text, files) if found is not None), None)
        source = library(name) if source is None else source
        self.count += 1
        if source is None or name in self.open or self.count > MAX_MODULES:
            return None
        body = [one for one in ast.parse(source).body if not _is_main(one)]
        names = _names(body)
        self.open.add(name)
        self.write_out(body)
        self.open.discard(name)
        given = ast.parse("return {" + ", ".join(f"{n!r}: {n}" for n in names) + "}", mode="exec").body
        run = ast.parse(f"def {_RUN.format(self.count)}():\n    pass").body[0]
        assert isinstance(run, ast.FunctionDef)
        run.body = [*body, *given]
        return run, names


def _apart(statement: ast.stmt) -> list[ast.stmt]:
    """``import a, b`` as two statements."""
    if isinstance(statement, ast.Import) and len(statement.names) > 1:
        return [ast.Import([name], lineno=statement.lineno) for name in statement.names]
    return [statement]


def _is_main(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test)


def _names(body: list[ast.stmt]) -> list[str]:
    """What a module's text binds at its top."""
    found: dict[str, None] = {}
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            found[one.name] = None
        elif isinstance(one, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            names = [
                n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            ]
            found.update(dict.fromkeys(names))
        elif isinstance(one, ast.Import | ast.ImportFrom):
            names = [(a.asname or a.name).split(".")[0] for a in one.names if a.name not in ("*", "annotations")]
            found.update(dict.fromkeys(names))
    return list(found)
