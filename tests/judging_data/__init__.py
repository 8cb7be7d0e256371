"""Labelled data for the judges: what a person says of each line."""
