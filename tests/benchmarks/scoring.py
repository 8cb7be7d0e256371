"""How many answers are judged a second on one core, effect included: the ideal ones, and those of other agents."""

from __future__ import annotations

import time

from perturb.campaign.plan import Selection, bound_cases
from perturb.core.registry import AGENTS, load_builtin
from perturb.core.values import Case, Response
from perturb.judging.ideal import spoken
from perturb.judging.scoring import score


def rate(answers: list[tuple[Case, Response]]) -> float:
    """Answers a second of processor time."""
    start = time.process_time()
    for case, response in answers:
        score(case, response)
    return len(answers) / (time.process_time() - start)


def main() -> None:
    """Print the rates: native calls, shell-only and other text protocols, and answers in other ways than the gold's."""
    every = list(bound_cases(Selection()))
    native = [case for case in every if case.surface.protocol == "native"]
    rows = [
        ("perfect, native calls", "perfect", native),
        ("perfect, text protocols", "perfect", [c for c in every if c.surface.protocol != "native"]),
        ("whole files, native calls", "writes_whole_files", native),
        ("by shell, native calls", "shell_minded", native),
        ("next line edited, native calls", "edits_the_neighbour", native),
    ]
    for title, name, cases in rows:
        answers = [(case, spoken(case, AGENTS[name].answer(case, case).reply)) for case in cases]
        rates = sorted(rate(answers) for _ in range(3))
        print(f"scoring: {title}: {len(answers)} answers, {rates[1]:,.0f} a second and core (median of 3)")


if __name__ == "__main__":
    load_builtin()
    main()
