"""Perturb one agent decision in every part of its trajectory and measure what each change costs.

Importing this package has no side effect and loads nothing heavy; built-in operators, scaffolds, scorers
and agents are registered by :func:`perturb.core.registry.load_builtin`.
"""

__version__ = "0.1.0"
