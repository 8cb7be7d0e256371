"""A real small model: SmolLM2-135M-Instruct from a package, as a checkpoint that speaks M2's format."""
