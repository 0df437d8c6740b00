"""From what a call asks for to a target and a plan: every parameter is checked here, before anything starts."""
