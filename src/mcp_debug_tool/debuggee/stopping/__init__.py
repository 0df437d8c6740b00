"""Where and why the program stops, and which of its threads stand then: breakpoints in files and templates, calls of
breakpoint() and pdb, pauses."""
