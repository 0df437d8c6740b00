"""The ring of output: cursors, what is dropped, what is left, and that nothing else is ever missing."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcp_debug_tool.journal import MAX_KEPT, Excerpt, Journal, Stream

ALL = 1 << 40
STREAMS: tuple[Stream, ...] = ("stdout", "stderr", "log")

chunks_of_bytes = st.lists(st.tuples(st.sampled_from(STREAMS), st.binary(max_size=40)), max_size=12)
chunks_of_ascii = st.lists(
    st.tuples(
        st.sampled_from(STREAMS),
        st.text(st.characters(min_codepoint=0, max_codepoint=127), max_size=40).map(str.encode),
    ),
    max_size=12,
)


def filled(chunks: list[tuple[Stream, bytes]], *, cap: int = MAX_KEPT) -> Journal:
    """A journal that has taken in these chunks to the end."""
    journal = Journal(max_kept=cap)
    for stream, data in chunks:
        journal.add(stream, data)
    journal.finish()
    return journal


def test_text_is_kept_in_the_order_it_arrived_whatever_its_stream() -> None:
    journal = filled([("stdout", b"one "), ("stderr", b"two "), ("log", b"three "), ("stdout", b"four")])
    assert journal.read(0, limit=ALL) == Excerpt("one two three four", journal.end)


def test_one_stream_is_read_without_the_others() -> None:
    journal = filled([("stdout", b"one "), ("stderr", b"two "), ("stdout", b"three")])
    assert journal.read(0, limit=ALL, stream="stdout").text == "one three"
    assert journal.read(0, limit=ALL, stream="stderr").text == "two "
    assert journal.read(0, limit=ALL, stream="log") == Excerpt("", journal.end)


def test_a_cursor_reads_what_came_after_it_and_no_more() -> None:
    journal = filled([("stdout", b"before")])
    cursor = journal.read(0, limit=ALL).next
    assert journal.read(cursor, limit=ALL) == Excerpt("", cursor)
    journal.add("stdout", b"after")
    assert journal.read(cursor, limit=ALL).text == "after"


def test_a_cursor_may_stand_inside_a_chunk() -> None:
    assert filled([("stdout", b"abcdef"), ("stderr", b"ghi")]).read(2, limit=ALL).text == "cdefghi"


def test_a_limit_leaves_the_rest_for_the_next_read_and_counts_it() -> None:
    journal = filled([("stdout", b"abc"), ("stderr", b"def")])
    assert journal.read(0, limit=4) == Excerpt("abcd", 4, left=2)
    assert journal.read(4, limit=4) == Excerpt("ef", 6)
    assert journal.read(0, limit=0) == Excerpt("", 0, left=6)


def test_a_limit_on_one_stream_does_not_pass_over_its_later_text() -> None:
    journal = filled([("stdout", b"ab"), ("stderr", b"XX"), ("stdout", b"cd")])
    first = journal.read(0, limit=3, stream="stdout")
    assert (first.text, first.left) == ("abc", 1)
    assert journal.read(first.next, limit=3, stream="stdout").text == "d"


def test_the_last_bytes_are_read_with_a_count_of_those_before_them() -> None:
    journal = filled([("stdout", b"abc"), ("stderr", b"def")])
    assert journal.read(0, limit=4, last=True) == Excerpt("cdef", 6, dropped=2)
    assert journal.read(0, limit=0, last=True) == Excerpt("", 6, dropped=6)
    assert journal.read(0, limit=99, last=True) == Excerpt("abcdef", 6)


def test_a_cursor_behind_the_end_reads_nothing_and_comes_back_to_it() -> None:
    assert filled([("stdout", b"abc")]).read(50, limit=ALL) == Excerpt("", 3)


def test_a_full_ring_drops_its_oldest_bytes_and_counts_them() -> None:
    journal = filled([("stdout", b"abcd"), ("stderr", b"efgh")], cap=6)
    assert journal.read(0, limit=ALL) == Excerpt("cdefgh", 8, dropped=2)
    assert journal.first == 2


def test_a_reader_that_was_overtaken_is_told_how_much_it_missed() -> None:
    journal = filled([("stdout", b"0123456789")], cap=4)
    assert journal.read(3, limit=ALL) == Excerpt("6789", 10, dropped=3)
    assert journal.read(8, limit=ALL) == Excerpt("89", 10)


def test_one_chunk_larger_than_the_ring_keeps_its_end() -> None:
    assert filled([("stdout", b"x" * 50 + b"end")], cap=3).read(0, limit=ALL) == Excerpt("end", 53, dropped=50)


def test_a_ring_of_no_size_keeps_nothing_and_still_counts() -> None:
    assert filled([("stdout", b"abc")], cap=0).read(0, limit=ALL) == Excerpt("", 3, dropped=3)


def test_the_default_ring_holds_a_mebibyte() -> None:
    journal = filled([("stdout", b"x" * 65536)] * 17)
    assert journal.end - journal.first == MAX_KEPT == 1024 * 1024


def test_a_character_cut_between_two_chunks_is_put_together_again() -> None:
    euro = "€".encode()
    journal = filled([("stdout", euro[:1]), ("stderr", euro[:2]), ("stdout", euro[1:]), ("stderr", euro[2:])])
    assert journal.read(0, limit=ALL).text == "€€"


def test_bytes_that_are_no_utf8_become_visible_escapes() -> None:
    assert filled([("stdout", b"a\xffb")]).read(0, limit=ALL).text == "a\\xffb"


def test_an_unfinished_character_shows_only_when_its_stream_has_ended() -> None:
    journal = Journal()
    journal.add("stdout", b"a\xe2\x82")
    assert journal.read(0, limit=ALL).text == "a"
    journal.finish()
    assert journal.read(0, limit=ALL).text == "a\\xe2\\x82"


def test_a_limit_inside_a_character_never_shows_half_of_it() -> None:
    assert filled([("stdout", "é€".encode())]).read(0, limit=4).text == "é"
    assert filled([("stdout", "é€".encode())]).read(0, limit=2, last=True).text == ""


def test_each_addition_is_announced_and_nothing_else() -> None:
    calls: list[int] = []
    journal = Journal(lambda: calls.append(journal.end))
    journal.add("stdout", b"ab")
    journal.add("stdout", b"")
    journal.add("stderr", b"\xc3")
    assert calls == [2]
    journal.finish()
    assert calls == [2, 6]
    journal.read(0, limit=ALL)
    assert len(calls) == 2


def test_a_pattern_is_searched_behind_the_cursor_only_and_over_chunk_borders() -> None:
    journal = filled([("stdout", b"ready 1\nrea"), ("stdout", b"dy 2\n")])
    found = journal.search(re.compile(r"ready (\d)"), 3)
    assert found is not None
    assert found[1] == "2"
    assert journal.search(re.compile("ready"), journal.end) is None


@settings(deadline=None, max_examples=60)
@given(chunks=chunks_of_bytes, cap=st.integers(min_value=0, max_value=200))
def test_kept_and_dropped_together_are_what_was_produced(chunks: list[tuple[Stream, bytes]], cap: int) -> None:
    whole, ring = filled(chunks), filled(chunks, cap=cap)
    produced = whole.read(0, limit=ALL).text.encode()
    excerpt = ring.read(0, limit=ALL)
    assert ring.end == len(produced)
    assert excerpt.dropped == ring.first == max(len(produced) - cap, 0)
    assert excerpt.next == ring.end
    assert excerpt.text == produced[excerpt.dropped :].decode("utf-8", "ignore")


@settings(deadline=None, max_examples=60)
@given(
    chunks=chunks_of_ascii,
    cap=st.integers(min_value=0, max_value=200),
    limit=st.integers(min_value=1, max_value=60),
    stream=st.sampled_from([None, *STREAMS]),
)
def test_pages_of_any_size_together_are_what_is_kept(
    chunks: list[tuple[Stream, bytes]], cap: int, limit: int, stream: Stream | None
) -> None:
    journal = filled(chunks, cap=cap)
    whole = journal.read(0, limit=ALL, stream=stream)
    pages, cursor = "", 0
    while True:
        page = journal.read(cursor, limit=limit, stream=stream)
        pages += page.text
        assert len(page.text) <= limit
        assert len(pages) + page.left == len(whole.text)
        cursor = page.next
        if not page.left:
            break
    assert pages == whole.text


def test_a_character_that_a_limit_cuts_is_in_the_next_page() -> None:
    journal = filled([("stdout", "éé".encode())])
    first = journal.read(0, limit=3)
    assert first.text + journal.read(first.next, limit=3).text == "éé"


@settings(deadline=None, max_examples=60)
@example(text="éa😀b", limit=5)
@given(text=st.text("aé€😀", max_size=60), limit=st.integers(min_value=4, max_value=30))
def test_pages_that_cut_characters_together_are_still_all_of_it(text: str, limit: int) -> None:
    journal = filled([("stdout", text.encode())])
    pages, cursor = "", 0
    while cursor < journal.end:
        page = journal.read(cursor, limit=limit)
        pages += page.text
        assert cursor < page.next <= cursor + limit
        cursor = page.next
    assert pages == text


@settings(deadline=None, max_examples=60)
@given(
    chunks=chunks_of_ascii,
    cap=st.integers(min_value=0, max_value=200),
    since=st.integers(min_value=0, max_value=300),
    limit=st.integers(min_value=0, max_value=60),
)
def test_the_last_of_it_and_what_is_before_are_what_was_asked_for(
    chunks: list[tuple[Stream, bytes]], cap: int, since: int, limit: int
) -> None:
    journal = filled(chunks, cap=cap)
    excerpt = journal.read(since, limit=limit, last=True)
    assert excerpt.dropped + len(excerpt.text) == max(journal.end - since, 0)
    assert len(excerpt.text) <= limit
    assert journal.read(0, limit=ALL).text.endswith(excerpt.text)


@pytest.mark.parametrize("stream", STREAMS)
def test_every_stream_finishes_its_own_characters(stream: Stream) -> None:
    journal = Journal()
    journal.add(stream, b"\xf0\x9f")
    journal.finish()
    assert journal.read(0, limit=ALL, stream=stream).text == "\\xf0\\x9f"


@pytest.mark.parametrize(
    ("written", "last"),
    [
        ("", ""),
        ("\n \n", ""),
        ("one\ntwo", "two"),
        ("one\ntwo\n\n  \n", "two"),
        ("10%\r20%\r30%", "30%"),
        ("begin " + "x" * 5000, "x" * 2000),
    ],
)
def test_the_last_line_is_the_last_that_says_something(written: str, last: str) -> None:
    journal = Journal()
    journal.add("stdout", written.encode())
    assert journal.last_line() == last
