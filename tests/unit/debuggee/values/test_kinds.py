"""What is told of types and attributes runs no code of theirs."""

from __future__ import annotations

import types
from typing import NoReturn

from mcp_debug_tool.debuggee.values import kinds


class Base:
    def method(self) -> None: ...


class Sub(Base):
    pass


def test_a_type_is_named_without_the_function_around_it_and_known_by_its_package() -> None:
    class Local:
        pass

    assert kinds.name(Local) == "Local"
    assert kinds.name(Sub) == "Sub"
    assert kinds.full_name(int) == "int"
    assert kinds.full_name(Sub) == f"{__name__}.Sub"
    assert kinds.known_as(types.SimpleNamespace) == "types.SimpleNamespace"
    deep = type("Frame", (), {"__module__": "pandas.core.frame"})
    assert kinds.known_as(deep) == "pandas.Frame"


def test_a_module_that_is_no_text_is_none() -> None:
    assert kinds.module(type("Odd", (), {"__module__": 7})) == ""


def test_methods_are_found_where_they_were_written() -> None:
    assert kinds.lookup(Sub, "method") is Base.__dict__["method"]
    assert kinds.lookup(Sub, "missing") is None
    assert kinds.same_method(Sub, Base, "method")
    assert not kinds.same_method(type("Other", (Base,), {"method": None}), Base, "method")


def test_attributes_are_those_of_the_instance_alone() -> None:
    class Watched:
        def __init__(self) -> None:
            self.plain = 1

        @property
        def computed(self) -> NoReturn:
            raise AssertionError("a property ran")

        def __getattribute__(self, name: str) -> NoReturn:
            raise AssertionError("an attribute was asked for")

    watched = object.__new__(Watched)
    kinds.attributes(watched)["plain"] = 1
    assert kinds.instance_items(watched) == [("plain", 1)]


def test_a_class_that_hides_its_instances_attributes_is_not_asked() -> None:
    class Hides:
        @property
        def __dict__(self) -> NoReturn:  # type: ignore[override]
            raise AssertionError("it was asked")

    assert kinds.instance_items(Hides()) == []


def test_slots_come_in_the_order_they_were_written_in_and_with_the_names_they_have() -> None:
    class Slotted:
        __slots__ = ("__hidden", "b", "a", "unset")  # noqa: RUF023

        def __init__(self) -> None:
            self.b, self.a, self.__hidden = 1, 2, 3

    assert kinds.instance_items(Slotted()) == [("b", 1), ("a", 2), ("_Slotted__hidden", 3)]
