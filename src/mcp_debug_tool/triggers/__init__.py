"""Requests that are sent to a program so that it stops while it answers them."""

from .request import Request
from .trigger import Response, Trigger

__all__ = ["Request", "Response", "Trigger"]
