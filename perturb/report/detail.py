"""One record in full, rebuilt from its recipe: what changed, the prompt, the reply, what was expected, the verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from perturb.campaign.plan import asked_digest
from perturb.core.errors import UserError
from perturb.core.registry import SCAFFOLDS, find
from perturb.core.values import Case
from perturb.judging.ideal import ideal
from perturb.operators import recipe
from perturb.recordings.choosing import chosen_episodes
from perturb.report.difference import difference
from perturb.scaffolding.binding import bind
from perturb.scaffolding.render import prompt_text, render


def detail(record: dict[str, Any], manifest: dict[str, Any], cases: dict[str, Case] | None = None) -> dict[str, Any]:
    """Everything about `record`. Raises UserError when its fixture, operator or recipe is gone."""
    base = base_case(record, cases if cases is not None else cases_by_id(manifest))
    case = base
    if record["recipe"]:
        replayed = recipe.replayed(base, recipe.parse(record["recipe"]))
        if replayed is None:
            raise UserError(f"{record['id']}: its recipe does not apply any more")
        case = replayed
    before, after = prompt_text(base), prompt_text(case)
    response = record["response"] or {}
    return {
        "id": record["id"],
        "case": record["case"],
        "scaffold": record["scaffold"],
        "seen_in": case.scaffold,
        "recipe": record["recipe"],
        "part": record["part"],
        "relation": record["relation"],
        "stale": asked_digest(case, render(case)) != record["digest"],
        "model": manifest["model"],
        "simulated": manifest["simulated"],
        "difference": difference(before, after),
        "prompt": after,
        "reply": response.get("text", ""),
        "reply_thinking": response.get("thinking", ""),
        "reply_calls": response.get("calls"),
        "format": response.get("format", "m2"),
        "disagreement": response.get("disagreement", ""),
        "expected": expected(case),
        "meaning": record.get("meaning", ""),
        "verdict": record["verdict"],
        "failure": record["failure"],
        "unscored": record["unscored"],
        "replay": f"perturb show '{record['id']}' --run DIR",
    }


def cases_by_id(manifest: dict[str, Any]) -> dict[str, Case]:
    """The unbound cases of a run."""
    chosen = manifest["selection"]
    return {case.id: case for e in chosen_episodes(chosen["fixtures"], chosen.get("tools", "")) for case in e.cases}


def base_case(record: dict[str, Any], cases: dict[str, Case]) -> Case:
    """The bound case that a record started from."""
    unbound = find(cases, record["case"], "fixture")
    bound = bind(unbound, find(SCAFFOLDS, record["scaffold"], "scaffold"))
    if bound is None:
        raise UserError(f"{record['id']}: {record['scaffold']} cannot carry this case any more")
    return bound


def expected(case: Case) -> dict[str, Any]:
    """The expectation, and the ideal answer as it would be written."""
    answer = ideal(case)
    return {
        "any_of": [[{"action": p.action, "args": dict(p.args)} for p in a] for a in case.expect.any_of],
        "never": [{"action": p.action, "args": dict(p.args)} for p in case.expect.never],
        "rules": [{"source": r.source, "text": r.text} for r in case.instructions],
        "oracle": case.oracle,
        "notes": list(case.notes),
        "ideal": {
            "text": answer.reply.text,
            "calls": [{"tool": c.tool, "args": dict(c.args)} for c in answer.reply.calls],
        },
    }


def text(found: dict[str, Any]) -> str:
    """The same for a terminal."""
    import json

    simulated = " (simulated)" if found["simulated"] else ""
    head = [found["id"], f"model: {found['model']['name']}{simulated}"]
    if found["stale"]:
        head.append("STALE: the fixture or an operator has changed since this was recorded")
    verdict = found["verdict"]
    blocks: list[tuple[str, str]] = [("what changed", found["difference"] or "nothing (base)")]
    # Other models are given it by their own template, which only a loaded model has.
    title = "prompt" if found["format"] == "m2" else f"prompt, as M2 would be given it (asked in {found['format']})"
    blocks.append((title, found["prompt"]))
    blocks.append(("reply", found["reply"] or json.dumps(found["failure"], ensure_ascii=False)))
    if found["disagreement"]:
        blocks.append(("another reader of the same reply", found["disagreement"]))
    blocks.append(("expected", json.dumps(found["expected"], ensure_ascii=False, indent=1)))
    if found["expected"]["oracle"] != "fixture":
        blocks.append(("judged by", "\n".join(_oracle_lines(found))))
    if verdict:
        blocks.append(("verdict", "\n".join(verdict_lines(verdict))))
    if found["unscored"]:
        blocks.append(("unscored (an error of ours)", found["unscored"]))
    return "\n".join([*head, *(f"\n── {title} ──\n{body}" for title, body in blocks)])


_ORACLES = {
    "effect": "the effect of the recorded action in the world that the recording shows",
    "recorded": "the recorded action, and what certainly is the same",
    "agreement": "nothing: there is no gold, only agreement with unperturbed answers",
}


def _oracle_lines(found: dict[str, Any]) -> Iterable[str]:
    """What speaks for right and wrong in a recorded decision, and what a reader has to know of it."""
    yield _ORACLES[found["expected"]["oracle"]]
    yield from found["expected"]["notes"]
    if found["meaning"]:
        yield f"this answer comes to: {found['meaning']}"


def verdict_lines(verdict: dict[str, Any]) -> Iterable[str]:
    """A verdict in words."""
    yield f"{verdict['outcome']}: {verdict['reason'] or 'as expected'}"
    for argument in verdict["arguments"]:
        mark = "ok " if argument["right"] else "NO "
        yield f"  {mark}{argument['name']}: expected {argument['expected']!r}, got {argument['got']!r}"
    for rule in verdict["rules"]:
        yield f"  {'kept  ' if rule['kept'] else 'BROKEN'} [{rule['source']}] {rule['text']}"
    yield f"  schema valid: {'yes' if verdict['schema_valid'] else 'no'}, joint: {verdict['joint']}"
