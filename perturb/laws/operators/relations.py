"""The declared relation is the actual one: the same answer, the rewritten answer, or another that is stated."""

from __future__ import annotations

import re
from dataclasses import fields
from urllib.parse import quote

from perturb.core.canonical import canonical
from perturb.core.errors import UnrepresentableError
from perturb.core.rewrite import rewrite_value, rewritten
from perturb.core.values import Answer, Call, Case, Pattern, Reply, Rewrite
from perturb.judging.ideal import answer_with, ideal, intents_of, spoken, understand
from perturb.judging.scoring import judge, score
from perturb.laws.operators.applied import Applied, bare, request_text, token
from perturb.laws.operators.law import law
from perturb.operators import recipe
from perturb.scaffolding.binding import pattern_expressible
from perturb.scaffolding.render import prompt_text

# What has nothing to do with any task, and what people say when they have not done theirs.
_IDLE = (
    "Lighthouses bend light into a beam that is seen far out at sea.",
    "Okay.",
    "The weather is fine and it may stay like that.",
    "Everything is going well so far.",
    "What is your favourite colour?",
)


@law("replay")
def same_again(applied: Applied) -> str | None:
    """Same choices, same case, whatever the global random state; the recipe's text parses back."""
    for again, _ in applied.again:
        if again is None or canonical(again) != canonical(applied.out):
            return "the same choices gave another case"
    step = (recipe.Step(applied.operator.name, applied.choices),)
    parsed = recipe.parse(recipe.text(step), known=False)
    return None if parsed == step else "its recipe does not parse back"


@law("purity")
def seeds_nothing(applied: Applied) -> str | None:
    """The global generator is nobody's to set."""
    (_, one), (_, two) = applied.again
    return "it sets the global random generator" if one == two else None


@law("delivered")
def delivered(applied: Applied) -> str | None:
    """The case differs and the rendered request does."""
    if canonical(bare(applied.out)) == canonical(bare(applied.case)):
        return "the case is unchanged"
    return "the request is unchanged" if prompt_text(applied.out) == prompt_text(applied.case) else None


@law("relation")
def relation(applied: Applied) -> str | None:
    """Invariant: what is right stays. Equivariant: it is rewritten. Directional: yesterday's answer fails today."""
    kind, grew = applied.operator.relation, bool(applied.fresh)
    if kind == "directional":
        return _directional(applied.case, applied.out)
    if kind == "equivariant" and not grew:
        return "declares a rewrite and made none"
    if kind == "invariant" and grew:
        return "a rewrite in an invariant operator"
    wanted, found = applied.before.expect, applied.out.expect
    same = wanted.any_of[0] == found.any_of[0] if found.any_of else False
    if (
        not same
        or wanted.never != found.never
        or not set(map(canonical, found.any_of)) <= set(map(canonical, wanted.any_of))
    ):
        return "the expectation changed" if kind == "invariant" else "the expectation is not the rewritten one"
    return None


def _directional(case: Case, out: Case) -> str | None:
    """What was meant yesterday, in yesterday's words, called as it is called today."""
    for meant in (_as_written, _as_meant):
        try:
            if judge(out, meant(case, out)).joint:
                return "yesterday's answer still scores 1"
        except UnrepresentableError:
            continue
    return None


def _as_written(case: Case, out: Case) -> Answer:
    return understand(out, ideal(case).reply)


def _as_meant(case: Case, out: Case) -> Answer:
    return answer_with(out, intents_of(case, case.expect.any_of[0]), case.expect.text, case.instructions)


@law("alternatives kept")
def alternatives(applied: Applied) -> str | None:
    """What was right in another way, or a step ahead, is still right and can still be said."""
    if applied.operator.relation == "directional":
        return None
    before, out = applied.before, applied.out
    wanted, found = before.expect, out.expect
    if wanted.any_of != found.any_of:
        return f"{len(wanted.any_of)} alternatives were right, now other ones or in another order: {len(found.any_of)}"
    if wanted.ahead != found.ahead:
        return "the steps ahead are not those that were"
    if (wanted.text, wanted.thinking) != (found.text, found.thinking):
        return "the words beside the answer are not those that were"
    if applied.operator.part == "scaffold":
        # Another scaffold need not be able to say every alternative: they also say which world is right.
        return None
    return _unsayable(before, out, [*found.any_of, *found.ahead])


