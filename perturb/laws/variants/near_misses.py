"""Answers that are wrong by a little: each must score 0, however many rounds it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from perturb.core.actions import decides
from perturb.core.registry import near_miss
from perturb.core.values import Case, Intent, Json, Reply
from perturb.judging import ways
from perturb.judging.effect import effect
from perturb.judging.ideal import shaped
from perturb.judging.slips import neighbours, strays
from perturb.judging.spelling import without
from perturb.laws.variants.saying import Rounds, each_replaced, gold, one_round, said, speaks
from perturb.world import files

# Arguments in which one wrong character makes another value, by action; the others name places.
_VALUES = ("new", "content", "text", "value", "url", "tab", "command", "code")


def _one_way(case: Case) -> bool:
    """Whether one alternative is all there is: else a look that misses it may be what another one asks for."""
    return len(case.expect.any_of) == 1


@near_miss
def wrong_character(case: Case) -> Iterator[Rounds]:
    """One character of a value is another."""
    for place, intent in enumerate(gold(case)):
        domain = case.world.services.get(intent.action, {"op": "recorded"}).get("op") != "recorded"
        for name, value in intent.args.items():
            looks = not effect(case.world, [intent]).changed
            if intent.action != "say" and (domain or name in _VALUES) and not (looks and not _one_way(case)):
                changed = (Intent(intent.action, {**intent.args, name: other}) for other in _others(value))
                yield from each_replaced(case, place, changed if decides(intent.action, name) else ())


def _others(value: Json) -> Iterator[Json]:
    """The value with one character or count changed, in the middle and at the end."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value * 10)
    elif isinstance(value, str):
        places = {at for at in (len(value) // 2, len(value.rstrip()) - 1) if 0 <= at < len(value)}
        for at in sorted(places):
            if value[at].isalnum():
                yield value[:at] + ("9" if value[at] != "9" else "8") + value[at + 1 :]
        if value and value[-1].isalnum():
            yield value[:-1]


@near_miss
def other_file(case: Case) -> Iterator[Rounds]:
    """The right thing in another file."""
    for place, intent in enumerate(gold(case)):
        if intent.action in ("fs.edit", "fs.write") or (intent.action == "fs.read" and _one_way(case)):
            others = ways.other_files(case.world, str(intent.args["path"]))[:3]
            yield from each_replaced(case, place, (Intent(intent.action, {**intent.args, "path": p}) for p in others))


@near_miss
def lines_too_few(case: Case) -> Iterator[Rounds]:
    """A read that begins a line late or ends a line early."""
    for place, intent in enumerate(gold(case)):
        if intent.action == "fs.read" and _one_way(case):
            lines = files.lines_of(str(case.world.files.get(str(intent.args["path"]), "")))
            start = int(intent.args.get("start", 1))
            end = int(intent.args.get("end", -1))
            end = len(lines) if end == -1 else min(end, len(lines))
            if end > start and lines[start - 1].strip():
                yield from each_replaced(case, place, [Intent("fs.read", {**intent.args, "start": start + 1})])
            if end > start and lines[end - 1].strip():
                yield from each_replaced(case, place, [Intent("fs.read", {**intent.args, "end": end - 1})])


@near_miss
def neighbouring_line(case: Case) -> Iterator[Rounds]:
    """The edit on a line next to the right one, and the right edit together with one there."""
    for place, intent in enumerate(gold(case)):
        if intent.action == "fs.edit":
            wrong = list(neighbours(case, intent))
            yield from each_replaced(case, place, wrong)
            for other in wrong:
                yield from one_round(case, *gold(case), other)


@near_miss
def whole_file_with_a_slip(case: Case) -> Iterator[Rounds]:
    """The whole file written, with a line lost, a line doubled, or one character wrong elsewhere."""
    for place, intent in enumerate(gold(case)):
        written = ways.whole_file(case.world, intent)
        if written is not None:
            lines = str(written.args["content"]).split("\n")
            filled = [n for n, line in enumerate(lines) if line.strip()]
            for at in {filled[0], filled[-1]} if len(filled) > 1 else ():
                for slip in ([], [lines[at], lines[at]], [lines[at] + "x"]):
                    text = "\n".join([*lines[:at], *slip, *lines[at + 1 :]])
                    yield from each_replaced(case, place, [Intent("fs.write", {**written.args, "content": text})])


@near_miss
def edit_undone(case: Case) -> Iterator[Rounds]:
    """An edit that changes nothing, one whose text is not there, and the file emptied."""
    for place, intent in enumerate(gold(case)):
        if intent.action == "fs.edit":
            path, old = intent.args["path"], str(intent.args["old"])
            nothing = Intent("fs.edit", {**intent.args, "new": old})
            absent = Intent("fs.edit", {**intent.args, "old": f"{old} "})
            if f"{old} " in str(case.world.files.get(str(path), "")):
                absent = nothing
            yield from each_replaced(case, place, [nothing, absent, Intent("fs.write", {"path": path, "content": ""})])


@near_miss
def one_more(case: Case) -> Iterator[Rounds]:
    """The right thing and a stray file, a file overwritten, another button, another record, beside it."""
    if not speaks(case):
        for more in strays(case):
            yield from one_round(case, *gold(case), more)


@near_miss
def argument_left_out(case: Case) -> Iterator[Rounds]:
    """A call without one of the arguments that the ideal one gives and needs."""
    for reply in said(case, *gold(case)) if not speaks(case) else ():
        for place, call in enumerate(reply.calls):
            for less in without(case, call):
                yield (replace(reply, calls=(*reply.calls[:place], less, *reply.calls[place + 1 :])),)


@near_miss
def success_claimed(case: Case) -> Iterator[Rounds]:
    """Words that say it is done, where it is to be done."""
    if not speaks(case):
        for words in ("Done. Everything was changed as you asked and all tests pass.", "I have finished this step."):
            yield from one_round(case, Intent("say", {"text": shaped(words, case.instructions)}), text=words)


@near_miss
def told_instead(case: Case) -> Iterator[Rounds]:
    """The right call told in words, not made."""
    if not speaks(case):
        for reply in said(case, *gold(case)):
            words = "; ".join(f"{call.tool}({', '.join(map(str, call.args.values()))})" for call in reply.calls)
            yield (Reply(reply.thinking, shaped(f"I would call {words} now.", case.instructions)),)


@near_miss
def only_looks(case: Case) -> Iterator[Rounds]:
    """Looks and looks, and never does anything."""
    if effect(case.world, gold(case)).changed:
        looks = [reply for look in ways.first_look(case.world, gold(case)) for reply in said(case, look)][:4]
        if looks:
            yield tuple(looks) if len(looks) > 2 else (looks[0], looks[0], looks[0])


@near_miss
def wrong_element(case: Case) -> Iterator[Rounds]:
    """The right thing on another element of the page."""
    for place, intent in enumerate(gold(case)):
        if intent.action not in ("el.click", "el.type", "el.select") or not case.world.tabs:
            continue
        page = effect(case.world, [Intent("page.observe")]).deeds[0].result.data
        allowed = {str(p.args.get("target")) for a in (*case.expect.any_of, *case.expect.ahead) for p in a}
        roles = {"el.click": ("button", "link", "checkbox"), "el.type": ("textbox",), "el.select": ("combobox",)}
        for node in page.get("nodes", ()):
            if node["role"] in roles[intent.action] and node["id"] not in allowed and not _same(case, intent, node):
                yield from each_replaced(case, place, [Intent(intent.action, {**intent.args, "target": node["id"]})])


def _same(case: Case, intent: Intent, node: Json) -> bool:
    """Whether another link or button leads to the same page as an accepted answer does."""
    done = effect(case.world, [Intent(intent.action, {**intent.args, "target": node["id"]})])
    good = [effect(case.world, [Intent(p.action, dict(p.args)) for p in a]).changed for a in case.expect.any_of]
    return done.changed in good


@near_miss
def denied(case: Case) -> Iterator[Rounds]:
    """What is claimed turned into its opposite, with every word of it still there."""
    claims = [p.args.get("text") for a in case.expect.any_of for p in a if p.action == "say"]
    # Words that are only looked for say nothing about what is said with them.
    stated = speaks(case) and all(isinstance(text, dict) and "$claims" in text for text in claims)
    if stated and len(gold(case)) == 1:
        words = str(gold(case)[0].args["text"])
        # What stands after a semicolon is not denied by what stands before.
        if not words.rstrip().endswith("?") and ";" not in words:
            for turned in (f"It is false that: {words}", f"That did not work, so it is not true that {words}"):
                yield from one_round(case, Intent("say", {"text": shaped(turned, case.instructions)}))


@near_miss
def echoed(case: Case) -> Iterator[Rounds]:
    """A shell that prints the file's words itself, or another file, instead of reading it."""
    for place, intent in enumerate(gold(case)):
        text = str(case.world.files.get(str(intent.args.get("path", "")), ""))
        if intent.action == "fs.read" and _one_way(case) and text and "'" not in text:
            tried = [ways.shell(f"echo '{text}'"), ways.shell(f"wc -l {ways.named(case.world, intent.args['path'])}")]
            yield from each_replaced(case, place, tried)
