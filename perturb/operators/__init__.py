"""Perturbation operators, a file per trajectory part. Each is one small function over (case, draw).

Ids in brackets (T03, E14, …) name entries of the operator taxonomy the project keeps: T tools, S system, U user,
E environment, R thinking, O results, H history, F scaffold.
"""
