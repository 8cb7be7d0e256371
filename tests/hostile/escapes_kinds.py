"""Attempts to reach the host from an emulated world: hand-made families, and their products with what they aim at.

Run as a program (``python -m tests.hostile.escapes_kinds``) it makes every attempt in a process whose environment,
files and standard library are watched by an audit hook, and prints what was reached: nothing, as it should be.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

# Stands in the environment and in a file of the process that runs the attempts; it must show nowhere.
CANARY = "canary-7f3a9c51e0d24b86"
NAME = "PERTURB_API_KEY"
FILE = "/tmp/perturb-escape-canary.txt"

_OWNERS = (
    "''",
    "()",
    "[]",
    "{}",
    "1",
    "1.0",
    "b''",
    "True",
    "None",
    "print",
    "len",
    "str",
    "int",
    "open",
    "lambda: 0",
    "(i for i in ())",
    "range(3)",
    "object",
    "type",
    "Exception()",
    "{1}.pop",
    "''.join",
    "[].append",
    "slice(1)",
)
_WALKS = (
    "{o}.__class__.__mro__[-1].__subclasses__()",
    "{o}.__class__.__base__.__subclasses__()",
    "{o}.__init__.__globals__",
    "{o}.__func__.__globals__['os'].environ",
    "{o}.__self__.__dict__['open']('{f}').read()",
    "{o}.__call__.__self__.__globals__",
    "{o}.__reduce_ex__(2)[0].__globals__['__builtins__']",
    "{o}.__code__.co_consts",
    "{o}.gi_frame.f_back.f_globals",
    "{o}.__getattribute__('__class__')",
    "getattr({o}, '__class__').__mro__",
    "getattr(getattr({o}, '__cl' + 'ass__'), '__ba' + 'se__')",
    "vars({o})",
    "type({o}).__dict__",
)
_FIELDS = (
    "0.__class__",
    "0.__func__.__globals__",
    "0.__init__.__globals__",
    "0.__globals__[os].environ[" + NAME + "]",
    "0.__class__.__init__.__globals__[sys].modules[os].environ",
    "0[__class__]",
    "0.__self__",
    "x.__class__",
    "0.__func__.__globals__[ast].sys.modules[os].environ[" + NAME + "]",
    "0!r:{{0.__class__}}",
    "0:{1.__class__}",
)
_FORMATS = (
    "'{{{f}}}'.format({o}, {o}, x={o})",
    "'{{{f}}}'.format_map({{'0': {o}, 'x': {o}}})",
    "import string\nstring.Formatter().format('{{{f}}}', {o}, x={o})",
    "str.format('{{{f}}}', {o}, {o}, x={o})",
    "''.join(map('{{{f}}}'.format, [{o}]))",
    "f = '{{{f}}}'\nf'{{f.format({o}, x={o})}}'",
    "'%({f})s' % {{'{f}': {o}}}",
    "getattr('{{{f}}}', 'for' + 'mat')({o}, x={o})",
)
_SNIPPETS = (
    "__import__('os').environ",
    "__import__('os').system('id')",
    "import os\nos.environ['{n}']",
    "import os\nos.environ.get('{n}')",
    "import os\nprint(dict(os.environ))",
    "import os\nos.getenv('{n}')",
    "import os\nos.system('env')",
    "import os\nos.popen('env').read()",
    "import os\nos.listdir('/')",
    "import os\nos.open('{f}', 0)",
    "import os\nos.fork()",
    "import os\nos.execv('/bin/sh', ['sh', '-c', 'env'])",
    "import subprocess\nsubprocess.run(['env'], capture_output=True).stdout",
    "import sys\nsys.modules['os'].environ",
    "import sys\nsys._getframe().f_globals",
    "import sys\nsys.path",
    "import ctypes\nctypes.CDLL(None)",
    "import socket\nsocket.create_connection(('127.0.0.1', 9))",
    "import urllib.request\nurllib.request.urlopen('file://{f}')",
    "import builtins\nbuiltins.open('{f}').read()",
    "import importlib\nimportlib.import_module('os').environ",
    "import pickle\npickle.loads(b'cos\\nsystem\\n(S\\'env\\'\\ntR.')",
    "import gc\ngc.get_objects()",
    "import inspect\ninspect.currentframe().f_back",
    "import pathlib\npathlib.Path('{f}').read_text()",
    "import pathlib\nlist(pathlib.Path('/etc').iterdir())",
    "import shutil\nshutil.copy('{f}', '/code/x')",
    "import tempfile\ntempfile.mkstemp()",
    "import multiprocessing\nmultiprocessing.Process(target=print).start()",
    "open('{f}').read()",
    "open('/etc/passwd').read()",
    "open('/proc/self/environ', 'rb').read()",
    "open('/proc/self/mem', 'rb')",
    "open('../../../..{f}').read()",
    "open(0).read()",
    "open('{f}', 'w').write('x')",
    "eval('__import__(\"os\").environ')",
    "exec('import os; print(os.environ)')",
    "compile('import os', '', 'exec')",
    "globals()",
    "locals()",
    "vars()",
    "dir()",
    "globals()['__builtins__']",
    "breakpoint()",
    "input()",
    "help()",
    "exit()",
    "memoryview(b'x').obj",
    "classmethod(print).__func__",
    "(lambda: 0).__globals__",
    "(lambda: 0).__code__.replace(co_code=b'')",
    "print.__self__",
    "[c for c in ().__class__.__base__.__subclasses__()]",
    "def f(): yield\nf().gi_frame.f_back.f_globals",
    "class A:\n  def __getattr__(s, n): return print(n)\nA().x",
    "try:\n  1/0\nexcept Exception as e:\n  e.__traceback__.tb_frame.f_globals",
    "async def f(): pass\nf().cr_frame",
    "import re\nre.sub('x', lambda m: m.re.__class__, 'x')",
    "import json\njson.codecs.open('{f}').read()",
    "import random\nrandom._os.environ",
    "import statistics\nstatistics.sys.modules['os'].environ",
    "import math\nmath.__loader__",
    "import datetime\ndatetime.sys.modules",
    "from os import environ\nprint(environ)",
    "from perturb.world import python",
    "import perturb\nperturb.__file__",
    "import bashkit\nbashkit.__file__",
)
_COMMANDS = (
    "cat {f}",
    "cat /etc/passwd",
    "cat /etc/hostname",
    "cat /proc/self/environ",
    "cat /proc/1/cmdline",
    "ls /",
    "ls /root /home /work",
    "env",
    "printenv",
    "printenv {n}",
    "echo ${n}",
    "echo ${{{n}}}",
    "echo ${{!PERTURB*}}",
    "set",
    "export -p",
    "declare -p",
    "declare -x",
    "cat < {f}",
    "exec 3< {f}; cat <&3",
    "cat /dev/fd/0",
    "cat /dev/tcp/127.0.0.1/9",
    "exec 5<>/dev/tcp/127.0.0.1/9",
    "source {f}; env",
    ". /etc/profile; env",
    "cp {f} /code/x && cat /code/x",
    "ln -s {f} /code/l && cat /code/l",
    "ln -s / /code/root && ls /code/root && cat /code/root{f}",
    "tar cf - /etc | head -c 300",
    "find / -name '*canary*'",
    "grep -r canary / 2>/dev/null",
    "python3 -c 'import os; print(os.environ)'",
    "python3 -c 'print(open(\"{f}\").read())'",
    "python3 -c 'import subprocess; print(subprocess.run([\"env\"], capture_output=True))'",
    "python -c 'import os; os.system(\"env\")'",
    "perl -e 'print %ENV'",
    "ruby -e 'puts ENV'",
    "node -e 'console.log(process.env)'",
    "awk 'BEGIN {{ print ENVIRON[\"{n}\"] }}'",
    "awk 'BEGIN {{ while ((getline l < \"{f}\") > 0) print l }}'",
    "awk 'BEGIN {{ system(\"env\") }}'",
    "awk 'BEGIN {{ \"env\" | getline l; print l }}'",
    "sed -n 'r {f}' /dev/null",
    "sed 's/x/id/e' <<< x",
    "sed -n '1e env' <<< x",
    "sort -o /code/o {f}; cat /code/o",
    "find . -exec env ;",
    "xargs env < /dev/null",
    "echo {f} | xargs cat",
    "curl http://127.0.0.1:9/",
    "curl file://{f}",
    "wget -qO- http://127.0.0.1:9/",
    "nc 127.0.0.1 9",
    "ssh localhost env",
    "bash -c env",
    "sh -c 'cat {f}'",
    "/bin/sh -c env",
    "/usr/bin/env",
    "/bin/cat {f}",
    "eval 'cat {f}'",
    "$(echo cat) {f}",
    "`echo env`",
    "a=cat; $a {f}",
    "cat $(ls {f})",
    "cat <(cat {f})",
    "cat {f} | tee /code/t",
    "(cd / && ls -R | head -50)",
    "cat ../../../../../../..{f}",
    "cat /code/../..{f}",
    "cat ~root/.ssh/id_rsa",
    "cat ~/.aws/credentials",
    "git config --list",
    "git -c core.pager=env log",
    "git clone file:///work x",
    "pip config list",
    "docker ps",
    "mount",
    "df",
    "ps aux",
    "ps eww",
    "hostname",
    "id",
    "uname -a",
    "history",
    "trap env EXIT",
    "exec env",
    "exec /bin/sh",
    "command env",
    "builtin source {f}",
    "enable -f /bin/ls ls",
    "jq -n env",
    "jq -n '$ENV'",
    "jq -n 'input_filename' {f}",
    "jq --rawfile a {f} -n '$a'",
    "rg canary /",
    "tree / | head",
    "patch /etc/passwd < /dev/null",
    "dd if={f}",
    "base64 {f}",
    "od -c {f}",
    "xxd {f}",
    "strings {f}",
    "tail -c 100 {f}",
    "head {f}",
    "wc -c {f}",
    "stat {f}",
    "readlink -f /proc/self/exe",
    "kill -9 $$",
    "kill 1",
    "read x < {f}; echo $x",
    "mapfile a < {f}; echo ${{a[0]}}",
    "printf '%s' \"$(<{f})\"",
    "time env",
    "nohup env",
    "sudo env",
    "busybox env",
)
# Nothing of these may take long or fill the memory: bounded before they are computed.
BOUNDED = (
    ("py.exec", "list(zip(range(10**12)))"),
    ("py.exec", "'{:>2000000000}'.format(1)"),
    ("py.exec", "f'{1:>2000000000}'"),
    ("py.exec", "b'a'*5000000000"),
    ("py.exec", "'a'*10**12"),
    ("py.exec", "2**(10**9)"),
    ("py.exec", "[0]*10**11"),
    ("py.exec", "a=b=0\nfor i in range(60):\n  a,b=[a,a],[b,b]\nprint(a==b)"),
    ("py.exec", "while True: pass"),
    ("py.exec", "x=[0]\nwhile True: x=x+x"),
    ("py.exec", "sum(range(10**12))"),
    ("py.exec", "def f(): f()\nf()"),
    ("py.exec", "print('x'*10**6*100)"),
    ("py.exec", "'%2000000000d' % 1"),
    ("py.exec", "(" * 5000 + "1" + ")" * 5000),
    ("shell.run", "yes"),
    ("shell.run", "while true; do :; done"),
    ("shell.run", "echo {1..1000000000}"),
    ("shell.run", ":(){ :|:& };:"),
    ("shell.run", "seq 1 10000000000"),
    ("shell.run", "head -c 10000000000 /dev/zero"),
    ("shell.run", "x=a; while :; do x=$x$x; done"),
    ("shell.run", "cat /dev/zero"),
    ("shell.run", "printf '%2000000000d' 1"),
    ("shell.run", "f() { f; }; f"),
    ("shell.run", "for ((;;)); do echo x >> big; done"),
    ("shell.run", "echo $((2**63*2**63))"),
    ("shell.run", "sleep 100000"),
    ("shell.run", "awk 'BEGIN { while (1) x = x \"aaaaaaaa\" }'"),
    ("shell.run", "sed ':a;s/^/x/;ba' <<< x"),
    ("shell.run", "until false; do true; done"),
    ("shell.run", "grep -E '(a|a)*b' <<< aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("shell.run", "{ yes | head -c 100000000; } > f; wc -c f"),
)


def attempts(generated: int = 120, seed: int = 0) -> Iterator[tuple[str, str]]:
    """(action, text) of every attempt: the hand-made ones, and so many drawn from the products."""
    for text in _SNIPPETS:
        yield "py.exec", text.replace("{f}", FILE).replace("{n}", NAME)
    for text in _COMMANDS:
        yield "shell.run", text.format(f=FILE, n=NAME)
    draw = random.Random(seed)
    for number in range(generated):
        owner, field = draw.choice(_OWNERS), draw.choice(_FIELDS)
        if number % 2:
            text = draw.choice(_WALKS).format(o=f"({owner})", f=FILE)
        else:
            text = draw.choice(_FORMATS).format(o=owner, f=field)
        wrapped = draw.choice(("{}", "print({})", "[{}]", "x = {}\nprint(x)"))
        yield "py.exec", text if "\n" in text else wrapped.format(text)
    for number in range(generated // 3):
        text = draw.choice(_WALKS).format(o=draw.choice(_OWNERS), f=FILE)
        quoted = text.replace("'", '"')
        yield "shell.run", (f"python3 -c 'print({quoted})'" if number % 2 else f"python3 - <<'END'\nprint({text})\nEND")


# Events of Python's audit hook that mean the host was reached. Whatever loads lazily is loaded before the watch begins.
FATAL = (
    "open",
    "import",
    "exec",
    "socket.",
    "subprocess.",
    "os.",
    "ctypes.",
    "shutil.",
    "tempfile.",
    "glob.",
    "urllib.",
    "cpython.",
    "gc.",
    "winreg.",
    "mmap.",
    "fcntl.",
    "pty.",
    "signal.",
    "sqlite3.",
    "ftplib.",
    "http.",
    "webbrowser.",
    "function.__new__",
)


def watched(todo: list[tuple[str, str]], execute: Any) -> dict[str, Any]:
    """Make every attempt of `todo`; what the process did meanwhile, and what came out."""
    from perturb.core.values import Intent, World

    world = World(files={"/code/a.txt": "hello\n"})
    seen: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        # Python itself looks for the line of a syntax error in a file of this name, which is none.
        unnamed = event == "open" and arguments[0] == "<unknown>"
        if watching and event.startswith(FATAL) and not unnamed:
            seen.append(f"{event} {str(arguments)[:120]}")

    # First what loads lazily, then the watch.
    for action, text in (
        ("py.exec", "1+1"),
        ("shell.run", "echo a | grep a; python3 -c 'print(1)'"),
        ("py.exec", "import os, shutil; os.listdir('.')"),
        ("py.exec", "import re\nre.sub('x', lambda m: m.re.x, 'x')"),
    ):
        execute(world, Intent(action, {"code" if action == "py.exec" else "command": text}))
    sys.addaudithook(hook)
    reached, shown, slow, unanswered = [], [], [], []
    for action, text in todo:
        seen.clear()
        began = time.monotonic()
        watching = True
        try:
            after, result = execute(world, Intent(action, {"code" if action == "py.exec" else "command": text}))
        except BaseException as error:  # whatever escapes as an exception has not been answered
            watching = False
            unanswered.append([text, f"{type(error).__name__}: {error}"[:200]])
            continue
        watching = False
        took = time.monotonic() - began
        said = json.dumps([result.kind, result.data, after.files, after.records], default=str)
        if seen:
            reached.append([text, seen[0]])
        if CANARY in said or CANARY.replace("-", "") in said:
            shown.append(text)
        if took > 20 or len(said) > 30_000_000:
            slow.append([text, round(took, 1), len(said)])
    return {"tried": len(todo), "reached": reached, "shown": shown, "slow": slow, "unanswered": unanswered}


def leaky(world: Any, intent: Any) -> tuple[Any, Any]:
    """A world with a hole, to see that the watch sees: Python reads the host's file and environment."""
    import os

    from perturb.core.values import Result

    said = ""
    if "environ" in intent.args.get("code", ""):
        said = os.environ[NAME]
    elif "open" in intent.args.get("code", ""):
        with open(FILE) as file:
            file.read()
    return world, Result("python", {"stdout": said, "error": ""})


def main() -> None:
    """Read from the arguments which attempts, how many generated ones and from which seed; print what came of them."""
    import resource

    from perturb.world.execute import execute

    which, generated, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    todo = list(BOUNDED) if which == "bounded" else list(attempts(generated, seed))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = watched(todo, leaky if which == "leaky" else execute)
    found["grown_mib"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(json.dumps(found))  # noqa: T201  # the answer of a program


if __name__ == "__main__":
    main()
