"""Values as one bounded line, whatever the object does; and the parts of a value."""

from __future__ import annotations

import collections
import dataclasses
import queue
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_debug_tool.debuggee import values
from mcp_debug_tool.debuggee.values import parts

describe: Callable[..., str] = values.describe
cut: Callable[[str, int], str] = values.cut
type_name: Callable[[object], str] = values.type_name

is_code: Callable[[object], bool] = values.is_code

# The least an agent may ask for; a note on what was cut needs about as much.
SHORTEST = 20


class Plain:
    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


class Raises:
    def __repr__(self) -> str:
        raise ValueError("no repr today")


class Exits:
    def __repr__(self) -> str:
        sys.exit(3)


class Interrupts:
    def __repr__(self) -> str:
        raise KeyboardInterrupt


class ReturnsNumber:
    def __repr__(self) -> str:
        return 5  # type: ignore[return-value]


class Recurses:
    def __repr__(self) -> str:
        return repr(self)


class Chatty:
    def __repr__(self) -> str:
        return "line one\nline two\r\n" * 100


class BadError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class RaisesBadError:
    def __repr__(self) -> str:
        raise BadError


class BadLength(list[int]):
    def __len__(self) -> int:
        raise RuntimeError("no length")


def no_class(value: object) -> NoReturn:
    raise RuntimeError("no class")


# As lazy proxies do it; mypy would not have it in a class statement.
HidesItsClass = type("HidesItsClass", (), {"__class__": property(no_class)})


class ManyAttributes:
    def __init__(self) -> None:
        self.__dict__.update({f"attribute_{number}": number for number in range(500)})


class Endless(list[int]):
    def __iter__(self) -> Iterator[int]:
        while True:
            yield 1


HOSTILE: list[Callable[[], object]] = [
    Raises,
    Exits,
    Interrupts,
    ReturnsNumber,
    Recurses,
    Chatty,
    RaisesBadError,
    ManyAttributes,
    Plain,
    object,
    lambda: BadLength([1]),
    lambda: Endless([1]),
]

scalars: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=300)
    | st.binary(max_size=300)
    | st.sampled_from(HOSTILE).map(lambda make: make())
    | st.integers(min_value=5000, max_value=9000).map(lambda bits: 1 << bits)
)
hashables = st.integers() | st.text(max_size=50) | st.binary(max_size=50) | st.none()
nested: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.lists(inner, max_size=6).map(tuple)
        | st.lists(inner, max_size=6).map(collections.deque)
        | st.dictionaries(hashables, inner, max_size=6)
        | st.dictionaries(hashables, inner, max_size=6).map(collections.OrderedDict)
        | st.dictionaries(st.text(max_size=20), inner, max_size=6).map(lambda attributes: Plain(**attributes))
        | st.sets(hashables, max_size=6)
        | st.frozensets(hashables, max_size=6)
    ),
    max_leaves=20,
)


class Sealed:
    """Keeps a value whose repr raises or exits away from whoever reports a failing example."""

    def __init__(self, value: object) -> None:
        self.value = value


@settings(deadline=None, max_examples=60)
@given(sealed=nested.map(Sealed), limit=st.integers(min_value=SHORTEST, max_value=300))
def test_any_value_is_one_line_within_its_limit(sealed: Sealed, limit: int) -> None:
    shown = describe(sealed.value, limit)
    assert isinstance(shown, str)
    assert len(shown) <= limit
    assert "\n" not in shown
    assert "\r" not in shown


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=200), st.integers(min_value=SHORTEST, max_value=100))
def test_a_text_is_cut_to_its_limit_and_only_when_it_must_be(text: str, limit: int) -> None:
    one_line = " ".join(text.split()) if "\n" in text or "\r" in text else text
    shown = cut(text, limit)
    assert len(shown) <= limit
    if len(one_line) <= limit:
        assert shown == one_line
    else:
        assert shown.endswith(f"({len(one_line)} chars)")


