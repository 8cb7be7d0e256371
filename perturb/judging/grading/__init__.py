"""What "the same" means, kind by kind: a path, a command, a date, a call …; one file per family of kinds.

A new kind is one function under :func:`perturb.judging.grading.kinds.kind`. Nothing here asks a model, and everything
that is judged is outside data.
"""
