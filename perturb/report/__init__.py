"""What a person sees of a run: a terminal table, one HTML page, one record in full."""
