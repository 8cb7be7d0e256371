"""Command lines read, not run: what a line of bash means to do, through a grammar (tree-sitter's) and no shell."""
