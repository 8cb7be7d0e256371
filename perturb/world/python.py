"""A Python interpreter stand-in: recorded snippets first, else a small, bounded subset walked node by node.

Nothing is compiled or executed on the host; what is outside the subset is answered as unsupported.
"""

from __future__ import annotations

import ast
import math
import operator
import statistics
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from typing import Any

from perturb.core.values import Json, Result, World
from perturb.world.failure import WorldError

MAX_STEPS = 20_000
MAX_SIZE = 100_000

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_MODULES = {
    "math": {n: getattr(math, n) for n in ("sqrt", "floor", "ceil", "pi", "log", "log10", "exp", "hypot", "radians")},
    "statistics": {"mean": statistics.mean, "median": statistics.median},
    "datetime": {"date": date, "timedelta": timedelta},
}
_FUNCTIONS = (
    sum,
    min,
    max,
    len,
    round,
    sorted,
    abs,
    range,
    int,
    float,
    str,
    list,
    set,
    dict,
    zip,
    enumerate,
    bool,
    any,
)
_BUILTINS: dict[str, Any] = {f.__name__: f for f in (*_FUNCTIONS, all, tuple, reversed)}
_STRING = ("split", "strip", "join", "upper", "lower", "replace", "startswith", "endswith", "count", "title")
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(_STRING),
    list: frozenset({"append", "index", "count", "extend", "sort"}),
    dict: frozenset({"get", "items", "keys", "values"}),
    date: frozenset({"isoformat", "weekday", "toordinal", "replace"}),
}
_ATTRIBUTES: dict[type, frozenset[str]] = {
    date: frozenset({"year", "month", "day"}),
    timedelta: frozenset({"days"}),
}


_LAZY = (range, zip, enumerate, reversed)


class UnsupportedError(Exception):
    """The snippet leaves the subset."""


def run(world: World, args: dict[str, Json]) -> tuple[World, Result]:
    """Run a snippet; the value of a last bare expression is printed, as a notebook does."""
    code = args["code"]
    if not isinstance(code, str):
        raise WorldError("bad_argument", "code is not text")
    recorded = world.python.get(code.strip())
    if recorded is not None:
        text = recorded if isinstance(recorded, str) else str(recorded.get("stdout", ""))
        return world, Result("python", {"stdout": text, "error": ""})
    machine = _Machine()
    error = ""
    try:
        machine.module(ast.parse(code[:MAX_SIZE]))
    except UnsupportedError as problem:
        error = f"unsupported: {problem}"
    except (SyntaxError, ArithmeticError, LookupError, TypeError, ValueError, NameError, AttributeError) as problem:
        error = f"{type(problem).__name__}: {problem}"
    except (RecursionError, MemoryError):
        error = "unsupported: too deep"
    return world, Result("python", {"stdout": "".join(machine.out), "error": error})


