"""Other ways to do what is right. Where the spelling is the point there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perturb.core.registry import equivalent
from perturb.core.values import Case, Intent
from perturb.judging import ways
from perturb.judging.effect import effect
from perturb.judging.ideal import shaped
from perturb.judging.spelling import paths_spelled, with_defaults
from perturb.laws.variants.saying import Rounds, each_replaced, gold, one_round, said, speaks, spelled
from perturb.trajectories.patterns import ideal_args

CONTEXTS = ((0, 0), (1, 0), (0, 1), (1, 1), (2, 2), (3, 3))


@equivalent
def edit_with_context(case: Case) -> Iterator[Rounds]:
    """The same change as an edit of whole lines, with 0 to 3 unchanged lines on either side."""
    for place, intent in enumerate(gold(case)):
        if intent.action == "fs.edit":
            tried = (ways.with_context(case.world, intent, *lines) for lines in CONTEXTS)
            yield from each_replaced(case, place, {str(i): i for i in tried if i}.values())


@equivalent
def whole_file(case: Case) -> Iterator[Rounds]:
    """The same change by writing the whole file, with and without its last line end."""
    for place, intent in enumerate(gold(case)):
        written = ways.whole_file(case.world, intent)
        if written is not None:
            shorter = Intent("fs.write", {**written.args, "content": str(written.args["content"]).rstrip("\n")})
            yield from each_replaced(case, place, (written, shorter))


@equivalent
def edit_by_shell(case: Case) -> Iterator[Rounds]:
    """The same change by `sed -i` and by here-document."""
    for place, intent in enumerate(gold(case)):
        yield from each_replaced(case, place, ways.shell_edits(case.world, intent))


@equivalent
def look_by_shell(case: Case) -> Iterator[Rounds]:
    """The same look by command line: cat, head, sed -n, nl, grep -rn, rg, find, ls, with pipes and redirections."""
    for place, intent in enumerate(gold(case)):
        if _works(case, intent):
            yield from each_replaced(case, place, ways.shell_looks(case.world, intent))


def _works(case: Case, intent: Intent) -> bool:
    return not any(deed.result.failed for deed in effect(case.world, [intent]).deeds)


@equivalent
def run_with_pipes(case: Case) -> Iterator[Rounds]:
    """The same command with `2>&1`, `| tail -20`, `; echo $?` or a change of directory round it."""
    if spelled(case):
        return
    for place, intent in enumerate(gold(case)):
        yield from each_replaced(case, place, ways.shell_runs(case.world, intent))


@equivalent
def wider_look(case: Case) -> Iterator[Rounds]:
    """A look that shows a little more: the whole file, a line more, the file instead of the lines found in it."""
    for place, intent in enumerate(gold(case)):
        if intent.action in ("fs.read", "fs.grep", "fs.list", "fs.find") and _works(case, intent):
            yield from each_replaced(case, place, ways.wider_looks(case.world, intent))


@equivalent
def looks_first(case: Case) -> Iterator[Rounds]:
    """A look at something else, then the right thing: a detour."""
    yield from _after_looks(case, 1)


@equivalent
def looks_twice_first(case: Case) -> Iterator[Rounds]:
    """Two looks, then the right thing."""
    yield from _after_looks(case, 2)


def _after_looks(case: Case, count: int) -> Iterator[Rounds]:
    replies = [r for i in ways.first_look(case.world, gold(case)) for r in said(case, i, text="Looking first.")]
    for final in said(case, *gold(case)):
        for start in range(min(3, len(replies) - count + 1)):
            yield (*replies[start : start + count], final)


@equivalent
def look_beside(case: Case) -> Iterator[Rounds]:
    """A look in the same message as the right calls."""
    if not speaks(case):
        for look in list(ways.first_look(case.world, gold(case)))[:3]:
            yield from one_round(case, *gold(case), look)


@equivalent
def with_the_next_step(case: Case) -> Iterator[Rounds]:
    """The right calls and those of the next step in one message."""
    if case.expect.ahead and effect(case.world, gold(case)).changed:
        later: tuple[Intent, ...] = ()
        for patterns in case.expect.ahead[:2]:
            later += tuple(Intent(p.action, ideal_args(dict(p.args))) for p in patterns)
            yield from one_round(case, *gold(case), *later)


@equivalent
def one_at_a_time(case: Case) -> Iterator[Rounds]:
    """Several right calls, one message each."""
    intents = gold(case)
    replies = [reply for intent in intents for reply in said(case, intent)]
    if len(intents) > 1 and len(replies) == len(intents) and not speaks(case):
        yield tuple(replies)


@equivalent
def silent(case: Case) -> Iterator[Rounds]:
    """The right calls and no word beside them."""
    if not speaks(case):
        for reply in said(case, *gold(case)):
            yield (replace(reply, text=""),)


@equivalent
def wordy(case: Case) -> Iterator[Rounds]:
    """The right calls and many words beside them."""
    if not speaks(case):
        words = f"{case.expect.text} This comes next, because of what was asked; after it we shall see how to go on."
        yield from one_round(case, *gold(case), text=words)


@equivalent
def defaults_written_out(case: Case) -> Iterator[Rounds]:
    """The right calls with every optional argument given at its default."""
    for reply in said(case, *gold(case)):
        calls = tuple(with_defaults(case, call) for call in reply.calls)
        if calls != reply.calls:
            yield (replace(reply, calls=calls),)


@equivalent
def path_spelled(case: Case) -> Iterator[Rounds]:
    """The right calls with their paths written relative, with `./`, or by way of `..`."""
    for reply in said(case, *gold(case)):
        for calls in zip(*(paths_spelled(case, call) for call in reply.calls), strict=True):
            if calls != reply.calls:
                yield (replace(reply, calls=calls),)


@equivalent
def page_by_its_address(case: Case) -> Iterator[Rounds]:
    """A link's page by its address instead of a click on it."""
    if case.world.tabs:
        for place, intent in enumerate(gold(case)):
            done = effect(case.world, [intent])
            moved = set(done.changed) == {("page", "tabs")}
            if intent.action == "el.click" and moved:
                yield from each_replaced(case, place, [Intent("nav.goto", {"url": done.after.tabs[done.after.tab]})])


