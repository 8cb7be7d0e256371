"""``git`` over the emulated history: looking at it, staging, committing, putting files back."""

from __future__ import annotations

import posixpath
from itertools import pairwise

from perturb.world.builtins import Said
from perturb.world.git_calls import Call, commits_of, is_revision, split_words, verb, within
from perturb.world.git_changes import changed, letter, shown, summary
from perturb.world.machine import now
from perturb.world.repository import Texts, commit_id, overlay

_AUTHOR = "dev <dev@example.org>"


@verb("status")
def status(call: Call) -> Said:
    """What is staged, what is changed, what is new."""
    repo, words = call.repo, call.flags
    staged, unstaged = changed(repo.head, repo.index), changed(repo.index, call.files)
    unstaged = [path for path in unstaged if path in repo.index]
    new = _folders(call, call.untracked())
    if words & {"-s", "--short", "--porcelain", "-sb", "--porcelain=v1"}:
        return Said(_short(call, staged, unstaged, new, bool(words & {"-sb", "-b", "--branch"})))
    out = f"On branch {repo.branch}\n"
    kinds = {"A": "new file:   ", "M": "modified:   ", "D": "deleted:    "}
    if staged:
        rows = "".join(f"\t{kinds[letter(p, repo.head, repo.index)]}{repo.relative(p)}\n" for p in staged)
        out += f'Changes to be committed:\n  (use "git restore --staged <file>..." to unstage)\n{rows}\n'
    if unstaged:
        rows = "".join(f"\t{kinds[letter(p, repo.index, call.files)]}{repo.relative(p)}\n" for p in unstaged)
        out += (
            'Changes not staged for commit:\n  (use "git add <file>..." to update what will be committed)\n'
            f'  (use "git restore <file>..." to discard changes in working directory)\n{rows}\n'
        )
    if new:
        rows = "".join(f"\t{name}\n" for name in new)
        out += f'Untracked files:\n  (use "git add <file>..." to include in what will be committed)\n{rows}\n'
    if staged:
        return Said(out)
    if unstaged:
        return Said(out + 'no changes added to commit (use "git add" and/or "git commit -a")\n')
    if new:
        return Said(out + 'nothing added to commit but untracked files present (use "git add" to track)\n')
    return Said(out + "nothing to commit, working tree clean\n")


def _folders(call: Call, new: list[str]) -> list[str]:
    """New files, those of a wholly new folder as the folder."""
    names: dict[str, None] = {}
    known = {posixpath.dirname(path) for path in (*call.repo.head, *call.repo.index)}
    for path in new:
        top = path
        folder = posixpath.dirname(path)
        while folder != call.repo.root and not any((k + "/").startswith(folder + "/") for k in known):
            top, folder = folder + "/", posixpath.dirname(folder)
        names[call.repo.relative(top) + ("/" if top.endswith("/") else "")] = None
    return list(names)


def _short(call: Call, staged: list[str], unstaged: list[str], new: list[str], branch: bool) -> str:
    repo = call.repo
    out = f"## {repo.branch}\n" if branch else ""
    for path in sorted({*staged, *unstaged}):
        first = letter(path, repo.head, repo.index) if path in staged else " "
        second = letter(path, repo.index, call.files) if path in unstaged else " "
        out += f"{first}{second} {repo.relative(path)}\n"
    return out + "".join(f"?? {name}\n" for name in new)


@verb("diff")
def diff(call: Call) -> Said:
    """The working tree against the index, against the last commit, or the index against the last commit."""
    repo, (names, paths) = call.repo, split_words(call)
    revisions = [name for name in names if is_revision(call, name)]
    unknown = [n for n in names if n not in revisions and not call.asked.exists(call.named([n])[0]) and n not in paths]
    unknown = [n for n in unknown if not repo.tracked(call.named([n])[0])]
    if unknown:
        return Said(
            "", f"fatal: ambiguous argument '{unknown[0]}': unknown revision or path not in the working tree.\n", 128
        )
    wanted = call.named([*(name for name in names if name not in revisions), *paths])
    tree = {path: text for path, text in call.files.items() if repo.tracked(path)}
    if call.flags & {"--cached", "--staged"}:
        before, after = repo.head, repo.index
    else:
        before, after = (repo.head if revisions else repo.index), tree
    found = within(changed(before, after), wanted)
    code = 1 if found and call.flags & {"--exit-code", "--quiet"} else 0
    return Said(shown(repo, before, after, found, call.flags), "", code)


