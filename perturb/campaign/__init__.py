"""A run: what is asked, by whom it is answered, and the record of it."""
