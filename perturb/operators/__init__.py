"""Perturbation operators, a file per trajectory part. Each is one small function over (case, draw).

Ids in brackets (T03, E14, …) are those of the taxonomy in ``docs`` of the project's design: T tools, S system,
U user, E environment, R thinking, O results, H history, F scaffold.
"""
