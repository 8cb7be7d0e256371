"""The emulated world: it executes intents and answers with structured results. Pure, total, and off the network.

Nothing from a fixture or a model runs on the host: commands, code and pages are read and answered, never executed.
"""
