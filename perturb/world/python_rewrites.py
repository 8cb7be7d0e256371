"""What the embedded interpreter cannot read or does not have, in words that it knows: formats, ``del``, files as lines.

Helpers are Python text of their own (``library/__helpers.txt``), put before a script that needs them.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files
from typing import Any

# Calls that go through what they are given, item by item: a file is its lines.
_GOES_THROUGH = frozenset(
    "enumerate list tuple set sorted sum any all zip map filter reversed max min len iter next dict".split()
)
_NAMED = {
    **{f"os.path.{name}": f"__os_path_{name}" for name in
       ("join", "exists", "isfile", "isdir", "basename", "dirname", "splitext")},
    "os.listdir": "__os_listdir", "os.walk": "__os_walk",
}  # fmt: skip


def helpers(tree: ast.Module) -> list[ast.stmt]:
    """The helpers that `tree` calls, and those that they call."""
    every = {one.name: one for one in ast.parse(library("__helpers") or "").body if isinstance(one, ast.FunctionDef)}
    wanted, found = _called(tree), dict[str, ast.stmt]()
    while more := [name for name in every if name in wanted and name not in found]:
        found |= {name: every[name] for name in more}
        wanted |= {name for one in more for name in _called(every[one])}
    path = ast.parse("from pathlib import Path as __Path").body if "__Path" in wanted else []
    return [*path, *(found[name] for name in every if name in found)]


def _called(tree: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


def library(name: str) -> str | None:
    """The text of a module of Python's library that is written out for the interpreter, if it is."""
    return _library().get(name)


@cache
def _library() -> dict[str, str]:
    """All of them, read once: what a script names opens no file."""
    texts = (text for text in files("perturb.world").joinpath("library").iterdir() if text.name.endswith(".txt"))
    return {text.name.removesuffix(".txt"): text.read_text(encoding="utf-8") for text in texts}


