"""One file per format that a recording is written in: a function under one decorator."""
