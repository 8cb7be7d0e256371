"""What the sandbox's shell is told before a command line: who and where it is, and functions of our own.

A function is used where a command is mostly bashkit's and only in part ours: it decides, and hands on. A line is told
only of those that it may call, which keeps the telling short.
"""

from __future__ import annotations

import re
import shlex
from functools import lru_cache

from perturb.core.values import World
from perturb.world.python_source import ERRORS, STDIN
from perturb.world.recordings import NOTHING, programs

_PYTHON = r"""python3() {
  RECORDED
  case "$1" in
    -m) shift; __module "$@";;
    -c) __python "<string>" "$2" -c "${@:3}";;
    -|'') __python "<stdin>" "$(cat)" - "${@:2}";;
    -V|--version) echo "Python 3.11.7";;
    -*) command python3 "$@";;
    *) if [ -f "$1" ]; then __python "$1" "$(cat "$1")" "$@"; else command python3 "$@"; fi;;
  esac
}
__python() {
  local name="$1" t s; shift
  case "$1" in *stdin*) cat > STDIN;; esac
  t=$(__prepared "$@")
  command python3 -c "$t" 2> ERRORS; s=$?
  __ended $s "$name"
}
python() { python3 "$@"; }
__module() {
  local m="$1"; shift
  case "$m" in
    json.tool) jq --indent 4 . "$@";;
    py_compile|compileall) __compiles "$@";;
    *) if type "$m" >/dev/null 2>&1; then "$m" "$@"
       else echo "/usr/bin/python3: No module named $m" >&2; return 1; fi;;
  esac
}
"""
# A script, and the text of `bash -c`, runs in a subshell that knows these functions.
_SHELL = r"""bash() {
  RECORDED
  case "$1" in
    -*c) local t="$2"; shift 2; ( [ $# -gt 0 ] && shift; eval "$t" );;
    ''|-s) local t; t=$(cat); ( eval "$t" );;
    -*) command bash "$@";;
    *) if [ -f "$1" ]; then local f="$1"; shift; ( . "$f" "$@" ); else command bash "$@"; fi;;
  esac
}
sh() { bash "$@"; }
"""
_OTHERS = {
    "ls": r"""ls() {
  local a n=0
  for a in "$@"; do case "$a" in --*) ;; -*[alA]*) n=2;; -*) ;; *) n=$((n+1));; esac; done
  if [ $n -gt 1 ]; then __ls "$@"; else command ls "$@"; fi
}
""",
    "mv": 'mv() { __to_another mv "$@" && command mv "$@"; }\n',
    "cp": 'cp() { __to_another cp "$@" && command cp "$@"; }\n',
    "history": "history() { :; }\n",
    "sed": r"""sed() {
  local w a=()
  for w in "$@"; do
    case "$w" in *\\n*|*\\t*) w="$(__sed_text "$w")"; w="${w%.}";; esac
    a+=("$w")
  done
  command sed "${a[@]}"
}
""",
    # In place it would write the keys in another order than the program does.
    "yq": r"""yq() {
  case " $* " in *" -i"*|*" --inplace"*) echo "yq: -i is not available here" >&2; return 1;; esac
  command yq "$@"
}
""",
    "git": r"""git() {
  case "$1" in
    grep) shift; command grep -r "$@";;
    apply) shift; local f= n=
      while [ $# -gt 0 ]; do case "$1" in --check) n=--dry-run;; -*) ;; *) f="$1";; esac; shift; done
      if [ -n "$f" ]; then command patch -p1 $n < "$f" >/dev/null; else command patch -p1 $n >/dev/null; fi;;
    *) command git "$@";;
  esac
}
""",
}
_TO_ANOTHER = r"""__to_another() {
  [ $# = 3 ] && [ -f "$2" ] || return 0
  local to="$3"; [ -d "$to" ] && to="$to/$(basename "$2")"
  [ "$(realpath "$2")" = "$(realpath "$to" 2>/dev/null)" ] || return 0
  echo "$1: '$2' and '$to' are the same file" >&2; return 1
}
"""
_ASK = '__recorded {name} "$@" </dev/null; local s=$?; [ $s != {nothing} ] && return $s'
_OWN = """{name}() {{
  __recorded {name} "$@"; local s=$?
  if [ $s = {nothing} ]; then echo "bash: line 1: {name}: command not found" >&2; return 127; fi; return $s
}}
"""
# Other names under which a recorded program may be called (see perturb.world.invocations).
_LAUNCHERS = ("npx", "bunx", "yarn", "pnpm", "bun", "py.test", "docker-compose", "gmake", "poetry", "uv", "pipenv")
# A line with one of these may run text that lies elsewhere: it is told everything.
_ELSEWHERE = re.compile(r"\b(sh|bash|source|eval|xargs)\b|(^|[;&|({\n])\s*[./~$\"'\\]")


def preamble(world: World, line: str) -> str:
    """The shell text that is run before a line."""
    recorded = programs(world)
    names = ("python", "bash", "sh", *_OTHERS, *recorded, *(_LAUNCHERS if recorded else ()))
    everything = _ELSEWHERE.search(line) is not None
    told = tuple(name for name in names if everything or name in line)
    return _preamble(world.cwd, world.home, world.locale, tuple(recorded), told)


@lru_cache(maxsize=512)
def _preamble(cwd: str, home: str, locale: str, recorded: tuple[str, ...], told: tuple[str, ...]) -> str:
    user = home.rstrip("/").rsplit("/", 1)[-1] or "dev"
    lines = [
        f"rmdir /home/user /home/sandbox /home/dev 2>/dev/null; mkdir -p {shlex.quote(home)}",
        f"export HOME={shlex.quote(home)} USER={shlex.quote(user)} LANG={shlex.quote(locale)}.UTF-8 SHELL=/bin/bash",
    ]
    lines += [_OTHERS[name] for name in told if name in _OTHERS]
    lines += [_TO_ANOTHER] if {"mv", "cp"} & set(told) else []
    if "python" in told:
        placed = _PYTHON.replace("ERRORS", ERRORS).replace("STDIN", STDIN)
        lines.append(_asking(placed, "python3", {"python3"} & set(recorded)))
    if {"sh", "bash"} & set(told):
        lines.append(_asking(_SHELL, "sh", {"sh", "bash"} & set(recorded)))
    own = [name for name in told if name in recorded or name in _LAUNCHERS]
    lines += [_OWN.format(name=name, nothing=NOTHING) for name in own if name not in ("python3", "sh", "bash")]
    return "\n".join([*lines, "RANDOM=1", f"cd {shlex.quote(cwd)}\n"])


def _asking(text: str, name: str, recorded: set[str]) -> str:
    """A function that asks the recordings first, where there are any of its program."""
    return text.replace("RECORDED", _ASK.format(name=name, nothing=NOTHING) if recorded else ":")
