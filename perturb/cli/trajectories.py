"""``perturb export`` of conversations: recordings as they are, decisions with and without perturbation, a line each."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from perturb.campaign.folder import read_manifest
from perturb.campaign.plan import Item, Selection, base_items, bound_cases, plan, selection_of
from perturb.cli import output
from perturb.core.errors import UnrepresentableError, UserError
from perturb.core.files import writing
from perturb.core.reading import is_file, is_folder
from perturb.core.registry import PROTOCOLS
from perturb.core.values import Reply
from perturb.judging.ideal import ideal
from perturb.recordings.chat import messages_of
from perturb.recordings.fields import UnreadableError
from perturb.recordings.finding import importer_of
from perturb.recordings.registry import EXPORTERS
from perturb.recordings.tool_lists import tool_specs
from perturb.recordings.values import LeftOut, Recording


def main(options: argparse.Namespace) -> int:
    """Write one file; say how many conversations it holds and which were left out. Raises UserError for none."""
    output.register(options.load)
    export, made, left_out = EXPORTERS[options.format], 0, 0
    samples = []
    with writing(Path(options.out)) as write:
        for found in _conversations(options):
            try:
                row = export(found) if isinstance(found, Recording) else None
            except UnreadableError as error:
                found, row = LeftOut(found.where, str(error)), None
            if isinstance(found, LeftOut):
                left_out += 1
                output.say(output.printable(f"left out: {found.where}: {found.reason}"))
            elif options.format == "inspect":
                samples.append(row)
            else:
                write(orjson.dumps(row) + b"\n")
            made += row is not None
        if not made:
            raise UserError(f"{options.dir}: holds no conversation that can be exported")
        if options.format == "inspect":
            write(orjson.dumps(_log(options.dir, samples), option=orjson.OPT_INDENT_2))
    output.say(f"{options.out}: {made:,} trajectories as {options.format}, {left_out:,} left out")
    return 0


def _conversations(options: argparse.Namespace) -> Iterator[Recording | LeftOut]:
    """Those of a file of recordings; of everything else, and where operators or scaffolds are named, the decisions'."""
    source = Path(options.dir)
    recorded = is_file(source) and importer_of(source).name not in ("fixture", "cases", "bfcl")
    if recorded and not options.operator and not options.scaffold:
        for number, found in enumerate(importer_of(source).read(source), 1):
            if isinstance(found, Recording):
                yield replace(found, id=found.id or f"{source.stem}-{number}")
            elif isinstance(found, LeftOut):
                yield found
        return
    for item in _items(options, source, ("recorded",) if recorded else ()):
        yield _decision(item)


def _items(options: argparse.Namespace, source: Path, scaffolds: tuple[str, ...]) -> Iterator[Item]:
    """The decisions of a run; of fixtures, those that operators make, or as they are where none is named."""
    if is_folder(source) and (source / "manifest.json").exists():
        yield from plan(selection_of(read_manifest(source)))
        return
    chosen = Selection(tuple(options.scaffold) or scaffolds, tuple(options.operator), (options.dir,), seed=options.seed)
    if options.operator:
        yield from plan(chosen)
    else:
        yield from (item for case in bound_cases(chosen) for item in base_items(case, 1))


def _decision(item: Item) -> Recording | LeftOut:
    """What the model is asked, and the right answer where one is known: that alone is to be trained on."""
    about = {"id": item.id, "base": item.base_id, "part": item.part, "relation": item.relation, "recipe": item.recipe}
    messages = [dict(message) for message in item.request.messages]
    try:
        messages += [_message(item, ideal(item.case).reply)] if item.case.expect.any_of else []
        read, tools = messages_of(messages), tool_specs(list(item.request.tools))
    except (UnrepresentableError, UnreadableError) as error:
        return LeftOut(item.id, str(error))
    known = bool(item.case.expect.any_of)
    rest: dict[str, Any] = {"about": about, "train": "last", "retention": item.request.retention}
    return Recording(item.id, "", read, tools, item.id, item.case.scaffold, None if known else False, rest)


def _message(item: Item, reply: Reply) -> dict[str, Any]:
    """The right answer as a message; where calls are written as text, as that text."""
    protocol = PROTOCOLS[item.case.surface.protocol]
    said = {"role": "assistant", "content": reply.text if protocol.native else protocol.emit(reply)}
    thought = {"reasoning_content": reply.thinking} if reply.thinking else {}
    functions = [{"function": {"name": call.tool, "arguments": dict(call.args)}} for call in reply.calls]
    return {**said, **thought, **({"tool_calls": functions} if functions and protocol.native else {})}


def _log(source: str, samples: list[Any]) -> dict[str, Any]:
    """An eval log of Inspect AI (version 2) that holds the samples and no scores."""
    about = {"created": "1970-01-01T00:00:00+00:00", "task": "perturb", "model": "none/none", "config": {}}
    dataset = {"name": source, "samples": len(samples)}
    return {"version": 2, "status": "success", "eval": {**about, "dataset": dataset}, "samples": samples}
