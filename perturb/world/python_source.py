"""Python text made ready for the embedded interpreter: the world's clock, and what that interpreter does not have yet.

The text is read and rewritten as a tree, never run here. What needs no rewriting stays as it is, line for line.
"""

from __future__ import annotations

import ast
import posixpath
import re
from typing import Any

from perturb.core.values import World
from perturb.world.builtins import Asked, Said, builtin
from perturb.world.machine import now
from perturb.world.python_modules import Text, with_modules
from perturb.world.python_rewrites import Plainer, helpers, made_by_default, shows_a_container

# What the interpreter lacks; a text with none of these is left alone.
_LACKING = re.compile(
    r"\b(statistics|json\.(load|dump)\b|argv|stdin|exit|SystemExit|quit|now|utcnow|today|time|open|os\.getcwd|__file__|import"
    r"|del|format|file|encoding|r?glob|flush|\d*f|s|d)\b|%|@|\]\s*=(?!=)"
)
_EXIT = "perturb-exit:"
# Where a run's errors, and what it is fed, lie while it lasts.
ERRORS = "/tmp/.python-errors"
STDIN = "/tmp/.python-stdin"
_STATISTICS = """
class statistics:
    def mean(xs):
        xs = list(xs)
        return sum(xs) / len(xs) if sum(xs) % len(xs) else sum(xs) // len(xs)
    def fmean(xs):
        xs = list(xs)
        return sum(xs) / len(xs)
    def median(xs):
        xs = sorted(xs)
        half = len(xs) // 2
        return xs[half] if len(xs) % 2 else (xs[half - 1] + xs[half]) / 2
    def mode(xs):
        xs = list(xs)
        return max(xs, key=lambda x: xs.count(x))
    def pvariance(xs):
        xs = list(xs)
        middle = sum(xs) / len(xs)
        return sum([(x - middle) ** 2 for x in xs]) / len(xs)
    def variance(xs):
        xs = list(xs)
        return statistics.pvariance(xs) * len(xs) / (len(xs) - 1)
    def pstdev(xs):
        return statistics.pvariance(xs) ** 0.5
    def stdev(xs):
        return statistics.variance(xs) ** 0.5
"""


def ready(code: str, world: World, text: Text, argv: tuple[str, ...] = ("",), cwd: str = "") -> str:
    """The text to run in place of `code`; itself where nothing in it needs a change, or where it is no Python.

    `text` gives a file's text: modules of the project are looked for at `cwd`, in its ``src`` and beside the script.
    """
    here = cwd or world.cwd
    beside = posixpath.dirname(posixpath.join(here, argv[0]))
    if not _LACKING.search(code):
        return code
    try:
        tree = ast.parse(code)
        before = ast.dump(tree)
        _with_containers(tree)
        with_modules(tree, text, (here, *_added(tree, here), posixpath.join(here, "src"), beside))
        rewritten = ast.fix_missing_locations(_Rewrite(world, argv, _files(tree)).visit(tree))
        rewritten = ast.fix_missing_locations(Plainer(_files(tree), made_by_default(tree)).visit(rewritten))
        if ast.dump(rewritten) == before:
            return code
        rewritten.body = [*helpers(rewritten), *rewritten.body]
        return (_STATISTICS if "statistics" in code else "") + ast.unparse(ast.fix_missing_locations(rewritten))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return code


def _with_containers(tree: ast.Module) -> None:
    """Take counters, default and ordered dictionaries as dictionaries, unless they are printed as what they are."""
    known = {"Counter", "defaultdict", "OrderedDict"}
    for body in [one.body for one in ast.walk(tree) if isinstance(one, ast.Module | ast.FunctionDef)]:
        for number, node in enumerate(body):
            if not isinstance(node, ast.ImportFrom) or node.module != "collections":
                continue
            if all(one.name in known and not one.asname for one in node.names) and not shows_a_container(tree):
                body[number] = ast.Pass()


def _added(tree: ast.Module, here: str) -> list[str]:
    """Folders that a script adds to ``sys.path``."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    added = [node.args[-1] for node in calls if ast.unparse(node.func) in ("sys.path.insert", "sys.path.append")]
    return [posixpath.join(here, str(one.value)) for one in added if isinstance(one, ast.Constant)]


def _files(tree: ast.Module) -> frozenset[str]:
    """Names that hold an open file."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name) and _opens(node.context_expr):
            found.add(node.optional_vars.id)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _opens(node.value):
            found.add(node.targets[0].id)
    return frozenset(found)


