"""DAP as data: bytes in, messages out; messages in, bytes out. No I/O, no clock, no event loop.

Source: the Debug Adapter Protocol specification, 1.7x. `framing` cuts the byte stream, `messages` names what is
in it, `connection` pairs requests with responses, `state` says what a session may do. DAP's camelCase ends here.
"""
