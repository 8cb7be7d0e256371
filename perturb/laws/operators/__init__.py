"""The laws of operators, a file a subject; importing a file registers its laws.

A law is one small function: it looks at one application of one operator (see `applied`) and says what is wrong with
it, or nothing. ``overall`` laws look at all applications of one operator together.
"""
