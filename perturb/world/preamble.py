"""What the sandbox's shell is told before a command line: who and where it is, and functions of our own.

A function is used where a command is mostly bashkit's and only in part ours: it decides, and hands on.
"""

from __future__ import annotations

import shlex
from functools import lru_cache

from perturb.core.values import World
from perturb.world.recordings import NOTHING, programs

# `python -m NAME` is the program NAME; `bash -c` and scripts run in a subshell that knows these functions.
_FUNCTIONS = r"""
ls() {
  local a; for a in "$@"; do case "$a" in --*) ;; -*[alA]*) __ls "$@"; return;; esac; done; command ls "$@"
}
python3() {
  RECORDED
  case "$1" in
    -m) shift; __module "$@";;
    -c) local t; t=$(__prepared "$2"); command python3 -c "$t";;
    -|'') local t; t=$(cat); t=$(__prepared "$t"); command python3 -c "$t";;
    -V|--version) echo "Python 3.11.7";;
    -*) command python3 "$@";;
    *) if [ -f "$1" ]; then local t; t=$(cat "$1"); t=$(__prepared "$t"); command python3 -c "$t"
       else command python3 "$@"; fi;;
  esac
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
bash() {
  RECORDED_SHELL
  case "$1" in
    -*c) local t="$2"; shift 2; ( [ $# -gt 0 ] && shift; eval "$t" );;
    ''|-s) local t; t=$(cat); ( eval "$t" );;
    -*) command bash "$@";;
    *) if [ -f "$1" ]; then local f="$1"; shift; ( . "$f" "$@" ); else command bash "$@"; fi;;
  esac
}
sh() { __shell=sh; bash "$@"; }
history() { :; }
mv() { __to_another mv "$@" && command mv "$@"; }
cp() { __to_another cp "$@" && command cp "$@"; }
__to_another() {
  local to="$3"; [ -d "$to" ] && to="$to/$(basename "$2")"
  [ $# = 3 ] && [ -f "$2" ] && [ "$(realpath "$2")" = "$(realpath "$to" 2>/dev/null)" ] || return 0
  echo "$1: '$2' and '$to' are the same file" >&2; return 1
}
git() {
  case "$1" in
    grep) shift; command grep -r "$@";;
    apply) shift; local f= n=
      while [ $# -gt 0 ]; do case "$1" in --check) n=--dry-run;; -*) ;; *) f="$1";; esac; shift; done
      if [ -n "$f" ]; then command patch -p1 $n < "$f" >/dev/null; else command patch -p1 $n >/dev/null; fi;;
    *) command git "$@";;
  esac
}
"""
# Other names under which a recorded program may be called (see perturb.world.invocations).
LAUNCHERS = ("npx", "bunx", "yarn", "pnpm", "bun", "py.test", "docker-compose", "gmake", "poetry", "uv", "pipenv")
_OWN = """{name}() {{
  __recorded {name} "$@"; local s=$?
  if [ $s = {nothing} ]; then echo "bash: line 1: {name}: command not found" >&2; return 127; fi; return $s
}}
"""
_ASK = '__recorded {name} "$@" </dev/null; local s=$?; [ $s != {nothing} ] && return $s'


def preamble(world: World) -> str:
    """The shell text that is run before every line."""
    return _preamble(world.cwd, world.home, world.locale, tuple(programs(world)))


@lru_cache(maxsize=512)
def _preamble(cwd: str, home: str, locale: str, recorded: tuple[str, ...]) -> str:
    user = home.rstrip("/").rsplit("/", 1)[-1] or "dev"
    ask = {name: _ASK.format(name=name, nothing=NOTHING) for name in ("python3", "sh", "bash")}
    functions = _FUNCTIONS.replace("RECORDED_SHELL", ask["sh"] if {"sh", "bash"} & set(recorded) else "").replace(
        "RECORDED", ask["python3"] if "python3" in recorded else ""
    )
    names = [name for name in (*recorded, *(LAUNCHERS if recorded else ())) if name not in ("python3", "sh", "bash")]
    made = [_OWN.format(name=name, nothing=NOTHING) for name in dict.fromkeys(names)]
    exports = (
        f"export HOME={shlex.quote(home)} USER={shlex.quote(user)} LANG={shlex.quote(locale)}.UTF-8 SHELL=/bin/bash"
    )
    alone = "rmdir /home/user /home/sandbox 2>/dev/null"
    return f"{alone}\n{exports}\n{functions}{''.join(made)}RANDOM=1\ncd {shlex.quote(cwd)}\n"
