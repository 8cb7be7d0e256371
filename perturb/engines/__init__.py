"""Real engines. They know requests and responses, never cases."""
