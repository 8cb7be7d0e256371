"""Emulated agent scaffolds, one file each.

Names, schema keys, wrappers and limits follow what the products document or show; every sentence is our own. The
emulations are named ``<product>_like``, are not affiliated with any product and copy no prompt text.
"""
