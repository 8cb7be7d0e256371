"""What a scaffold does with a case: binding, wording, rendering, parsing."""
