"""A server for the conformance suite: ours, over our HTTP, with the tools, resources and prompts that the suite calls.

What each has to do stands in the suite's own descriptions of its scenarios; texts such as "Hello, ..." are looked for.
"""