def _unsayable(before: Case, out: Case, ways: list[tuple[Pattern, ...]]) -> str | None:
    for pattern in (pattern for several in ways for pattern in several):
        was = pattern_expressible(before.tools, pattern, before.world)
        if was and not pattern_expressible(out.tools, pattern, out.world):
            return f"no tool can say it any more: {pattern.action}"
    return None


@law("equivariance is whole")
def only_rewritten(applied: Applied) -> str | None:
    """`out` is the rewritten case and nothing else."""
    if applied.operator.relation != "equivariant":
        return None
    wanted, found = bare(applied.before), bare(applied.out)
    other = [f.name for f in fields(Case) if getattr(wanted, f.name) != getattr(found, f.name)]
    return f"it is not the rewritten case: {', '.join(other)}" if other else None


@law("equivariance is whole")
def fresh_and_injective(applied: Applied) -> str | None:
    """New names were used for nothing before, and no two things get the same: the way back leads back."""
    case = applied.case
    for rewrite in applied.fresh:
        old, new = [a for a, _ in rewrite.pairs], [b for _, b in rewrite.pairs]
        if len(set(new)) < len(new) or len(set(old)) < len(old) or not all(old) or not all(new):
            return f"two names become one: {rewrite.pairs}"
        held = canonical(bare(case)).decode()
        taken = next((name for name in new if name not in old and token(name).search(held)), None)
        if taken is not None:
            return f"the new name {taken!r} is taken already"
        if rewrite_value(rewrite_value(_body(case), rewrite), Rewrite(tuple(zip(new, old, strict=True)))) != _body(
            case
        ):
            return f"the way back does not lead back: {rewrite.pairs}"
        case = rewritten(case, rewrite)
    return None


def _body(case: Case) -> tuple[object, ...]:
    return (case.system, case.world, case.turns, case.instructions, case.expect)


@law("equivariance is whole")
def no_old_name(applied: Applied) -> str | None:
    """The old names show nowhere: not in tools, URLs, arguments, history or thoughts, quoted or in capitals."""
    for old, new in (pair for rewrite in applied.fresh for pair in rewrite.pairs):
        # A name that goes on inside its new one is not seen apart.
        if old in new or any(old == other for rewrite in applied.fresh for _, other in rewrite.pairs):
            continue
        for spelled in {old, quote(old), quote(old, safe=""), quote(old.replace(" ", "+"), safe="+")}:
            found = token(spelled).search(applied.said)
            if found:
                around = applied.said[max(0, found.start() - 30) : found.end() + 20]
                return f"the old name {spelled!r} still shows: {around!r}"
        folded = re.search(token(old).pattern, applied.said, re.IGNORECASE)
        if (
            folded
            and len(old) > 3
            and not re.search(token(folded[0]).pattern, request_text(applied.case).replace(old, ""))
        ):
            return f"the old name still shows as {folded[0]!r}"
    return None


@law("oracle")
def oracle(applied: Applied) -> str | None:
    """The ideal answer, spoken and parsed again, scores 1."""
    out = applied.out
    verdict = score(out, spoken(out, ideal(out).reply))
    if verdict.joint:
        return None
    broken = [rule.text for rule in verdict.rules if not rule.kept]
    return f"the ideal answer scores 0: {verdict.outcome} {verdict.reason} {broken}"


@law("irrelevant words")
def irrelevant_words(applied: Applied) -> str | None:
    """Words that have nothing to do with the matter, made to keep every rule, score 0 unless they did before.

    So do silence and a call of a tool that is not there. Where what is right is as it was, so is what scores.
    """
    if applied.out.expect == applied.before.expect:
        return None
    for reply in (Reply(), Reply("", "", (Call("no_such_tool", {"x": 1}),))):
        if judge(applied.out, understand(applied.out, reply)).joint:
            return f"{reply} scores 1"
    for text in _IDLE:
        try:
            said = answer_with(applied.out, (), text, applied.out.instructions)
        except UnrepresentableError:
            continue
        if judge(applied.out, said).joint and not judge(applied.case, said).joint:
            return f"{said.reply.text[:80]!r} scores 1"
    return None
