"""Trajectories in: fixtures, and the importers of other projects' records."""
