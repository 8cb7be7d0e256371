"""Answers that the judge must take (`equivalent`) or must not (`near_miss`), made from every decision's own gold.

A generator is one function, ``case -> replies of the rounds of one decision, again and again``.
"""
