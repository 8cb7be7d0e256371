"""One file per recorded format: a function that reads it, under one decorator."""
