"""Perturb one agent decision in every part of its trajectory and measure what each change costs.

Everything that a user of the library writes is imported from here: ``from perturb import operator, Section``.
Names are looked up when they are first used, so importing the package has no side effect and loads nothing.

>>> import perturb
>>> perturb.Intent("fs.read", {"path": "/code/a.py"}).action
'fs.read'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

# Where each public name lives. `tests/architecture` keeps it equal to what type checkers are told below.
_HOMES = {
    "perturb.core.registry": "agent check model_format operator protocol scaffold scorer Operator",
    "perturb.core.values": (
        "Answer Call Case Expect Failure Instruction Intent Param Pattern Reply Request Response Result Rewrite "
        "Section Surface TextEdit Tool Turn Undecodable Unparsed World"
    ),
    "perturb.core.scaffold": "Protocol Scaffold",
    "perturb.core.format": "BrokenError Format TemplateError",
    "perturb.formats.parts": "as_text blocks by_schema expect json_call json_value plain splitter until",
    "perturb.formats.rendering": "by_template",
    "perturb.core.draw": "Draw",
    "perturb.core.errors": "EngineError UnrepresentableError UserError",
    "perturb.core.rewrite": "rewritten",
    "perturb.core.actions": "fields",
    "perturb.toolbox.codecs": "absolute",
    "perturb.world.execute": "execute",
    "perturb.trajectories.patterns": "ideal_args",
    "perturb.scaffolding.binding": "bind expressible",
    "perturb.scaffolding.render": "bullets prompt_text render stated word",
    "perturb.scaffolding.wording": "numbered relative snapshot streams",
    "perturb.scaffolding.wording_defaults": "worded",
    "perturb.scaffolds.pieces": "editor_block environment_lines joined memory_block meta optional param rule",
    "perturb.judging.ideal": "answer_with ideal intents_of understand",
    "perturb.judging.scoring": "Score Unscored Verdict score",
    "perturb.recordings.registry": "exporter importer",
    "perturb.recordings.values": "LeftOut Message Recording ToolCall",
    "perturb.campaign.decision": "Decision",
    "perturb.campaign.naming": "item_of",
    "perturb.campaign.reward": "reward trl_reward",
    "perturb.testing.assertions": (
        "Campaign ModelFailure assert_call_rate assert_calls assert_correct assert_no_drop assert_robust assert_unhurt"
    ),
    "perturb.search.speculation": "batched",
    "perturb.notebook.runs": "Compared Run choose compare load_run run",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME_OF)  # the table above is the list

if TYPE_CHECKING:
    from perturb import strategies as strategies
    from perturb.campaign.decision import Decision as Decision
    from perturb.campaign.naming import item_of as item_of
    from perturb.campaign.reward import reward as reward
    from perturb.campaign.reward import trl_reward as trl_reward
    from perturb.core.actions import fields as fields
    from perturb.core.draw import Draw as Draw
    from perturb.core.errors import EngineError as EngineError
    from perturb.core.errors import UnrepresentableError as UnrepresentableError
    from perturb.core.errors import UserError as UserError
    from perturb.core.format import BrokenError as BrokenError
    from perturb.core.format import Format as Format
    from perturb.core.format import TemplateError as TemplateError
    from perturb.core.registry import Operator as Operator
    from perturb.core.registry import agent as agent
    from perturb.core.registry import check as check
    from perturb.core.registry import model_format as model_format
    from perturb.core.registry import operator as operator
    from perturb.core.registry import protocol as protocol
    from perturb.core.registry import scaffold as scaffold
    from perturb.core.registry import scorer as scorer
    from perturb.core.rewrite import rewritten as rewritten
    from perturb.core.scaffold import Protocol as Protocol
    from perturb.core.scaffold import Scaffold as Scaffold
    from perturb.core.values import Answer as Answer
    from perturb.core.values import Call as Call
    from perturb.core.values import Case as Case
    from perturb.core.values import Expect as Expect
    from perturb.core.values import Failure as Failure
    from perturb.core.values import Instruction as Instruction
    from perturb.core.values import Intent as Intent
    from perturb.core.values import Param as Param
    from perturb.core.values import Pattern as Pattern
    from perturb.core.values import Reply as Reply
    from perturb.core.values import Request as Request
    from perturb.core.values import Response as Response
    from perturb.core.values import Result as Result
    from perturb.core.values import Rewrite as Rewrite
    from perturb.core.values import Section as Section
    from perturb.core.values import Surface as Surface
    from perturb.core.values import TextEdit as TextEdit
    from perturb.core.values import Tool as Tool
    from perturb.core.values import Turn as Turn
    from perturb.core.values import Undecodable as Undecodable
    from perturb.core.values import Unparsed as Unparsed
    from perturb.core.values import World as World
    from perturb.formats.parts import as_text as as_text
    from perturb.formats.parts import blocks as blocks
    from perturb.formats.parts import by_schema as by_schema
    from perturb.formats.parts import expect as expect
    from perturb.formats.parts import json_call as json_call
    from perturb.formats.parts import json_value as json_value
    from perturb.formats.parts import plain as plain
    from perturb.formats.parts import splitter as splitter
    from perturb.formats.parts import until as until
    from perturb.formats.rendering import by_template as by_template
    from perturb.judging.ideal import answer_with as answer_with
    from perturb.judging.ideal import ideal as ideal
    from perturb.judging.ideal import intents_of as intents_of
    from perturb.judging.ideal import understand as understand
    from perturb.judging.scoring import Score as Score
    from perturb.judging.scoring import Unscored as Unscored
    from perturb.judging.scoring import Verdict as Verdict
    from perturb.judging.scoring import score as score
    from perturb.notebook.runs import Compared as Compared
    from perturb.notebook.runs import Run as Run
    from perturb.notebook.runs import choose as choose
    from perturb.notebook.runs import compare as compare
    from perturb.notebook.runs import load_run as load_run
    from perturb.notebook.runs import run as run
    from perturb.recordings.registry import exporter as exporter
    from perturb.recordings.registry import importer as importer
    from perturb.recordings.values import LeftOut as LeftOut
    from perturb.recordings.values import Message as Message
    from perturb.recordings.values import Recording as Recording
    from perturb.recordings.values import ToolCall as ToolCall
    from perturb.scaffolding.binding import bind as bind
    from perturb.scaffolding.binding import expressible as expressible
    from perturb.scaffolding.render import bullets as bullets
    from perturb.scaffolding.render import prompt_text as prompt_text
    from perturb.scaffolding.render import render as render
    from perturb.scaffolding.render import stated as stated
    from perturb.scaffolding.render import word as word
    from perturb.scaffolding.wording import numbered as numbered
    from perturb.scaffolding.wording import relative as relative
    from perturb.scaffolding.wording import snapshot as snapshot
    from perturb.scaffolding.wording import streams as streams
    from perturb.scaffolding.wording_defaults import worded as worded
    from perturb.scaffolds.pieces import editor_block as editor_block
    from perturb.scaffolds.pieces import environment_lines as environment_lines
    from perturb.scaffolds.pieces import joined as joined
    from perturb.scaffolds.pieces import memory_block as memory_block
    from perturb.scaffolds.pieces import meta as meta
    from perturb.scaffolds.pieces import optional as optional
    from perturb.scaffolds.pieces import param as param
    from perturb.scaffolds.pieces import rule as rule
    from perturb.search.speculation import batched as batched
    from perturb.testing.assertions import Campaign as Campaign
    from perturb.testing.assertions import ModelFailure as ModelFailure
    from perturb.testing.assertions import assert_call_rate as assert_call_rate
    from perturb.testing.assertions import assert_calls as assert_calls
    from perturb.testing.assertions import assert_correct as assert_correct
    from perturb.testing.assertions import assert_no_drop as assert_no_drop
    from perturb.testing.assertions import assert_robust as assert_robust
    from perturb.testing.assertions import assert_unhurt as assert_unhurt
    from perturb.toolbox.codecs import absolute as absolute
    from perturb.trajectories.patterns import ideal_args as ideal_args
    from perturb.world.execute import execute as execute


def __getattr__(name: str) -> Any:
    """The public name, from the room it lives in."""
    if name == "strategies":
        return import_module("perturb.strategies")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'perturb' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "strategies"])
