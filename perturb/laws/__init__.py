"""The laws of the suite, held against everything registered: a new operator or scaffold gets them for free.

Each law is a function that yields breaches. ``perturb check`` and the test suite run the same ones.
"""
