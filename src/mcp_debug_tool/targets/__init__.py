"""How a debuggee comes to be and is reached: one file a way, and no target imports another."""
