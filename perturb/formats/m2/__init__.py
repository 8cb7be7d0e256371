"""MiniMax-M2's wire format: its prompt text, its raw replies, and a small checkpoint of its architecture."""
