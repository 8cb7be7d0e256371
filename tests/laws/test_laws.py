"""Every law, over everything registered."""

from perturb.laws.check import check


def test_every_law_holds() -> None:
    assert check().breaches == []
