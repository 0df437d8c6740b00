"""Prompts with text, arguments, a resource and an image."""

from __future__ import annotations

from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.prompts.base import Message, UserMessage

from . import content, questions


def test_simple_prompt() -> str:
    """Nothing but text."""
    return "This is a simple prompt for testing."


def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """Text with two arguments in it."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:
    """A resource, and what to do with it."""
    return [
        UserMessage(content.embedded(resourceUri, "Embedded resource content for testing.")),
        UserMessage("Please process the embedded resource above."),
    ]


def test_prompt_with_image() -> list[Message]:
    """An image, and what to do with it."""
    return [UserMessage(content.image()), UserMessage("Please analyze the image above.")]


_PROMPTS = (
    test_simple_prompt,
    test_prompt_with_arguments,
    test_prompt_with_embedded_resource,
    test_prompt_with_image,
    questions.test_input_required_result_prompt,
)


def all_prompts() -> list[Prompt]:
    """As MCPServer takes them."""
    return [Prompt.from_function(function) for function in _PROMPTS]