@dataclasses.dataclass
class Item:
    name: str
    price: float = 1.5
    secret: str = dataclasses.field(default="hidden", repr=False)


@dataclasses.dataclass
class Written:
    name: str

    def __repr__(self) -> str:
        return f"<item {self.name}>"


class Point(NamedTuple):
    x: int
    y: int = 2


class Slotted:
    __slots__ = ("first", "second")

    def __init__(self) -> None:
        self.first = 1


class MyList(list[int]):
    pass


class MyDict(dict[str, int]):
    def __repr__(self) -> str:
        return "mine"


def function() -> None:
    pass


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        (-3, "-3"),
        (1.5, "1.5"),
        ("it's", '"it\'s"'),
        ("two\nlines", "'two\\nlines'"),
        (b"\x00a", "b'\\x00a'"),
        ([], "[]"),
        ([1, "a", None], "[1, 'a', None]"),
        ((), "()"),
        ((1,), "(1,)"),
        ((1, 2), "(1, 2)"),
        (set(), "set()"),
        (frozenset(), "frozenset()"),
        ({1}, "{1}"),
        (frozenset({1}), "frozenset({1})"),
        ({}, "{}"),
        ({"a": [1, {"b": 2}]}, "{'a': [1, {'b': 2}]}"),
        (collections.deque([1, 2]), "deque([1, 2])"),
        (collections.OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (collections.Counter("aab"), "Counter({'a': 2, 'b': 1})"),
        (collections.defaultdict(list, a=[1]), "defaultdict({'a': [1]})"),
        (types.MappingProxyType({"a": 1}), "mappingproxy({'a': 1})"),
        (range(3), "range(0, 3)"),
        (MyList([1]), "MyList([1])"),
        (MyDict(a=1), "mine"),
        (Item("pen"), "Item(name='pen', price=1.5)"),
        (Written("pen"), "<item pen>"),
        (Point(1), "Point(x=1, y=2)"),
        (Plain(), "<Plain>"),
        (Plain(a=1, b="x"), "<Plain a=1, b='x'>"),
        (Slotted(), "<Slotted first=1>"),
        (object(), "<object>"),
        (sys, "<module sys>"),
        (int, "<class 'int'>"),
        (function, "<function function>"),
        (len, "<built-in function len>"),
        (Raises(), "<Raises: repr failed with ValueError: no repr today>"),
        (Exits(), "<Exits: repr failed with SystemExit: 3>"),
        (Interrupts(), "<Interrupts: repr failed with KeyboardInterrupt>"),
        (RaisesBadError(), "<RaisesBadError: repr failed with BadError>"),
        (ValueError("bad"), "ValueError('bad')"),
    ],
)
def test_a_value_is_shown_as_a_person_would_write_it(value: object, shown: str) -> None:
    assert describe(value) == shown


def test_a_repr_that_is_no_text_is_named() -> None:
    assert describe(ReturnsNumber()).startswith("<ReturnsNumber: repr ")


def test_an_object_is_not_asked_for_its_class() -> None:
    shown = describe(HidesItsClass())
    assert shown == "<HidesItsClass>"


def test_looking_at_a_lazy_proxy_does_not_wake_it() -> None:
    woken: list[object] = []

    def wake(self: object) -> type:
        woken.append(self)
        return int

    proxy = type("Lazy", (), {"__class__": property(wake)})()
    describe(proxy)
    type_name(proxy)
    is_code(proxy)
    parts.count(proxy)
    parts.of(proxy)
    assert woken == []


def test_an_object_whose_class_is_a_property_that_raises_is_data_without_parts() -> None:
    assert not is_code(HidesItsClass())
    assert parts.count(HidesItsClass()) == 0


def test_an_endless_recursion_in_a_repr_is_named() -> None:
    assert describe(Recurses()).startswith("<Recurses: repr failed with RecursionError")


