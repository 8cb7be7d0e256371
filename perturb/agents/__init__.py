"""Simulated agents that ship with the product: a perfect one, an empty one, and some with one known defect.

They exist to test the suite: `perfect` must score 1.0 everywhere, and each defect must show in its own part and
in no other. What they answer is simulated and is labelled so in every report.
"""
