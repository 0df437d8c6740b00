"""How the server is reached: over stdin and stdout by one agent, or over HTTP by several, each with a token."""