def test_a_failure_inside_a_container_leaves_its_neighbours_shown() -> None:
    assert describe([1, Raises(), 2]) == "[1, <Raises: repr failed with ValueError: no repr today>, 2]"


def test_a_named_tuples_handwritten_repr_is_shown() -> None:
    class Money(NamedTuple):
        cents: int

        def __repr__(self) -> str:
            return f"{self.cents / 100} EUR"

    assert describe(Money(250)) == "2.5 EUR"


def test_addresses_are_left_out() -> None:
    class Bound:
        def method(self) -> None:
            pass

    shown = describe(Bound().method)
    assert "Bound.method" in shown
    assert "0x" not in shown
    assert "0x" not in describe(lambda: None)
    assert "0x" not in describe(iter([]))


def test_a_container_that_holds_itself_ends() -> None:
    circle: list[object] = [1]
    circle.append(circle)
    assert describe(circle) == "[1, […]]"
    table: dict[str, object] = {}
    table["self"] = table
    assert describe(table) == "{'self': {…}}"
    knot = Plain()
    knot.__dict__["knot"] = knot
    assert describe(knot) == "<Plain knot=…>"


def test_a_value_met_twice_is_shown_twice() -> None:
    twice = [1]
    assert describe([twice, twice]) == "[[1], [1]]"


def test_depth_is_bounded() -> None:
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    assert describe(deep) == "[[[[[…]]]]]"


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ("x" * 1_000_000, "(1,000,000 chars)"),
        (b"x" * 1_000_000, "(1,000,000 bytes)"),
        ([0] * 1_000_000, "1,000,000 in all]"),
        (tuple(range(5000)), "5,000 in all)"),
        (set(range(5000)), "5,000 in all}"),
        (dict.fromkeys(range(5000)), "5,000 in all}"),
        (1 << 100_000, "100,001 bits>"),
        (Plain(**{f"a{number}": number for number in range(300)}), "…>"),
    ],
    ids=["text", "bytes", "list", "tuple", "set", "dict", "int", "object"],
)
def test_what_is_cut_says_how_much_there_was(value: object, note: str) -> None:
    shown = describe(value)
    assert shown.endswith(note)
    assert 0 < len(shown) <= values.LINE


def test_only_the_outermost_container_spends_room_on_its_length() -> None:
    assert describe([list(range(1000))] * 2, 60).count("in all") <= 1
    assert describe([list(range(1000))], 60).endswith("…]]")


def test_a_container_is_only_walked_as_far_as_it_is_shown() -> None:
    seen: list[int] = []

    class Counts(collections.deque[int]):
        def __iter__(self) -> Iterator[int]:
            for number in super().__iter__():
                seen.append(number)
                yield number

    describe(Counts(range(100_000)))
    assert len(seen) <= 101


def test_a_container_shows_a_hundred_of_its_items_at_most() -> None:
    assert describe([0] * 5000, 16_000).count("0,") == 100


def test_a_repr_of_many_megabytes_is_cut() -> None:
    class Long:
        def __repr__(self) -> str:
            return "x" * 10_000_000

    assert len(describe(Long(), 200)) <= 200


def test_no_property_and_no_getattr_of_the_program_runs() -> None:
    class Watched:
        def __init__(self) -> None:
            self.plain = 1

        @property
        def dangerous(self) -> NoReturn:
            raise AssertionError("a property ran")

        def __getattr__(self, name: str) -> NoReturn:
            raise AssertionError(f"__getattr__({name!r}) ran")

    assert describe(Watched()).endswith("Watched plain=1>")
    assert parts.of(Watched()).page(0, 9) == [(".plain", 1)]


# --- types ----------------------------------------------------------------------------------------------------


def test_a_type_is_named_with_its_module_where_that_is_not_the_programs_own() -> None:
    assert type_name(3) == "int"
    assert type_name(None) == "NoneType"
    assert type_name(collections.OrderedDict()) == "collections.OrderedDict"
    assert type_name(Plain()) == f"{__name__}.Plain"
    assert type_name(type("Own", (), {"__module__": "__main__"})()) == "Own"
    assert type_name(type("Odd", (), {"__module__": 7})()) == "Odd"


