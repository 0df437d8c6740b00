"""Bytes both ways, over something. What goes over them is `protocol/`'s affair."""