class Plainer(ast.NodeTransformer):
    """Rewrites, bottom up. `files` are names that hold open files, `made` what names of default dictionaries make."""

    def __init__(self, files: frozenset[str], made: dict[str, ast.expr]) -> None:
        self.files, self.made = files, made

    def visit_BinOp(self, node: ast.BinOp) -> Any:  # the name that ast asks for
        """``"..." % values``."""
        self.generic_visit(node)
        text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        return _call("__percent", node.left, node.right) if text and isinstance(node.op, ast.Mod) else node

    def visit_Attribute(self, node: ast.Attribute) -> Any:  # likewise
        """Functions of ``os`` and ``os.path``."""
        name = _NAMED.get(ast.unparse(node)) if isinstance(node.ctx, ast.Load) else None
        return ast.Name(name, ast.Load()) if name else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:  # likewise
        """Formatting, printing into files, files gone through, counters."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "open":
            node.keywords = _without_encoding(node.keywords)
        if name in _GOES_THROUGH:
            node.args = [self._lines(one) for one in node.args]
        if name == "Counter":
            node.func = ast.Name("__counter", ast.Load())
        if name == "OrderedDict":
            node.func = ast.Name("dict", ast.Load())
        if name == "defaultdict":
            return ast.Dict([], []) if len(node.args) < 2 else _call("dict", *node.args[1:])
        return _printed(node) if name == "print" else node

    def _method(self, node: ast.Call, func: ast.Attribute) -> ast.expr:
        if func.attr == "format" and not isinstance(func.value, ast.Attribute):
            names: list[ast.expr | None] = [ast.Constant(one.arg) if one.arg else None for one in node.keywords]
            named = ast.Dict(names, [one.value for one in node.keywords])
            return _call("__format", func.value, ast.Tuple(node.args, ast.Load()), named)
        if func.attr == "writelines" and len(node.args) == 1:
            joined = ast.Call(ast.Attribute(ast.Constant(""), "join", ast.Load()), node.args, [])
            return ast.Call(ast.Attribute(func.value, "write", ast.Load()), [joined], [])
        if func.attr in ("read_text", "write_text", "open"):
            node.keywords = _without_encoding(node.keywords)
        if func.attr in ("glob", "rglob") and len(node.args) == 1 and not node.keywords:
            return _call("__glob", func.value, node.args[0], ast.Constant(func.attr == "rglob"))
        if func.attr == "most_common":
            return _call("__most_common", func.value, *node.args)
        return node

    def _lines(self, node: ast.expr) -> ast.expr:
        held = isinstance(node, ast.Name) and node.id in self.files
        opened = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
        return ast.Call(ast.Attribute(node, "readlines", ast.Load()), [], []) if held or opened else node

    def visit_Subscript(self, node: ast.Subscript) -> Any:  # likewise
        """What a default dictionary has for a key."""
        self.generic_visit(node)
        made = self.made.get(node.value.id) if isinstance(node.value, ast.Name) else None
        return _call("__got", node.value, node.slice, made) if made and isinstance(node.ctx, ast.Load) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:  # likewise
        """``d[k] += 1`` of a default dictionary."""
        self.generic_visit(node)
        target = node.target
        if not (
            isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in self.made
        ):
            return node
        now = _call("__got", target.value, target.slice, self.made[target.value.id])
        return ast.Assign([target], ast.BinOp(now, node.op, node.value), lineno=node.lineno)

    def visit_Delete(self, node: ast.Delete) -> Any:  # likewise
        """``del d[k]``, ``del l[a:b]``."""
        out: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                out += _spliced(target, target.slice, None) or [node]
            elif isinstance(target, ast.Subscript):
                pop = ast.Attribute(target.value, "pop", ast.Load())
                out.append(ast.Expr(ast.Call(pop, [target.slice], [])))
        return out or ast.Pass()

    def visit_Assign(self, node: ast.Assign) -> Any:  # likewise
        """``l[a:b] = items``."""
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
            return _spliced(target, target.slice, node.value) or node
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:  # likewise
        """Decorators of methods stay."""
        for one in node.body:
            if isinstance(one, ast.FunctionDef):
                one.body = [self.visit(inner) for inner in one.body]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:  # likewise
        """A decorated function is the function, then what its decorators make of it."""
        self.generic_visit(node)
        if not node.decorator_list:
            return node
        made: ast.expr = ast.Name(node.name, ast.Load())
        for one in node.decorator_list[::-1]:
            made = ast.Call(one, [made], [])
        node.decorator_list = []
        return [node, ast.Assign([ast.Name(node.name, ast.Store())], made, lineno=node.lineno)]


def _without_encoding(keywords: list[ast.keyword]) -> list[ast.keyword]:
    """Every file is UTF-8 there, and no other reading of it is known."""
    return [one for one in keywords if one.arg not in ("encoding", "errors", "newline", "buffering")]


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _printed(node: ast.Call) -> ast.expr:
    """``print`` into a file writes it; on the error stream it is lost; a flush is nothing."""
    node.keywords = [one for one in node.keywords if one.arg != "flush"]
    into = next((one for one in node.keywords if one.arg == "file"), None)
    if into is None:
        return node
    rest = [one for one in node.keywords if one is not into]
    name = ast.unparse(into.value)
    if name == "sys.stdout":
        return ast.Call(node.func, node.args, rest)
    file = ast.Constant(None) if name == "sys.stderr" else into.value
    return ast.Call(ast.Name("__print", ast.Load()), [file, ast.Tuple(node.args, ast.Load())], rest)


def _spliced(target: ast.Subscript, part: ast.Slice, value: ast.expr | None) -> list[ast.stmt]:
    """A list with a part of it replaced (None: taken out), under the same name."""
    if part.step is not None or not isinstance(target.value, ast.Name):
        return []
    held = ast.Name(target.value.id, ast.Load())
    pieces: list[ast.expr] = [ast.Subscript(held, ast.Slice(None, part.lower or ast.Constant(0)), ast.Load())]
    pieces += [_call("list", value)] if value is not None else []
    pieces += [ast.Subscript(held, ast.Slice(part.upper, None), ast.Load())] if part.upper is not None else []
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = ast.BinOp(whole, ast.Add(), piece)
    return [ast.Assign([ast.Name(target.value.id, ast.Store())], whole, lineno=target.lineno)]


def made_by_default(tree: ast.Module) -> dict[str, ast.expr]:
    """Names of default dictionaries and counters, and what they make for a new key."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func).rsplit(".", 1)[-1]
            if name == "defaultdict" and node.value.args:
                found[node.targets[0].id] = node.value.args[0]
            elif name == "Counter":
                found[node.targets[0].id] = ast.Name("int", ast.Load())
    return found


def shows_a_container(tree: ast.Module) -> bool:
    """Whether a counter or default dictionary is printed as it is: its own form is not that of a dictionary."""
    held = set(made_by_default(tree))
    for node in ast.walk(tree):
        told = node.args if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "str", "repr") else []
        told = [node.value] if isinstance(node, ast.FormattedValue) else told
        for one in told:
            kept = isinstance(one, ast.Name) and one.id in held
            made = isinstance(one, ast.Call) and ast.unparse(one.func).endswith(("Counter", "defaultdict"))
            if kept or made:
                return True
    return False
