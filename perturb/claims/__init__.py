"""What is said, checked without a model: claims that a message must state, one small function a kind.

A claim is data, ``{"number": 64, "of": ["price"]}``. It is stated, it is not, or it cannot be decided.
"""
