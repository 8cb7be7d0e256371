"""Estimates and tests. The unit is a pair (base, perturbed); the cluster is the fixture."""
