"""Emulated scaffolds: ide. Independent emulations in our own words; no affiliation with any product."""