@equivalent
def address_spelled(case: Case) -> Iterator[Rounds]:
    """An address with a fragment, or with a slash more or less at its end."""
    for place, intent in enumerate(gold(case)):
        if intent.action in ("nav.goto", "web.fetch"):
            url = str(intent.args["url"])
            other = url.rstrip("/") if url.endswith("/") and url.count("/") > 3 else url + ("" if "?" in url else "/")
            tried = (f"{url}#top", other)
            yield from each_replaced(case, place, [Intent(intent.action, {**intent.args, "url": u}) for u in tried])


@equivalent
def another_query(case: Case) -> Iterator[Rounds]:
    """A search in other words that finds the same."""
    for place, intent in enumerate(gold(case)):
        if intent.action == "web.search":
            words = str(intent.args["query"]).split()
            tried = (" ".join(words[::-1]), " ".join(words).lower(), f"{' '.join(words)} please")
            yield from each_replaced(case, place, [Intent("web.search", {"query": query}) for query in tried])


@equivalent
def computed_in_steps(case: Case) -> Iterator[Rounds]:
    """The same sum by way of a variable."""
    for place, intent in enumerate(gold(case)):
        code = str(intent.args.get("code", ""))
        if intent.action == "py.exec" and code.count("print(") == 1 and code.endswith(")"):
            before, _, inner = code.partition("print(")
            steps = f"{before}value = {inner[:-1]}\nprint(value)"
            yield from each_replaced(case, place, [Intent("py.exec", {"code": steps})])


@equivalent
def polite(case: Case) -> Iterator[Rounds]:
    """The right words with a few more round them."""
    if speaks(case) and len(gold(case)) == 1:
        words = str(gold(case)[0].args["text"])
        if not words.rstrip().endswith("?"):
            kept = shaped(f"{words} Tell me if you need anything else.", case.instructions)
            if words.strip() in kept:
                yield from one_round(case, Intent("say", {"text": kept}))
