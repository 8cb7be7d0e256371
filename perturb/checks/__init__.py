"""Rule checkers. Each says whether an answer keeps an instruction, and how an ideal answer comes to keep it."""
