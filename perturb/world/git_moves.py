"""``git`` commands that put files back, move them, and name where one is."""

from __future__ import annotations

import posixpath

from perturb.world.builtins import Said
from perturb.world.git_calls import Call, commits_of, is_revision, split_words, verb, within
from perturb.world.git_changes import changed


@verb("restore", "checkout", "switch")
def restore(call: Call) -> Said:
    """Files as they were; or another branch, which here has the same files."""
    names, paths = split_words(call)
    repo, flags = call.repo, call.flags
    if flags & {"-b", "-c", "-B", "-C", "--orphan"}:
        name = names[0] if names else ""
        if not name or name in repo.branches:
            return Said("", f"fatal: a branch named '{name}' already exists\n", 128)
        repo.branches.append(name)
        repo.branch = name
        return Said("", f"Switched to a new branch '{name}'\n")
    if call.verb != "restore" and names and not paths and names[0] in repo.branches:
        if names[0] == repo.branch:
            return Said("", f"Already on '{names[0]}'\n")
        repo.branch = names[0]
        return Said("", f"Switched to branch '{names[0]}'\n")
    sources = [name for name in names if is_revision(call, name)] if call.verb == "checkout" else []
    wanted = call.named([*(name for name in names if name not in sources), *paths])
    staged = call.verb == "restore" and bool(flags & {"--staged", "-S"})
    source = (
        repo.head if sources or staged or any(flag.startswith(("--source", "-s")) for flag in flags) else repo.index
    )
    for path in wanted:
        hits = within(sorted({*source, *repo.index}), [path])
        if not hits:
            name = repo.relative(path)
            return Said("", f"error: pathspec '{name}' did not match any file(s) known to git\n", 1)
        for hit in hits:
            if staged or sources:
                if hit in source:
                    repo.index[hit] = source[hit]
                else:
                    repo.index.pop(hit, None)
            if not staged or flags & {"--worktree", "-W"}:
                call.write(hit, source.get(hit))
    if not wanted:
        return Said("", "" if sources else "fatal: you must specify path(s) to restore\n", 0 if sources else 128)
    count = len(wanted)
    return Said("", f"Updated {count} path{'s' * (count != 1)} from the index\n" if call.verb == "checkout" else "")


@verb("reset")
def reset(call: Call) -> Said:
    """The index as the last commit has it; with ``--hard`` the files too."""
    names, paths = split_words(call)
    wanted = call.named([*(name for name in names if not is_revision(call, name)), *paths])
    repo = call.repo
    for path in within(changed(repo.head, repo.index), wanted):
        if path in repo.head:
            repo.index[path] = repo.head[path]
        else:
            repo.index.pop(path)
    if "--hard" in call.flags:
        for path in changed(repo.head, {p: t for p, t in call.files.items() if p in repo.head}):
            call.write(path, repo.head.get(path))
        return Said(
            f"HEAD is now at {commits_of(call)[0]['id'][:7]} {commits_of(call)[0]['message'].splitlines()[0]}\n"
        )
    left = [path for path in changed(repo.index, call.files) if path in repo.index]
    rows = "".join(f"M\t{repo.relative(path)}\n" for path in left)
    return Said(f"Unstaged changes after reset:\n{rows}" if rows else "")


@verb("stash")
def stash(call: Call) -> Said:
    """Changes of known files put aside, and taken back."""
    repo, word = call.repo, next((word for word in call.words if not word.startswith("-")), "push")
    tree = {path: text for path, text in call.files.items() if repo.tracked(path)}
    if word in ("push", "save"):
        found = changed(repo.head, tree)
        if not found:
            return Said("No local changes to save\n")
        repo.stash.append({path: call.files.get(path, "") for path in found})
        for path in found:
            call.write(path, repo.head.get(path))
        repo.index = dict(repo.head)
        return Said(f"Saved working directory and index state WIP on {repo.branch}: {commits_of(call)[0]['id'][:7]}\n")
    if word == "list":
        return Said("".join(f"stash@{{{n}}}: WIP on {repo.branch}\n" for n in range(len(repo.stash))))
    if word in ("pop", "apply") and repo.stash:
        for path, text in repo.stash[-1].items():
            call.write(path, text)
        if word == "pop":
            repo.stash.pop()
        return Said(f"On branch {repo.branch}\nChanges restored.\n")
    return Said("", "error: No stash entries found.\n", 1)


