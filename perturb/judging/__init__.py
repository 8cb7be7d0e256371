"""What is right, and the verdict on an answer."""
