"""Wire formats of models."""
