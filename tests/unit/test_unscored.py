"""What only a real machine could decide is not scored; what is wrong whatever that machine does is wrong."""

from __future__ import annotations

import pytest

from perturb.campaign.naming import item_of
from perturb.core.values import Call, Reply
from perturb.judging.ideal import spoken
from perturb.judging.scoring import score

RIGHT_EDIT = "sed -i 's/RETRIES = 3/RETRIES = 5/' src/retry.py"


def outcome(decision: str, command: str) -> str:
    case = item_of(f"{decision}/claude_code_like").case
    return score(case, spoken(case, Reply("", "", (Call("Bash", {"command": command}),)))).outcome


@pytest.mark.parametrize(
    ("decision", "command"),
    [
        ("cli-retry-budget@2", "perl -pi -e 's/RETRIES = 3/RETRIES = 5/' src/retry.py"),
        ("cli-retry-budget@2", "python3 -c \"import fileinput\nfor l in fileinput.input('src/retry.py'): print(l)\""),
        ("cli-retry-budget@2", f"{RIGHT_EDIT} && black src/retry.py"),
        ("cli-rust-todo@4", "cargo clippy"),
        ("cli-log-level@3", "make -n check"),
        ("cli-log-level@2", "yq -i '.root.level = \"WARNING\"' config/logging.yaml"),
    ],
)
def test_what_the_emulation_lacks_is_undecided(decision: str, command: str) -> None:
    assert outcome(decision, command) == "undecided"


@pytest.mark.parametrize(
    ("decision", "command", "expected"),
    [
        ("cli-retry-budget@2", "perl -pi -e 's/True/False/' src/send.py", "wrong_tool"),
        ("cli-retry-budget@2", f"{RIGHT_EDIT}; touch notes.txt; perl -v", "extra_side_effect"),
        ("cli-retry-budget@2", f"{RIGHT_EDIT}; rm nothing.txt", "extra_side_effect"),
        ("cli-retry-budget@2", f"{RIGHT_EDIT}; str_replace src/retry.py", "extra_side_effect"),
        ("cli-retry-budget@2", "python3 -c \"open('src/retry').read()\"", "wrong_tool"),
        ("cli-timeout-budget@4", "make tiles ONLY=7", "wrong_argument"),
        ("cli-rust-todo@4", "cargo test label", "wrong_argument"),
        ("cli-rust-todo@4", "cargo tset", "wrong_argument"),
    ],
)
def test_what_is_wrong_on_any_machine_is_wrong(decision: str, command: str, expected: str) -> None:
    assert outcome(decision, command) == expected
