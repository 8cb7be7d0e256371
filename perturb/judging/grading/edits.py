"""Edits and patches: two are one when both apply and the same files result; what fails to apply equals nothing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from perturb.core.exact import loads
from perturb.judging.grading.kinds import Context, Judged, Reading, UnusableError, kind, said
from perturb.judging.grading.patches import apply_patch

Files = dict[str, str]
_OLD = ("old", "old_string", "old_str", "oldString", "oldText", "old_text", "search", "before", "find", "from")
_NEW = ("new", "new_string", "new_str", "newString", "newText", "new_text", "replace", "after", "replacement", "to")
_PATH = ("path", "file_path", "filePath", "filename", "file", "target_file", "uri")
_CONTENT = ("content", "contents", "text", "file_text", "fileText")


@kind("edit", "patch")
def edit(context: Context, expected: Any, got: Any, _reading: Reading) -> Judged:
    """Both apply, and the same files result."""
    files = _files(context)
    try:
        wanted = applied(expected, files, context)
    except ValueError as problem:
        raise UnusableError(f"expected: does not apply: {problem}") from problem
    try:
        made = applied(got, files, context)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        return Judged(False, f"does not apply: {problem}")
    if wanted == made:
        return Judged(True)
    odd = sorted(name for name in {*wanted, *made} if wanted.get(name) != made.get(name))
    return Judged(False, f"{odd[0]} differs afterwards")


def _files(context: Context) -> Files:
    files = context.get("files")
    if not isinstance(files, dict):
        raise UnusableError("context.files: not an object of texts")
    read = {name: body if isinstance(body, str) else "\n".join(map(str, body)) + "\n" for name, body in files.items()}
    return {_full(name, context): body for name, body in read.items()}


def _full(name: Any, context: Context) -> str:
    if not isinstance(name, str) or not name:
        raise ValueError("no path")
    return posixpath.normpath(posixpath.join(str(context.get("cwd") or "/"), name))


def applied(change: Any, files: Files, context: Context) -> Files:
    """The files after `change`: a patch as text, one action or a list of them. Raises ValueError when it fails."""
    if isinstance(change, str):
        text = change.strip()
        if text.startswith("{") and text.endswith("}"):
            return applied(loads(text), files, context)
        how = f"{said(context, 'apply')} {said(context, 'rule')}"
        return apply_patch(change, files, lambda name: _full(name, context), how)
    if isinstance(change, list):
        for one in change:
            files = applied(one, files, context)
        return files
    if not isinstance(change, Mapping):
        raise ValueError("neither a patch nor an action")
    action, args = _action(change)
    return _done(action, args, files, context)


def _action(change: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    action = change.get("action", change.get("name", change.get("tool", change.get("op", change.get("type")))))
    args = change.get("args", change.get("arguments", change.get("input")))
    if isinstance(args, str):
        args = loads(args)
    if isinstance(action, str) and isinstance(args, Mapping):
        return action, args
    if isinstance(action, str):
        return action, change
    if "edits" in change or any(key in change for key in _OLD[:4]):
        return "fs.edit", change
    if any(key in change for key in ("patch", "diff", "patchText", "ops")):
        return "fs.patch", change
    if any(key in change for key in _CONTENT):
        return "fs.write", change
    raise ValueError("no action")


def _get(args: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((args[name] for name in names if name in args), None)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text")
    return value


def _done(action: str, args: Mapping[str, Any], files: Files, context: Context) -> Files:
    verb = action.lower().rpartition(".")[2]
    if any(word in verb for word in ("patch", "diff")) or "ops" in args:
        return _patched(args, files, context)
    if verb == "run" or "command" in args:
        return _commanded(args, files, context)
    path = _full(_get(args, _PATH) or context.get("path"), context)
    out = dict(files)
    if verb in ("delete", "remove", "rm"):
        if path not in out:
            raise ValueError(f"{path} is not there")
        del out[path]
    elif verb in ("move", "rename", "mv"):
        if path not in out:
            raise ValueError(f"{path} is not there")
        out[_full(args.get("to", args.get("destination", args.get("new_path"))), context)] = out.pop(path)
    elif verb == "mkdir":
        pass
    elif verb == "insert" or "after_line" in args or "insert_line" in args:
        out[path] = _inserted(out, path, args)
    elif "edits" in args or _get(args, _OLD[:-1]) is not None:
        out[path] = _edited(out, path, args, context)
    elif _get(args, _CONTENT) is not None:
        out[path] = _written(out, path, args)
    else:
        raise ValueError(f"{action} is no change")
    return out


def _written(files: Files, path: str, args: Mapping[str, Any]) -> str:
    content, mode = _text(_get(args, _CONTENT), "content"), str(args.get("mode", "")).lower()
    if "append" in mode or mode == "a":
        return files.get(path, "") + content
    if ("create" in mode or "new" in mode or mode == "x") and "overwrite" not in mode and path in files:
        raise ValueError(f"{path} is there already")
    return content


def _inserted(files: Files, path: str, args: Mapping[str, Any]) -> str:
    if path not in files:
        raise ValueError(f"{path} is not there")
    lines = files[path].splitlines(keepends=True)
    after = args.get("after_line", args.get("insert_line", args.get("line")))
    if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after <= len(lines):
        raise ValueError(f"there is no line {after}")
    text = _text(_get(args, (*_CONTENT, "new_str", "insert_text")), "text")
    if lines and after == len(lines) and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join(lines[:after]) + (text if text.endswith("\n") or not text else text + "\n") + "".join(lines[after:])


def _edited(files: Files, path: str, args: Mapping[str, Any], context: Context) -> str:
    edits = args["edits"] if isinstance(args.get("edits"), list) else [args]
    if path not in files:
        created = len(edits) == 1 and _get(edits[0], _OLD) == ""
        if created and re.search(r"empty old|creates", said(context, "rule")):
            return _text(_get(edits[0], _NEW), "new")
        raise ValueError(f"{path} is not there")
    body = files[path]
    for one in edits:
        body = _replaced(body, one, args, context)
    return body


def _replaced(body: str, one: Mapping[str, Any], args: Mapping[str, Any], context: Context) -> str:
    old, new = _text(_get(one, _OLD), "old"), _text(_get(one, _NEW), "new")
    rule = said(context, "rule")
    every = one.get("replace_all", one.get("all", args.get("replace_all", False)))
    count = "all" if every is True or str(every).lower() == "true" else one.get("count", args.get("count", "one"))
    if not old:
        raise ValueError("old is empty")
    if old == new and not re.search(r"no op|same allowed", rule):
        raise ValueError("old and new are the same")
    found = body.count(old)
    if found == 0:
        raise ValueError("old does not occur")
    if count == "all" or ("all occurrences" in rule and "must" not in rule and "count" not in one):
        return body.replace(old, new)
    if isinstance(count, int) and not isinstance(count, bool) and count > 1:
        if found != count:
            raise ValueError(f"old occurs {found} times, not {count}")
        return body.replace(old, new)
    first = re.search(r"first (occurrence|match)|the first|replaces? first", rule) or count == "first"
    if found > 1 and not first:
        raise ValueError(f"old occurs {found} times")
    return body.replace(old, new, 1)


def _patched(args: Mapping[str, Any], files: Files, context: Context) -> Files:
    ops = args.get("ops")
    if ops is None:
        text = _text(_get(args, ("patch", "diff", "input", "patchText", "content", "text")), "patch")
        how = f"{said(context, 'apply')} {said(context, 'rule')}"
        return apply_patch(text, files, lambda name: _full(name, context), how)
    if not isinstance(ops, list):
        raise ValueError("ops is no list")
    for op in ops:
        verb = str(op.get("op", op.get("type", op.get("kind", op.get("action", "update"))))).lower()
        move = op.get("move_to", op.get("to")) if verb == "update" else None
        files = _one_op(verb, op, files, context)
        if move:
            files = _done("move", {"path": op["path"], "to": move}, files, context)
    return files


def _one_op(verb: str, op: Mapping[str, Any], files: Files, context: Context) -> Files:
    if verb in ("add", "create", "new"):
        return _done("write", {"path": op["path"], "content": op.get("content", op.get("text", ""))}, files, context)
    if verb in ("update", "edit", "modify"):
        hunks = op.get("edits", op.get("hunks", op.get("chunks", [op])))
        hunks = [hunk for hunk in hunks if hunk]
        return _done("edit", {"path": op["path"], "edits": hunks}, files, context)
    return _done(verb, op, files, context)


def _commanded(args: Mapping[str, Any], files: Files, context: Context) -> Files:
    from perturb.judging.grading.commands import run

    ran = run(_text(args.get("command"), "command"), {**context, "files": files})
    if ran.status or ran.missing:
        raise ValueError("the command fails")
    return {name: body for name, (what, _mode, body) in ran.files.items() if what == "file"}
