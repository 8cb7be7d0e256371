"""A campaign from Python: choose, run, tables as data frames, compare; your own agent is a function."""
