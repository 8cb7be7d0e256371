"""Smaller failing recipes, batched property tests, fuzzing sessions."""