def _opens(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return (isinstance(node.func, ast.Name) and node.func.id == "open") or (
        isinstance(node.func, ast.Attribute) and node.func.attr == "open"
    )


class _Rewrite(ast.NodeTransformer):
    """Rewrites calls that the interpreter does not know as calls that it does."""

    def __init__(self, world: World, argv: tuple[str, ...], files: frozenset[str]) -> None:
        self.moment, self.argv, self.files, self.cwd = now(world), argv, files, world.cwd

    def visit_Import(self, node: ast.Import) -> Any:  # the name that ast asks for
        """``statistics`` and ``time`` are no modules there."""
        node.names = [alias for alias in node.names if alias.name not in ("statistics", "time")]
        return node if node.names else ast.Pass()

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:  # likewise
        """Names out of ``statistics``."""
        if node.module != "statistics":
            return node
        return [ast.parse(f"{alias.asname or alias.name} = statistics.{alias.name}").body[0] for alias in node.names]

    def visit_For(self, node: ast.For) -> Any:  # likewise
        """A loop over a file is a loop over its lines."""
        node.iter = self._lines(node.iter)
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> Any:
        """Likewise."""
        node.iter = self._lines(node.iter)
        return self.generic_visit(node)

    def _lines(self, node: ast.expr) -> ast.expr:
        if _opens(node) or ast.unparse(node) == "sys.stdin" or (isinstance(node, ast.Name) and node.id in self.files):
            return ast.Call(ast.Attribute(node, "readlines", ast.Load()), [], [])
        return node

    def visit_Name(self, node: ast.Name) -> Any:  # likewise
        """``__file__`` is the first word."""
        return ast.Constant(self.argv[0]) if node.id == "__file__" else node

    def visit_Attribute(self, node: ast.Attribute) -> Any:  # likewise
        """``sys.argv`` is a list of words, ``sys.stdin`` a file."""
        if node.attr == "stdin" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            return ast.Call(ast.Name("open", ast.Load()), [ast.Constant(STDIN)], [])
        if node.attr == "argv" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            return ast.List([ast.Constant(word) for word in self.argv], ast.Load())
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:  # likewise
        """Clocks, exits, and JSON from files."""
        self.generic_visit(node)
        name = ast.unparse(node.func)
        made = _CALLS.get(name)
        if made is not None:
            return made(node, self)
        if name in ("sys.exit", "exit", "quit", "SystemExit", "os._exit"):
            code = node.args[0] if node.args else ast.Constant(0)
            text = ast.BinOp(ast.Constant(_EXIT), ast.Add(), ast.Call(ast.Name("str", ast.Load()), [code], []))
            raised = ast.Call(ast.Name("SystemExit", ast.Load()), [text], [])
            return raised if name == "SystemExit" else ast.Call(ast.Name("__raise", ast.Load()), [raised], [])
        return node

    def visit_Module(self, node: ast.Module) -> Any:  # likewise
        """A call that ends the script raises inside an expression, which takes a function."""
        self.generic_visit(node)
        if any(isinstance(one, ast.Name) and one.id == "__raise" for one in ast.walk(node)):
            node.body = [*ast.parse("def __raise(error):\n    raise error\n").body, *node.body]
        return node


def _moment(node: ast.Call, rewrite: _Rewrite) -> ast.expr:
    """A constructor call with the world's moment: of a datetime, or of a date for ``today``."""
    assert isinstance(node.func, ast.Attribute)
    owner, moment = ast.unparse(node.func.value), rewrite.moment
    day = [moment.year, moment.month, moment.day]
    is_date = owner.rsplit(".", 1)[-1] == "date"
    numbers = day if is_date else [*day, moment.hour, moment.minute, moment.second]
    return ast.Call(node.func.value, [ast.Constant(number) for number in numbers], [])


def _load(node: ast.Call, _rewrite: _Rewrite) -> ast.expr:
    read = ast.Call(ast.Attribute(node.args[0], "read", ast.Load()), [], [])
    return ast.Call(ast.Attribute(ast.Name("json", ast.Load()), "loads", ast.Load()), [read], [])


def _dump(node: ast.Call, _rewrite: _Rewrite) -> ast.expr:
    text = ast.Call(ast.Attribute(ast.Name("json", ast.Load()), "dumps", ast.Load()), node.args[:1], node.keywords)
    return ast.Call(ast.Attribute(node.args[1], "write", ast.Load()), [text], [])


_OWNERS = ("datetime", "datetime.datetime", "date", "datetime.date", "dt.datetime", "dt.date")
_CALLS: dict[str, Any] = {
    **{f"{owner}.{name}": _moment for owner in _OWNERS for name in ("now", "utcnow", "today")},
    "json.load": _load,
    "json.dump": _dump,
    "time.time": lambda _node, rewrite: ast.Constant(rewrite.moment.timestamp()),
    "time.sleep": lambda _node, _rewrite: ast.Constant(None),
    "time.perf_counter": lambda _node, _rewrite: ast.Constant(0.0),
    "time.monotonic": lambda _node, _rewrite: ast.Constant(0.0),
    "sys.path.insert": lambda _node, _rewrite: ast.Constant(None),
    "sys.path.append": lambda _node, _rewrite: ast.Constant(None),
    "os.getcwd": lambda _node, rewrite: ast.Constant(rewrite.cwd),
}


@builtin("__prepared")
def prepared(asked: Asked) -> Said:
    """The text to run in place of the one that is given; the value of its last line is not printed."""
    code, argv = (asked.words or ("",))[0], asked.words[1:] or ("-c",)
    return Said(ready(code, asked.world, asked.text, argv, asked.cwd) + "\nNone\n")


@builtin("__ended")
def ended(asked: Asked) -> Said:
    """How a script ended, from its exit code and what it said of errors: ``sys.exit`` is one that is not shown."""
    code, name = int(asked.words[0]), asked.words[1]
    text = asked.text(ERRORS) or ""
    for path in (ERRORS, STDIN):
        if asked.exists(path):
            asked.fs.remove(path)
    left = re.search(rf"SystemExit: {_EXIT}(.*)\s*\Z", text, re.DOTALL)
    if left is None:
        return Said("", text.replace('File "<string>"', f'File "{name}"'), code)
    value = left[1].strip()
    if value in ("None", "0", "False"):
        return Said()
    return Said("", "", int(value) % 256) if re.fullmatch(r"-?\d{1,9}", value) else Said("", f"{value}\n", 1)


@builtin("__compiles")
def compiles(asked: Asked) -> Said:
    """Whether files are Python at all: read, not run."""
    for path in asked.words:
        text = asked.text(asked.absolute(path))
        if text is None:
            return Said("", f"[Errno 2] No such file or directory: '{path}'\n", 1)
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None) or 1
            return Said("", f'  File "{path}", line {line}\n{type(error).__name__}: {error}\n', 1)
    return Said()
