"""Tests that fail, under pytest, unittest and doctest."""
