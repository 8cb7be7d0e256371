"""Programs with their own verbs: git, the package managers, and whatever goes over the network."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import urlsplit

from perturb.core.values import Intent
from perturb.toolbox.shell.meaning import (
    DECODERS,
    OTHER,
    SOMETHING,
    Command,
    Decoder,
    Meaning,
    Place,
    decodes,
    each_path,
    options,
    per_path,
)
from perturb.toolbox.shell.words import Word

NETWORK = Meaning((OTHER,), network=True)
_GIT_NETWORK = frozenset({"clone", "fetch", "pull", "push", "ls-remote", "archive-remote", "send-email"})
# Verbs of package managers that fetch packages.
_FETCHING = {
    "pip": {"install", "download", "wheel", "index", "search"},
    "npm": {"install", "i", "ci", "add", "update", "upgrade", "publish", "audit", "view", "info", "outdated", "search",
            "exec", "create", "init"},
    "yarn": {"", "install", "add", "upgrade", "up", "dlx", "create", "publish"},
    "pnpm": {"install", "i", "add", "update", "up", "dlx", "create", "publish"},
    "bun": {"install", "i", "add", "update", "x"},
    "uv": {"add", "sync", "lock", "pip", "tool", "python"},
    "poetry": {"install", "add", "update", "lock", "publish"},
    "pipenv": {"install", "update", "sync", "lock"},
    "conda": {"install", "create", "update", "search"},
    "mamba": {"install", "create", "update", "search"},
    "apt": {"install", "update", "upgrade", "full-upgrade", "source", "download"},
    "apt-get": {"install", "update", "upgrade", "dist-upgrade", "source", "download"},
    "apk": {"add", "update", "upgrade", "fetch"},
    "yum": {"install", "update", "upgrade"},
    "dnf": {"install", "update", "upgrade"},
    "brew": {"install", "update", "upgrade", "tap", "fetch"},
    "gem": {"install", "update", "fetch", "push"},
    "bundle": {"", "install", "update"},
    "cargo": {"install", "add", "update", "fetch", "publish", "search"},
    "go": {"get", "install", "mod"},
    "composer": {"install", "require", "update"},
    "docker": {"pull", "push", "login", "search"},
    "podman": {"pull", "push", "login", "search"},
    "gh": {"pr", "issue", "repo", "api", "release", "run", "auth", "workflow", "gist"},
    "rustup": {"update", "install", "toolchain", "component"},
    "helm": {"install", "pull", "repo", "upgrade"},
    "pipx": {"install", "run", "upgrade", "inject"},
    "snap": {"install", "refresh"},
    "pacman": {"-S", "-Sy", "-Syu"},
    "deno": {"install", "add"},
    "nvm": {"install"},
}  # fmt: skip
_ALWAYS = (
    "ssh", "sftp", "ftp", "telnet", "nc", "ncat", "netcat", "ping", "traceroute", "dig", "nslookup", "host", "whois",
    "aria2c", "http", "https", "aws", "gcloud", "az", "kubectl", "npx", "uvx", "lftp", "rclone", "mail", "sendmail",
)  # fmt: skip


@decodes(*(name for name in _ALWAYS if name not in ("npx",)))
def over_the_network(_command: Command) -> Meaning:
    """Programs that are there to reach other machines."""
    return NETWORK


@decodes(*_FETCHING, "pip3", "pip2", "apt-cache")
def package_manager(command: Command) -> Meaning:
    """Fetching packages leaves the machine; the other verbs do not."""
    name = {"pip3": "pip", "pip2": "pip"}.get(command.name, command.name)
    texts = command.texts
    verbs = [text for text in texts if not text.startswith("-") or name == "pacman"]
    verb = verbs[0] if verbs else ""
    fetches = verb in _FETCHING.get(name, set())
    if name == "uv" and verb == "pip":
        fetches = verbs[1:2] in (["install"], ["download"], ["sync"], ["compile"])
    if name == "go" and verb == "mod":
        fetches = verbs[1:2] in (["download"], ["tidy"])
    if name == "nvm" or (name == "npm" and verb == "init" and len(verbs) == 1):
        fetches = fetches and verb == "install"
    offline = {"--offline", "--no-index", "--dry-run", "--help", "-h"} & set(texts)
    return Meaning((OTHER,), network=fetches and not offline)


def python_module(command: Command, words: tuple[Word, ...]) -> Meaning:
    """``python -m NAME``: as the program of that name."""
    if words and words[0].text in ("pip", "pipx", "poetry"):
        return package_manager(command.renamed(words[0].text, words[1:]))
    return SOMETHING


def _local(url: str) -> bool:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return (
        parts.scheme == "file" or parts.hostname in ("localhost", "127.0.0.1", "::1", "0.0.0.0") or not parts.hostname
    )


def _fetched(command: Command, urls: list[str], effects: list[str], sends: bool) -> Meaning:
    if not urls:
        return SOMETHING
    outside = not all(map(_safely_local, urls))
    place = command.place
    intent = (
        OTHER if sends else Intent("web.fetch", {"urls": [url if "://" in url else f"http://{url}" for url in urls]})
    )
    return Meaning((intent,), tuple(map(place.absolute, effects)), outside)


def _safely_local(url: str) -> bool:
    try:
        return _local(url)
    except ValueError:
        return False


@decodes("curl")
def curl(command: Command) -> Meaning:
    """A fetch of every URL; what sends data is something else."""
    given = options(
        command.words,
        "odHXuAeFTbcmwxrKCyYzE",
        ("output", "data", "data-raw", "data-binary", "data-urlencode", "json", "header", "request", "user", "form",
         "user-agent", "referer", "upload-file", "cookie", "cookie-jar", "max-time", "write-out", "proxy", "retry",
         "connect-timeout", "url", "output-dir", "cacert", "retry-delay", "resolve"),
    )  # fmt: skip
    urls = [*given.every("url"), *(word.text for word in given.operands)]
    method = given.last("X", "request", default="GET").upper()
    names = ("d", "data", "data-raw", "data-binary", "data-urlencode", "json", "F", "form", "T", "upload-file")
    effects = [path for path in given.every("o", "output") if path not in ("-", "/dev/null")]
    if given.has("O", "remote-name", "remote-name-all"):
        effects += [posixpath.basename(url.split("?")[0]) for url in urls if posixpath.basename(url.split("?")[0])]
    return _fetched(command, urls, effects, given.has(*names) or method not in ("GET", "HEAD"))


@decodes("wget")
def wget(command: Command) -> Meaning:
    """A fetch of every URL into a file of its name, or of the one that ``-O`` says."""
    given = options(
        command.words, "OPotTUie", ("output-document", "directory-prefix", "post-data", "header", "user-agent", "tries")
    )
    urls = [word.text for word in given.operands]
    where = given.last("P", "directory-prefix", default=".")
    named = given.last("O", "output-document")
    names = [posixpath.basename(url.split("?")[0].rstrip("/")) or "index.html" for url in urls if "/" in url]
    effects = [posixpath.join(where, name) for name in names]
    if given.has("O", "output-document"):
        effects = [named] if named not in ("-", "/dev/null") else []
    if given.has("spider"):
        effects = []
    return _fetched(command, urls, effects, given.has("post-data", "post-file"))


@decodes("git")
def git(command: Command) -> Meaning:
    """The verbs that read, search, remove, move and restore files; every other is something else."""
    words, place = list(command.words), command.place
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option in ("-C", "-c", "--git-dir", "--work-tree") and words:
            value = words.pop(0).text
            place = Place(place.absolute(value), place.home, place.files) if option == "-C" else place
    if not words:
        return SOMETHING
    verb, rest = words[0].text, tuple(words[1:])
    if verb in _GIT_NETWORK:
        return Meaning((OTHER,), _cloned(verb, rest, place), network=True)
    if verb in ("remote", "submodule") and {"update", "add", "prune", "show"} & {word.text for word in rest[:1]}:
        return Meaning((OTHER,), network=verb == "submodule" or rest[0].text in ("update", "prune", "show"))
    inner = Command(verb, rest, place, command.fed, command.piped)
    decoder = _GIT.get(verb)
    return decoder(inner) if decoder else SOMETHING


def _cloned(verb: str, rest: tuple[Word, ...], place: Place) -> tuple[str, ...]:
    operands = options(rest, "bo", ("depth", "branch", "origin")).operands
    if verb != "clone" or not operands:
        return ()
    name = (
        operands[1].text if len(operands) > 1 else posixpath.basename(operands[0].text.rstrip("/")).removesuffix(".git")
    )
    return (place.absolute(name),)


def _git_grep(command: Command) -> Meaning:
    words = tuple(word for word in command.words if word.text != "--")
    return DECODERS["grep"](command.renamed("grep", (Word("-r"), *words)))


def _git_files(command: Command) -> Meaning:
    given = options(command.words, "x", ("exclude",))
    if not given.operands:
        return Meaning((Intent("fs.list", {"path": command.place.cwd, "depth": -1}),))
    done = Meaning()
    for word in given.operands:
        if any(mark in word.text for mark in "*?["):
            glob = word.text if "/" in word.text else f"**/{word.text}"
            done = done.then(Meaning((Intent("fs.find", {"glob": glob, "root": command.place.cwd}),)))
        else:
            done = done.then(per_path(command, (word,), "fs.list", depth=-1))
    return done


def _git_remove(command: Command) -> Meaning:
    if {"--cached", "-n", "--dry-run"} & set(command.texts):
        return SOMETHING
    return DECODERS["rm"](command.renamed("rm", command.words))


def _git_move(command: Command) -> Meaning:
    return DECODERS["mv"](command.renamed("mv", command.words))


def _git_restore(command: Command) -> Meaning:
    """The files that are put back; a branch or a commit that is switched to is not shown by the line."""
    texts = command.texts
    if command.name == "restore" and "--staged" in texts and "--worktree" not in texts:
        return SOMETHING
    words = command.words
    if "--" in texts:
        words = words[texts.index("--") + 1 :]
    elif command.name == "restore":
        words = options(words, "s", ("source",)).operands
    else:
        files = command.place.files or {}
        words = tuple(word for word in words if command.place.absolute(word.text) in files or word.text == ".")
    paths, lossy = each_path(command, words)
    return Meaning((OTHER,), tuple(paths), lossy=lossy)


def _git_apply(command: Command) -> Meaning:
    given = options(command.words, "pC", ("directory",))
    if given.has("check", "stat", "numstat", "summary"):
        return SOMETHING
    names = tuple(word for word in given.operands if word.text != "-")
    strip = given.last("p", default="1")
    more = (Word(f"-p{strip}"), *((Word("-i"), names[0]) if names else ()))
    return DECODERS["patch"](command.renamed("patch", more))


def _git_hidden(command: Command) -> Meaning:
    """Verbs that change files which the line does not name."""
    if command.name == "reset" and "--hard" not in command.texts:
        return SOMETHING
    return Meaning((OTHER,), lossy=(f"git {command.name}",))


_GIT: dict[str, Decoder] = {
    "grep": _git_grep,
    "ls-files": _git_files,
    "rm": _git_remove,
    "mv": _git_move,
    "restore": _git_restore,
    "checkout": _git_restore,
    "apply": _git_apply,
    **dict.fromkeys(("am", "stash", "clean", "reset", "merge", "rebase", "cherry-pick", "revert"), _git_hidden),
}


@decodes("xargs", "parallel")
def for_each(command: Command) -> Meaning:
    """Runs a command on words that only running tells."""
    words = options(command.words, "nIPLdEsa", ("max-args", "replace", "max-procs", "delimiter")).operands
    decoder = DECODERS.get(words[0].text) if words else None
    return Meaning(
        (OTHER,), network=bool(decoder and decoder(command.renamed(words[0].text, ())).network), lossy=("xargs",)
    )


@decodes("npx", "bunx")
def run_package(command: Command) -> Meaning:
    """Runs what is installed; only ``-y`` says that it may be fetched."""
    return Meaning((OTHER,), network=bool({"-y", "--yes"} & set(command.texts)))


@decodes("docker-compose")
def compose(command: Command) -> Meaning:
    """Pulling images leaves the machine."""
    return Meaning((OTHER,), network=bool(re.search(r"\bpull\b", " ".join(command.texts))))
