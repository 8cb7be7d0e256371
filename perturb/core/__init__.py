"""The values that everything passes around, and what everything may use: errors, draws, files, registries."""
