"""Training data that the suite itself proves: generated decisions, perturbed, each with an answer that scores 1."""
