"""Scorers: what a run reports beside the outcome. Built-in ones are the headline numbers."""