def test_functions_classes_and_modules_are_code_and_data_is_not() -> None:
    assert all(map(is_code, [sys, function, len, Plain, int]))
    assert not any(map(is_code, [1, "x", [function], Plain(), None]))


# --- what runs no code ----------------------------------------------------------------------------------------


def refused() -> Any:
    """An object whose metaclass gives nothing away; made late, for pytest looks into every class it sees."""

    class RefusesAll(type):
        def __eq__(cls, other: object) -> bool:
            raise RuntimeError("no equality")

        def __hash__(cls) -> int:
            raise RuntimeError("no hash")

        def __getattribute__(cls, name: str) -> NoReturn:
            raise RuntimeError("no attributes")

    class Refused(metaclass=RefusesAll):
        def __init__(self) -> None:
            self.a = 1

    return Refused()


@pytest.mark.parametrize("value", [1, "a", None, [1, "a"], {"a": 1}, (), {1}], ids=repr)
def test_plain_values_need_no_time_limit(value: object) -> None:
    assert values.runs_no_code(value)


@pytest.mark.parametrize("make", [Raises, refused, lambda: [Raises()], lambda: {"a": refused()}, lambda: MyList([1])])
def test_what_may_run_code_of_the_program_gets_a_time_limit(make: Callable[[], object]) -> None:
    assert not values.runs_no_code(make())


def test_a_metaclass_is_asked_for_nothing() -> None:
    value = refused()
    assert describe(value) == "<Refused a=1>"
    assert type_name(value).endswith("refused.<locals>.Refused")
    assert not is_code(value)
    assert parts.of(value).page(0, 9) == [(".a", 1)]


# --- room -----------------------------------------------------------------------------------------------------


def test_the_first_of_several_long_values_leaves_room_for_the_others() -> None:
    shown = describe({"text": "x" * 500, "count": 7, "rest": [1, 2]})
    assert "(500 chars)" in shown
    assert "'count': 7, 'rest': [1, 2]}" in shown


def test_a_single_long_value_has_all_the_room() -> None:
    assert len(describe({"text": "x" * 500})) == values.LINE


def test_a_whole_huge_number_is_had_where_there_is_room_for_it() -> None:
    number = 7**6000
    assert describe(number) == f"<int of {number.bit_length():,} bits>"
    digits = describe(-number, 16_000)
    assert len(digits) == 5072
    assert digits.startswith("-")
    assert int(digits[-9:]) == number % 10**9


def test_a_set_of_plain_items_is_shown_in_the_same_order_in_every_run() -> None:
    assert describe({"b", "c", "a"}) == "{'a', 'b', 'c'}"
    assert describe({3, "a", None, ("b", 1), ("a", 2)}) == "{None, 3, 'a', ('a', 2), ('b', 1)}"
    assert describe(frozenset({2, 1})) == "frozenset({1, 2})"


def test_a_repr_of_a_class_of_the_programs_own_runs_none_of_its_methods() -> None:
    class Text(str):
        def __getitem__(self, index: object) -> NoReturn:
            raise AssertionError("a method of the text ran")

        __len__ = __str__ = __format__ = __getitem__  # type: ignore[assignment]

    class Odd:
        def __repr__(self) -> str:
            return Text("odd")

    assert describe(Odd()) == "odd"
    assert describe(Text("x" * 500)).endswith("(500 chars)")


def test_an_object_is_shown_while_its_init_has_not_come_to_all_of_it() -> None:
    assert describe(object.__new__(Item)) == "Item(price=1.5)"
    assert describe(object.__new__(Slotted)) == "<Slotted>"
    assert describe(object.__new__(queue.Queue)) == "<queue.Queue object>"