class _Machine:
    """Walks statements and expressions, counting steps."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = dict(_BUILTINS)
        self.names["print"] = self._print
        self.out: list[str] = []
        self._steps = 0

    def _print(self, *values: Any, sep: str = " ", end: str = "\n") -> None:
        self.out.append(sep.join(str(value) for value in values) + end)
        if sum(map(len, self.out)) > MAX_SIZE:
            raise UnsupportedError("too much output")

    def module(self, tree: ast.Module) -> None:
        for number, statement in enumerate(tree.body):
            if number == len(tree.body) - 1 and isinstance(statement, ast.Expr):
                value = self.value(statement.value)
                if value is not None:
                    self.out.append(f"{value!r}\n")
            else:
                self.statement(statement)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise UnsupportedError("too many steps")

    def statement(self, node: ast.stmt) -> None:
        self._step()
        if isinstance(node, ast.Expr):
            self.value(node.value)
        elif isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self._bind(target, value)
        elif isinstance(node, ast.AugAssign):
            self._bind(node.target, self._binary(node.op, self.value(_loaded(node.target)), self.value(node.value)))
        elif isinstance(node, ast.For):
            for value in self._bounded(self.value(node.iter)):
                self._bind(node.target, value)
                self._block(node.body)
        elif isinstance(node, ast.If):
            self._block(node.body if self.value(node.test) else node.orelse)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif not isinstance(node, ast.Pass):
            raise UnsupportedError(type(node).__name__)

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom):
            module = _MODULES.get(node.module or "")
            for alias in node.names:
                if module is None or alias.name not in module:
                    raise UnsupportedError(f"import of {node.module}.{alias.name}")
                self.names[alias.asname or alias.name] = module[alias.name]
            return
        for alias in node.names:
            if alias.name not in _MODULES:
                raise UnsupportedError(f"import of {alias.name}")
            self.names[alias.asname or alias.name] = _MODULES[alias.name]

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple):
            for part, item in zip(target.elts, list(value), strict=True):
                self._bind(part, item)
        elif isinstance(target, ast.Subscript):
            self.value(target.value)[self.value(target.slice)] = value
        else:
            raise UnsupportedError(f"assignment to {type(target).__name__}")

    def value(self, node: ast.expr) -> Any:
        self._step()
        evaluate = _EVALUATE.get(type(node))
        if evaluate is None:
            raise UnsupportedError(type(node).__name__)
        return _sized(evaluate(self, node))

    def _binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        function = _BINARY.get(type(op))
        if function is None:
            raise UnsupportedError(type(op).__name__)
        if isinstance(op, ast.Mod) and not (_is_number(left) and _is_number(right)):
            raise UnsupportedError("formatting with %")
        if isinstance(op, ast.Pow) and (abs(right) > 64 or abs(left) > 1e9):
            raise UnsupportedError("power too large")
        if isinstance(op, ast.Mult) and _long(left) * _number(right) + _long(right) * _number(left) > MAX_SIZE:
            raise UnsupportedError("value too large")
        return function(left, right)

    def _bounded(self, values: Any) -> list[Any]:
        taken = list(islice(values, MAX_STEPS + 1))
        if len(taken) > MAX_STEPS:
            raise UnsupportedError("too many steps")
        return taken

    def comprehension(self, node: Any, generators: list[ast.comprehension], make: Callable[[], Any]) -> list[Any]:
        if not generators:
            return [make()]
        first, rest = generators[0], generators[1:]
        found: list[Any] = []
        for value in self._bounded(self.value(first.iter)):
            self._step()
            self._bind(first.target, value)
            if all(self.value(test) for test in first.ifs):
                found += self.comprehension(node, rest, make)
        return found

    def call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        if not callable(function):
            raise UnsupportedError("calling what is no function")
        arguments = [self.value(argument) for argument in node.args]
        named = {keyword.arg: self.value(keyword.value) for keyword in node.keywords if keyword.arg}
        # Whatever a function would walk through is walked here first, where it ends.
        walked = (
            arguments
            if function is range
            else [self._bounded(a) if isinstance(a, _LAZY) else a for a in arguments]
        )
        return function(*walked, **named)

    def attribute(self, node: ast.Attribute) -> Any:
        owner = self.value(node.value)
        if isinstance(owner, dict) and any(owner is module for module in _MODULES.values()):
            return owner[node.attr]
        if owner is date and node.attr in ("fromisoformat", "today"):
            if node.attr == "today":
                raise UnsupportedError("the clock")
            return date.fromisoformat
        for known, names in (*_METHODS.items(), *_ATTRIBUTES.items()):
            if isinstance(owner, known) and node.attr in names:
                return getattr(owner, node.attr)
        raise UnsupportedError(f"attribute {node.attr}")


def _loaded(target: ast.expr) -> ast.expr:
    return ast.Name(target.id, ast.Load()) if isinstance(target, ast.Name) else target


def _long(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes | list | tuple) else 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _number(value: Any) -> int:
    return abs(value) if isinstance(value, int) else 0


def _sized(value: Any) -> Any:
    """`value`, unless it has grown out of bounds."""
    too_long = isinstance(value, str | bytes | list | tuple | dict | set) and len(value) > MAX_SIZE
    if too_long or (isinstance(value, int) and value.bit_length() > 4096):
        raise UnsupportedError("value too large")
    return value


def _name(machine: _Machine, node: Any) -> Any:
    if node.id not in machine.names:
        raise NameError(f"name {node.id!r} is not defined")
    return machine.names[node.id]


def _compare(machine: _Machine, node: Any) -> bool:
    left = machine.value(node.left)
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = machine.value(right_node)
        if not _COMPARE[type(op)](left, right):
            return False
        left = right
    return True


def _boolean(machine: _Machine, node: Any) -> Any:
    value: Any = None
    for part in node.values:
        value = machine.value(part)
        if bool(value) != isinstance(node.op, ast.And):
            return value
    return value


def _unary(machine: _Machine, node: Any) -> Any:
    value = machine.value(node.operand)
    return (not value) if isinstance(node.op, ast.Not) else -value if isinstance(node.op, ast.USub) else +value


def _joined(machine: _Machine, node: Any) -> str:
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            spec = machine.value(part.format_spec) if part.format_spec else ""
            if sum(c.isdigit() for c in spec) > 3:
                raise UnsupportedError("format too wide")
            parts.append(format(machine.value(part.value), spec))
    return "".join(parts)


def _subscript(machine: _Machine, node: Any) -> Any:
    owner = machine.value(node.value)
    if isinstance(node.slice, ast.Slice):
        low, high, step = (
            machine.value(p) if p else None for p in (node.slice.lower, node.slice.upper, node.slice.step)
        )
        return owner[low:high:step]
    return owner[machine.value(node.slice)]


def _listed(machine: _Machine, node: Any) -> list[Any]:
    return machine.comprehension(node, node.generators, lambda: machine.value(node.elt))


def _dict_comprehension(machine: _Machine, node: Any) -> dict[Any, Any]:
    pairs = machine.comprehension(node, node.generators, lambda: (machine.value(node.key), machine.value(node.value)))
    return dict(pairs)


_EVALUATE: dict[type[ast.expr], Callable[[_Machine, Any], Any]] = {
    ast.Constant: lambda _machine, node: node.value,
    ast.Name: _name,
    ast.BinOp: lambda m, node: m._binary(node.op, m.value(node.left), m.value(node.right)),
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: lambda m, node: m.value(node.body) if m.value(node.test) else m.value(node.orelse),
    ast.Call: lambda m, node: m.call(node),
    ast.Attribute: lambda m, node: m.attribute(node),
    ast.List: lambda m, node: [m.value(item) for item in node.elts],
    ast.Tuple: lambda m, node: tuple(m.value(item) for item in node.elts),
    ast.Set: lambda m, node: {m.value(item) for item in node.elts},
    ast.Dict: lambda m, node: {m.value(k): m.value(v) for k, v in zip(node.keys, node.values, strict=True)},
    ast.Subscript: _subscript,
    ast.JoinedStr: _joined,
    ast.ListComp: _listed,
    ast.GeneratorExp: _listed,
    ast.SetComp: lambda m, node: set(_listed(m, node)),
    ast.DictComp: _dict_comprehension,
}
