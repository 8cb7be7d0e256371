"""Operators whose outcome hangs on something else than the case and the draw, or that leave traces."""

from __future__ import annotations

import itertools
import os
import random
import sys
import time
import uuid
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from perturb.core.draw import Draw
from perturb.core.values import Case
from tests.laws.planted import planted
from tests.laws.planted.helpers import said, section, tools

_COUNT = itertools.count(1)
_TAGS = {"quick", "calm", "plain", "steady", "honest", "modest", "patient"}


@planted("replay", "system", alone=True)
def uses_the_global_generator(case: Case, _draw: Draw) -> Case | None:
    """A number from the global generator."""
    return section(case, "Ticket", f"Ticket number {random.randint(1000, 9999)}.")


@planted("replay", "system")
def counts_its_calls(case: Case, _draw: Draw) -> Case | None:
    """A counter that goes on from case to case."""
    return section(case, "Ticket", f"This is request number {next(_COUNT)} of the session.")


@planted("replay", "user")
def a_fresh_uuid(case: Case, _draw: Draw) -> Case | None:
    """A unique id in the message."""
    return said(case, lambda text: f"{text} (reference {uuid.uuid4()})")


@planted("replay", "tools")
def shuffles_by_itself(case: Case, _draw: Draw) -> Case | None:
    """A shuffle that does not ask the draw."""
    order = list(case.tools)
    random.shuffle(order)
    return replace(case, tools=tuple(order))


@planted("another process", "system", alone=True)
def iterates_over_a_set(case: Case, _draw: Draw) -> Case | None:
    """Words in the order of a set."""
    return section(case, "Manner", "Be " + ", ".join(_TAGS) + ".")


@planted("another process", "system")
def chooses_from_a_set(case: Case, draw: Draw) -> Case | None:
    """Options in the order of a set: the same choice is another word tomorrow."""
    return section(case, "Manner", f"Be {draw.choice(list(_TAGS))}.")


@planted("another process", "system")
def hashes_a_text(case: Case, _draw: Draw) -> Case | None:
    """Python's own hash of a text, which every process salts anew."""
    return section(case, "Desk", f"You sit at desk {hash(case.id) % 9973}.")


@planted("another process", "system")
def says_todays_date(case: Case, _draw: Draw) -> Case | None:
    """The real date in the prompt."""
    return section(case, "Calendar", f"The team meets on {date.today():%A %d %B %Y}.")


@planted("another process", "system")
def says_the_year(case: Case, _draw: Draw) -> Case | None:
    """The real year and month, which change seldom."""
    return section(case, "Footer", f"Edition of {datetime.now():%Y-%m}.")


@planted("another process", "user")
def says_the_folder(case: Case, _draw: Draw) -> Case | None:
    """The folder that the suite runs in."""
    return said(case, lambda text: f"{text} (sent from {Path.cwd()})")


@planted("another process", "system")
def says_who_runs_it(case: Case, _draw: Draw) -> Case | None:
    """The home directory of whoever runs the suite."""
    return section(case, "Owner", f"The owner's notes are in {Path.home()}/notes.")


@planted("another process", "system")
def says_the_zone(case: Case, _draw: Draw) -> Case | None:
    """The time zone of the machine."""
    return section(case, "Clock", f"Clocks show {time.strftime('%Z')} time.")


@planted("another process", "system")
def says_its_process(case: Case, _draw: Draw) -> Case | None:
    """The number of the process."""
    return section(case, "Session", f"Session {os.getpid()}.")


@planted("purity", "system", alone=True)
def mutates_the_world(case: Case, _draw: Draw) -> Case | None:
    """A file put straight into the world's dictionary."""
    case.world.files[f"{case.world.cwd}/planted.txt"] = "x"  # type: ignore[index]  # the planted bug
    return section(case, "Notes", "There are notes.")


@planted("purity", "environment")
def mutates_results(case: Case, _draw: Draw) -> Case | None:
    """A result's data changed in place."""
    for turn in case.turns:
        for result in turn.results:
            result.data["note"] = "seen"  # type: ignore[index]  # the planted bug
    return replace(case, turns=tuple(case.turns)) if any(turn.results for turn in case.turns) else None


@planted("purity", "system")
def sets_the_seed(case: Case, draw: Draw) -> Case | None:
    """Seeds the global generator so as to be reproducible."""
    random.seed(len(case.turns) + draw.choice([1, 2]))
    return section(case, "Ticket", f"Ticket number {random.randint(1000, 9999)}.")


@planted("purity", "user")
def prints_what_it_does(case: Case, _draw: Draw) -> Case | None:
    """A print left from debugging."""
    sys.stdout.write(f"rewording {case.id}\n")
    return said(case, lambda text: f"Hello. {text}")


@planted("purity", "tools")
def raises_the_recursion_limit(case: Case, _draw: Draw) -> Case | None:
    """A setting of the whole process changed for one's own purposes."""
    sys.setrecursionlimit(sys.getrecursionlimit() + 1)
    return tools(case, lambda tool: replace(tool, description=f"{tool.description} It is quick."))
