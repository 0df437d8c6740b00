"""What the agent may do: one file a family, each function one tool whose docstring is its description."""
