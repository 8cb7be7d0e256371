"""What a test says to an Allure report: labels by what it covers, attachments by how it ended.

Everything attached is text, JSON or our own SVG, with control characters spelled out; names, titles, parameters and
links are made from names of this project and hold no model text. Only what hurt is attached in full: thousands of
passing decisions cost a line each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from perturb.campaign.decision import Decision
from perturb.campaign.plan import Item
from perturb.core.plain import clipped
from perturb.core.values import Unparsed
from perturb.report.detail import expected
from perturb.report.difference import difference
from perturb.scaffolding.parsing import parse
from perturb.scaffolding.render import prompt_text
from perturb.testing.assertions import explained, verdict_lines_of

# Failures of an aggregated test that are attached in full.
SHOWN = 5
# Where `perturb allure` puts the operators' documentation, relative to the report.
DOCUMENTATION = "operators.html#"


def label(items: Sequence[Item], model: str) -> None:
    """Say what the test is about, before it runs: an engine that fails must not make it nameless."""
    import allure

    parts, operators, scaffolds = (
        sorted(set(names))
        for names in ([i.part for i in items], [i.operator for i in items], [i.base.scaffold for i in items])
    )
    dynamic: Any = allure.dynamic
    dynamic.epic(parts[0] if len(parts) == 1 else "several parts")
    dynamic.feature(operators[0] if len(operators) == 1 else "several operators")
    dynamic.story(scaffolds[0] if len(scaffolds) == 1 else "several scaffolds")
    dynamic.parameter("model", model)
    if len(operators) == 1:
        dynamic.link(DOCUMENTATION + operators[0], name=f"what {operators[0]} does")
    for tag in sorted({i.relation for i in items} | {i.base.family for i in items}):
        dynamic.tag(tag)
    hidden = allure.parameter_mode.HIDDEN
    if len(items) == 1:
        # The recipe's choices depend on the seed, so they are no part of the test's history.
        dynamic.parameter("perturb_decision", items[0].recipe, excluded=True)
        dynamic.parameter("case", items[0].base.id)
        dynamic.parameter("operator", operators[0])
        dynamic.parameter("sample", items[0].sample)
        dynamic.parameter("scaffold", scaffolds[0])
    elif len(operators) == len(scaffolds) == 1:
        dynamic.parameter("perturb_cell", "", excluded=True, mode=hidden)
        dynamic.parameter("operator", operators[0])
        dynamic.parameter("scaffold", scaffolds[0])


def title(items: Sequence[Item]) -> str:
    """A name for a person: what was done to what, where."""
    first = items[0]
    if len(items) == 1:
        return f"{first.operator} · {first.base.id} · {first.base.scaffold}"
    if len({(i.operator, i.base.scaffold) for i in items}) == 1:
        return f"{first.operator} in {first.base.scaffold}: {len(items)} decisions"
    return f"{len(items)} decisions"


def tell(decisions: Sequence[Decision]) -> None:
    """Say how the test ended: severity from the measured effect, and everything about what was wrong."""
    import allure

    if not decisions:
        return
    dynamic: Any = allure.dynamic
    dynamic.title(title([d.perturbed.item for d in decisions]))
    drop = sum(d.base.verdict.joint - d.perturbed.verdict.joint for d in decisions) / len(decisions)
    dynamic.severity(severity(drop))
    outcomes = {d.perturbed.outcome for d in decisions if not d.perturbed.verdict.joint}
    if outcomes:
        dynamic.label("outcome", outcomes.pop() if len(outcomes) == 1 else "several")
    for decision in [d for d in decisions if not d.perturbed.verdict.joint][:SHOWN]:
        if len(decisions) == 1:
            _attach(decision)
        else:
            with allure.step(decision.perturbed.item.id):
                _attach(decision)
    if len(decisions) > 1:
        lines = [explained(d).splitlines()[0] for d in decisions if d.hurt]
        allure.attach("\n".join(lines) or "none", "hurt decisions.txt", allure.attachment_type.TEXT)


def severity(drop: float) -> Any:
    """From the measured drop of the joint: half of all or more is a blocker, none is trivial."""
    from allure import severity_level

    steps = ((0.5, severity_level.BLOCKER), (0.2, severity_level.CRITICAL), (0.05, severity_level.NORMAL))
    found = next((level for least, level in steps if drop >= least), None)
    return found or (severity_level.MINOR if drop > 0 else severity_level.TRIVIAL)


def _attach(decision: Decision) -> None:
    import allure

    item, response = decision.perturbed.item, decision.perturbed.response
    text, data = allure.attachment_type.TEXT, allure.attachment_type.JSON
    changed = difference(prompt_text(item.base), prompt_text(item.case)) or "nothing: this is the base"
    reply = parse(response, item.case)
    calls = reply.detail if isinstance(reply, Unparsed) else [{"tool": c.tool, "args": c.args} for c in reply.calls]
    shown = (
        ("base → perturbed.diff.txt", changed, text),
        ("prompt.txt", prompt_text(item.case), text),
        ("raw reply.txt", "\n".join(part for part in (response.thinking, response.text) if part), text),
        ("parsed calls.json", _json(calls), data),
        ("expected.json", _json(expected(item.case)), data),
        ("verdict.txt", "\n".join(verdict_lines_of(decision.perturbed.verdict)), text),
        ("record.json", _json({"id": item.id, "recipe": item.recipe, "replay": decision.replay}), data),
    )
    for name, body, kind in shown:
        allure.attach(clipped(body), name, kind)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
