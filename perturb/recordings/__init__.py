"""Other people's trajectories: found by content, read, cut into cases, written out again."""
