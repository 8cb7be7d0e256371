"""What the emulation lacks: told from a result, so that no model is blamed for it.

A program that a developer's machine has and the sandbox has not, a module or a method that Python has and the embedded
interpreter has not, a call of a recorded program that nothing is recorded for, a limit of ours.
"""

from __future__ import annotations

import builtins
import datetime
import importlib
import io
import pathlib
import re
import sys

from perturb.core.values import Json, World
from perturb.world.recordings import NOT_HERE

# Programs of a developer's machine that the sandbox does not have.
_MACHINE = frozenset(
    """ack ag ansible apt-get astro babel bat black brew bundle bun bunx cargo cc clang clang-format cmake code composer
    cscope ctags dart dc deno docker docker-compose dotnet ed elixir emacs esbuild eslint ex fd flake8 fzf g++ gcc gcov
    gem gh go gofmt golangci-lint gradle helm hg htop isort java javac jest julia kubectl lua luac make man meson mix
    mocha mvn mypy mysql nano ninja node npm npx nvim osascript perl php php-cs-fixer pip pip3 pipenv pipx pnpm poetry
    pre-commit prettier protoc psql py py.test pylint pyright pytest rails rake redis-cli rspec rubocop ruby ruff rustc
    rustfmt sponge sqlite3 stylelint svn swift terraform tox tsc tsx uv uvx vi vim vite vitest vue watch xmllint
    yamllint yapf yarn zig zsh fish sd delta dos2unix unix2dos iconv parallel gawk sudo su tmux lsof""".split()
)
_NAMED = re.compile(r"^bash: (?:line \d+: )?([\w.+-]+): command not found", re.MULTILINE)
# What our own tools say of an option or a construct that they do not have, and of their limits.
_OURS = re.compile(
    rf"{NOT_HERE}|importing module '\w+' is disabled|(?:not yet|does not|is not|not) (?:supported|implemented)\b"
    r"|The monty syntax parser|(?<!TypeError: )\bunsupported (?!operand)|time limit exceeded|execution timeout"
    r"|memory limit|maximum (?:command|loop|iteration)|list indices must be integers or slices, not slice"
    r"|'_io\.TextIOWrapper' object is not iterable|for %: '(?:str|bytes)' and|for /: 'PosixPath' and"
    r"|no external function handler"
    r"|AttributeError: 'module' object has|operand type\(s\) for [^:]+: '(?:int|float|bool)' and '(?:int|float|bool)'",
)
_TYPES: dict[str, type] = {
    **{name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)},
    **{kind.__name__: kind for kind in (datetime.date, datetime.datetime, datetime.timedelta, datetime.time)},
    "_io.TextIOWrapper": io.TextIOWrapper,
    "PosixPath": pathlib.Path,
    "Path": pathlib.Path,
}
# Modules whose names may be looked up here: importing them does nothing.
_PLAIN = ("os", "sys", "json", "math", "datetime", "pathlib", "statistics", "re", "time", "random", "asyncio", "typing")


def lacking(errors: str, world: World) -> str:
    """The first thing in what a command or script says of errors that is the emulation's fault; "" where it is none."""
    for name in _NAMED.findall(errors):
        if name in _MACHINE:
            return f"{name} is not emulated"
    if ours := _OURS.search(errors):
        line = next(line for line in errors[max(0, ours.start() - 300) :].splitlines() if ours[0].strip() in line)
        return f"not emulated: {line.strip()[:160]}"
    return _python(errors, world.files)


def _python(errors: str, files: Json) -> str:
    """What a traceback's last line says is missing and is there in Python."""
    if found := re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", errors):
        top = found[1].split(".")[0]
        own = any(f"/{top}.py" in path or f"/{top}/" in path for path in files)
        return "" if own else f"the module {found[1]} is not emulated"
    if found := re.search(r"AttributeError: '([\w.]+)' object has no attribute '(\w+)'", errors):
        there = found[1] in _TYPES and hasattr(_TYPES[found[1]], found[2])
        return f"{found[1]}.{found[2]} is not emulated" if there else ""
    named = re.search(r"AttributeError: module '(\w+)' has no attribute '(\w+)'", errors)
    named = named or re.search(r"AttributeError: type object '(\w+)' has no attribute '(\w+)'", errors)
    if named:
        return f"{named[1]}.{named[2]} is not emulated" if _has(named[1], named[2]) else ""
    if found := re.search(r"ImportError: cannot import name '(\w+)' from '(\w+)'", errors):
        return f"{found[2]}.{found[1]} is not emulated" if _has(found[2], found[1]) else ""
    if found := re.search(r"NameError: name '(\w+)' is not defined", errors):
        return f"{found[1]} is not emulated" if hasattr(builtins, found[1]) else ""
    return ""


def _has(owner: str, name: str) -> bool:
    """Whether a module or type of Python has a name; of modules that are not looked into here, it has."""
    if owner in _TYPES:
        return hasattr(_TYPES[owner], name)
    if owner in _PLAIN:
        return hasattr(importlib.import_module(owner), name)
    return owner in sys.stdlib_module_names
