"""The codec between intents and what a model sees and says."""
