"""Emulated scaffolds: cli. Independent emulations in our own words; no affiliation with any product."""