@verb("log")
def log(call: Call) -> Said:
    """The commits, newest first."""
    commits, flags = commits_of(call), call.flags
    count = next((flag[1:] for flag in flags if flag[1:].isdecimal()), "")
    for name, value in pairwise(call.words):
        count = value if name in ("-n", "--max-count") else count
    count = next((flag[2:] for flag in flags if flag.startswith("-n") and flag[2:].isdecimal()), count)
    commits = commits[: int(count[:6])] if count.isdecimal() else commits
    if "--reverse" in flags:
        commits.reverse()
    shape = next((flag.partition("=")[2] for flag in flags if flag.startswith(("--format", "--pretty"))), "")
    when = now(call.asked.world)
    out = []
    for number, commit in enumerate(commits):
        mark = f" (HEAD -> {call.repo.branch})" if number == 0 and "--decorate" in flags else ""
        if "--oneline" in flags or shape == "oneline":
            out.append(f"{commit['id'][:7]}{mark} {commit['message'].splitlines()[0]}\n")
        elif shape:
            out.append(_formatted(shape, commit, when.strftime("%Y-%m-%d")) + "\n")
        else:
            body = "".join(f"    {line}\n" for line in commit["message"].split("\n"))
            date = when.strftime("%a %b %-d %H:%M:%S %Y +0000")
            out.append(f"commit {commit['id']}{mark}\nAuthor: {_AUTHOR}\nDate:   {date}\n\n{body}")
    return Said(("" if "--oneline" in flags or shape else "\n").join(out))


def _formatted(shape: str, commit: dict[str, str], date: str) -> str:
    shape = shape.removeprefix("format:").removeprefix("tformat:")
    fields = {
        "%H": commit["id"], "%h": commit["id"][:7], "%s": commit["message"].split("\n")[0], "%an": "dev", "%cd": date,
        "%ae": "dev@example.org", "%ad": date, "%as": date, "%ar": "now", "%cr": "now", "%d": "", "%D": "", "%n": "\n",
    }  # fmt: skip
    for name in sorted(fields, key=len, reverse=True):
        shape = shape.replace(name, fields[name])
    return shape


@verb("show")
def show(call: Call) -> Said:
    """A file of the last commit, or the last commit itself."""
    names, _ = split_words(call)
    name = names[0] if names else "HEAD"
    revision, colon, path = name.partition(":")
    if colon:
        full = call.named([path])[0] if path.startswith("./") else posixpath.join(call.repo.root, path)
        text = call.repo.index.get(full) if not revision else call.repo.head.get(full)
        if text is None or (revision and not is_revision(call, revision)):
            return Said("", f"fatal: path '{path}' does not exist in '{revision or 'the index'}'\n", 128)
        return Said(text)
    if not is_revision(call, name):
        return Said("", f"fatal: ambiguous argument '{name}': unknown revision or path not in the working tree.\n", 128)
    commits = commits_of(call)
    before: Texts = {}
    if len(commits) > 1:
        parent: dict[str, str | None] = call.repo.commits[-1]["before"]
        before = overlay(call.repo.head, parent)
    paths = changed(before, call.repo.head)
    head = log(Call(call.asked, "log", ("-1", *(f for f in call.flags if f == "--oneline")), call.repo, call.files))
    return Said(f"{head.stdout}\n{shown(call.repo, before, call.repo.head, paths, call.flags)}")


@verb("add", "stage")
def add(call: Call) -> Said:
    """Take files into the index."""
    names, paths = split_words(call)
    everything = bool(call.flags & {"-A", "--all", "-u", "--update"}) and not [*names, *paths]
    wanted = [call.repo.root] if everything else call.named([*names, *paths])
    for path in wanted:
        hits = within([*call.repo.index, *call.files], [path])
        if not hits and path != call.repo.root:
            return Said("", f"fatal: pathspec '{call.repo.relative(path)}' did not match any files\n", 128)
        new = set(call.untracked())
        for hit in hits:
            if hit not in call.files:
                call.repo.index.pop(hit, None)
            elif call.repo.tracked(hit) or (hit in new and not call.flags & {"-u", "--update"}) or hit == path:
                call.repo.index[hit] = call.files[hit]
    return Said()


@verb("commit")
def commit(call: Call) -> Said:
    """Make the index the last commit."""
    words, repo, messages = list(call.words), call.repo, []
    if any(flag == "--all" or (flag[1:2] != "-" and "a" in flag[1:]) for flag in call.flags):
        add(Call(call.asked, "add", ("-u",), repo, call.files))
    for number, word in enumerate(words[:-1]):
        if word in ("-m", "--message") or (word.startswith("-") and not word.startswith("--") and word.endswith("m")):
            messages.append(words[number + 1])
    messages += [word.partition("=")[2] for word in words if word.startswith("--message=")]
    found = changed(repo.head, repo.index)
    if not found and "--allow-empty" not in call.flags:
        return Said(status(Call(call.asked, "status", (), repo, call.files)).stdout, "", 1)
    if not messages:
        return Said("", "Aborting commit due to empty commit message.\n", 1)
    before: dict[str, str | None] = {path: repo.head.get(path) for path in found}
    text = summary(repo, repo.head, repo.index, found)
    repo.head = dict(repo.index)
    message = "\n\n".join(messages)
    name = commit_id(repo, message)
    repo.commits.append({"id": name, "message": message, "before": before})
    last = text.rsplit("\n", 2)[-2] if text else " 0 files changed"
    return Said(f"[{repo.branch} {name[:7]}] {message.splitlines()[0]}\n{last}\n")