@verb("rm")
def remove(call: Call) -> Said:
    """Files out of the index and, without ``--cached``, out of the tree."""
    names, paths = split_words(call)
    out = ""
    for path in call.named([*names, *paths]):
        hits = within(sorted(call.repo.index), [path])
        if not hits or (hits != [path] and "-r" not in call.flags):
            return Said(out, f"fatal: pathspec '{call.repo.relative(path)}' did not match any files\n", 128)
        for hit in hits:
            call.repo.index.pop(hit)
            out += f"rm '{call.repo.relative(hit)}'\n"
            if "--cached" not in call.flags:
                call.write(hit, None)
    return Said(out)


@verb("mv")
def move(call: Call) -> Said:
    """A known file under another name."""
    names, _ = split_words(call)
    if len(names) != 2:
        return Said("", "usage: git mv <source> <destination>\n", 129)
    source, target = call.named(names)
    if any(path.startswith(target.rstrip("/") + "/") for path in call.files):
        target = posixpath.join(target, posixpath.basename(source))
    if source not in call.files or source not in call.repo.index:
        return Said("", f"fatal: bad source, source={names[0]}, destination={names[1]}\n", 128)
    call.write(target, call.files[source])
    call.write(source, None)
    call.repo.index[target] = call.repo.index.pop(source)
    return Said()


@verb("branch")
def branch(call: Call) -> Said:
    """The branches; a new one; one less."""
    repo, (names, _) = call.repo, split_words(call)
    if "--show-current" in call.flags:
        return Said(f"{repo.branch}\n")
    if not names:
        return Said("".join(f"{'*' if name == repo.branch else ' '} {name}\n" for name in sorted(repo.branches)))
    if call.flags & {"-d", "-D", "--delete"}:
        if names[0] not in repo.branches or names[0] == repo.branch:
            return Said("", f"error: branch '{names[0]}' not found\n", 1)
        repo.branches.remove(names[0])
        return Said(f"Deleted branch {names[0]}.\n")
    if names[0] in repo.branches:
        return Said("", f"fatal: a branch named '{names[0]}' already exists\n", 128)
    repo.branches.append(names[0])
    return Said()


@verb("rev-parse")
def rev_parse(call: Call) -> Said:
    """Where one is, in git's words."""
    words = list(call.words)
    answers = {
        "--show-toplevel": call.repo.root,
        "--is-inside-work-tree": "true",
        "--git-dir": ".git",
        "--abbrev-ref": call.repo.branch,
        "--short": commits_of(call)[0]["id"][:7],
        "HEAD": commits_of(call)[0]["id"],
    }
    found = next((answers[word] for word in words if word in answers), None)
    if found is None:
        return Said("", f"fatal: ambiguous argument '{words[-1] if words else ''}': unknown revision\n", 128)
    return Said(f"{found}\n")


@verb("ls-files")
def files(call: Call) -> Said:
    """The files of the index, or the new ones."""
    names, paths = split_words(call)
    known = call.untracked() if call.flags & {"-o", "--others"} else sorted(call.repo.index)
    if call.flags & {"-m", "--modified"}:
        known = [path for path in changed(call.repo.index, call.files) if path in call.repo.index]
    here = call.asked.cwd
    known = [path for path in known if (path + "/").startswith(here.rstrip("/") + "/")]
    wanted = within(known, call.named([*names, *paths]))
    return Said("".join(f"{posixpath.relpath(path, here)}\n" for path in wanted))


@verb("init")
def init(call: Call) -> Said:
    """There is one already."""
    return Said(f"Reinitialized existing Git repository in {call.repo.root}/.git/\n")


@verb("remote", "tag", "config", "fetch", "submodule", "worktree", "gc", "notes")
def quiet(_call: Call) -> Said:
    """Nothing of this kind is here."""
    return Said()


@verb("push", "pull", "ls-remote")
def elsewhere(call: Call) -> Said:
    """No other machine is known."""
    return Said("", "fatal: No configured push destination.\n" if call.verb == "push" else "fatal: no remote\n", 128)


@verb("blame", "annotate")
def blame(call: Call) -> Said:
    """Every line is of the first commit, or not committed yet."""
    names, paths = split_words(call)
    wanted = call.named([*names, *paths])
    if not wanted or wanted[0] not in call.files:
        return Said("", f"fatal: no such path '{call.repo.relative(wanted[0]) if wanted else ''}' in HEAD\n", 128)
    committed = set(call.repo.head.get(wanted[0], "").split("\n"))
    first = commits_of(call)[-1]["id"][:8]
    rows = call.files[wanted[0]].removesuffix("\n").split("\n")
    who = ((first, "dev") if row in committed else ("00000000", "Not Committed Yet") for row in rows)
    return Said(
        "".join(f"{i} ({name} {n}) {row}\n" for n, (row, (i, name)) in enumerate(zip(rows, who, strict=True), 1))
    )
