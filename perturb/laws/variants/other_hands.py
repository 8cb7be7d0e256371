"""What is right, and what is nearly right, as other people write it: classes that an attack on the judge found."""

from __future__ import annotations

import json
from collections.abc import Iterator

from perturb.core.registry import equivalent, near_miss
from perturb.core.values import Case, Intent
from perturb.judging import otherways, ways
from perturb.judging.effect import effect
from perturb.laws.variants.saying import Rounds, each_replaced, gold, one_round, spelled


@equivalent
def edit_by_script(case: Case) -> Iterator[Rounds]:
    """The same change by a Python script: by lines, by a pattern, with a check first."""
    for place, intent in enumerate(gold(case)):
        yield from each_replaced(case, place, otherways.scripted_edits(case.world, intent))


@equivalent
def edit_by_filter(case: Case) -> Iterator[Rounds]:
    """The same change by awk and a temporary file, or by sed with a copy that is removed again."""
    for place, intent in enumerate(gold(case)):
        yield from each_replaced(case, place, otherways.filtered_edits(case.world, intent))


@equivalent
def edit_by_patch(case: Case) -> Iterator[Rounds]:
    """The same change by `git apply` and by `patch`."""
    for place, intent in enumerate(gold(case)):
        yield from each_replaced(case, place, otherways.patched_edits(case.world, intent))


@equivalent
def look_by_script(case: Case) -> Iterator[Rounds]:
    """The same look by Python, awk, a loop, find and xargs."""
    for place, intent in enumerate(gold(case)):
        if not any(deed.result.failed for deed in effect(case.world, [intent]).deeds):
            yield from each_replaced(case, place, otherways.scripted_looks(case.world, intent))


@equivalent
def run_in_other_words(case: Case) -> Iterator[Rounds]:
    """The same run in a subshell, with a limit, with a variable before it, with words in another order."""
    if not spelled(case):
        for place, intent in enumerate(gold(case)):
            yield from each_replaced(case, place, otherways.same_runs(case.world, intent))


@near_miss
def another_run(case: Case) -> Iterator[Rounds]:
    """A run of other tests or targets, one that nobody sees, one that does not happen."""
    for place, intent in enumerate(gold(case)):
        if len(case.expect.any_of) == 1:
            yield from each_replaced(case, place, otherways.other_runs(case.world, intent))


@near_miss
def failing_beside(case: Case) -> Iterator[Rounds]:
    """The right change, and one in the same line or the next call that fails because nothing is there."""
    tries = ("rm nothing.txt", "rm -f nothing.txt", "mv nothing.txt something.txt", "sed -i 's/a/b/' nothing.txt")
    for place, intent in enumerate(gold(case)):
        for edit in list(ways.shell_edits(case.world, intent))[:1]:
            command = str(edit.args["command"])
            joined = (ways.shell(f"{command}{_ends(command)}{more}") for more in tries)
            yield from each_replaced(case, place, joined)
    if effect(case.world, gold(case)).changed and case.world.files:
        for more in tries[:2]:
            yield from one_round(case, *gold(case), ways.shell(more))


def _ends(command: str) -> str:
    """What stands between a command and the next: a here-document ends with its line."""
    return "\n" if "\n" in command else "; "


@near_miss
def edit_that_writes_nothing(case: Case) -> Iterator[Rounds]:
    """A filter that only prints the change, writes it elsewhere, keeps a copy, or reads the file it has emptied."""
    for place, intent in enumerate(gold(case)):
        for edit in list(ways.shell_edits(case.world, intent))[:1]:
            command = str(edit.args["command"])
            if command.startswith("sed -i "):
                path = command.rsplit(" ", 1)[-1]
                printed = "sed " + command.removeprefix("sed -i ")
                tried = (
                    printed,
                    f"{printed} > {path}.new",
                    f"{printed} > {path}",
                    f"{command.replace('-i', '-i.bak', 1)}",
                )
                yield from each_replaced(case, place, map(ways.shell, tried))


@near_miss
def laid_out_otherwise(case: Case) -> Iterator[Rounds]:
    """A JSON document with the right values and another layout: every line of it is another."""
    for place, intent in enumerate(gold(case)):
        written = ways.whole_file(case.world, intent)
        if written is not None and str(written.args["path"]).endswith(".json"):
            value = json.loads(str(written.args["content"]))
            texts = [json.dumps(value), json.dumps(value, indent=4, ensure_ascii=False), json.dumps(value, indent="\t")]
            tried = (Intent("fs.write", {**written.args, "content": f"{text}\n"}) for text in texts)
            yield from each_replaced(case, place, tried)


@near_miss
def said_not_computed(case: Case) -> Iterator[Rounds]:
    """A program that prints the result as a constant."""
    for place, intent in enumerate(gold(case)):
        if intent.action == "py.exec":
            printed = str(effect(case.world, [intent]).deeds[0].result.data.get("stdout", "")).strip()
            tried = (f"print({printed!r})", f"result = {printed!r}\nprint(result)")
            yield from each_replaced(case, place, [Intent("py.exec", {"code": code}) for code in tried])


@near_miss
def built_by_hand(case: Case) -> Iterator[Rounds]:
    """What a build leaves behind, written by hand."""
    for place, intent in enumerate(gold(case)):
        if intent.action != "shell.run":
            continue
        done = effect(case.world, [intent]).changed
        made = [(path, text) for (kind, path), text in done.items() if kind == "files"]
        others = [Intent("fs.write", {"path": path, "content": f"{text}\n"}) for path, text in made]
        if len(others) == 1 and str(intent.args["command"]) in case.world.python:
            yield from each_replaced(case, place, others)


@near_miss
def another_hand_on_the_neighbour(case: Case) -> Iterator[Rounds]:
    """The line beside the right one changed by a script, and the right one by a script that also changes the next."""
    for place, intent in enumerate(gold(case)):
        one = otherways.changed_line(case.world, intent)
        if one is None:
            continue
        path, number, _, new = one
        for lines in ((number,), (number - 1, number)):
            code = f"s = open({path!r}).read().split('\\n')\n"
            code += "".join(f"s[{at}] = {new!r}\n" for at in lines)
            script = otherways.script(f"{code}open({path!r}, 'w').write('\\n'.join(s))")
            if effect(case.world, [script]).changed != effect(case.world, [intent]).changed:
                yield from each_replaced(case, place, [script])
