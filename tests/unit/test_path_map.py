"""The names of a file on both sides: whole folders only, the longest pair first, and back again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_debug_tool.errors import InvalidArgument
from mcp_debug_tool.path_map import PathMap, path_map

# Names of files and folders, with the characters that have a meaning in a path or a pattern.
names = st.text(st.sampled_from("ab .-_é漢😀*[\\:"), min_size=1, max_size=4).filter(lambda name: name.strip(". "))
inside = st.lists(names, min_size=0, max_size=4).map(lambda parts: "".join(f"/{part}" for part in parts))
folders = st.lists(names, min_size=1, max_size=4).map(lambda parts: "".join(f"/{part}" for part in parts))


@pytest.mark.parametrize(
    ("pairs", "local", "remote"),
    [
        ([], "/app/a.py", "/app/a.py"),
        ([("/app", "/srv/app")], "/app/a.py", "/srv/app/a.py"),
        ([("/app", "/srv/app")], "/app/pkg/a.py", "/srv/app/pkg/a.py"),
        ([("/app", "/srv/app")], "/app", "/srv/app"),
        ([("/app/", "/srv/app/")], "/app/a.py", "/srv/app/a.py"),
        ([("/app/", "/srv/app")], "/app", "/srv/app"),
        ([("/app", "/srv/app")], "/other/app/a.py", "/other/app/a.py"),
        ([("/app", "/srv")], "<string>", "<string>"),
        ([("/app", "/srv")], "", ""),
        # A folder inside itself on the other side.
        ([("/app", "/app/app")], "/app/app/a.py", "/app/app/app/a.py"),
        # Roots.
        ([("/", "/srv")], "/a.py", "/srv/a.py"),
        ([("/app", "/")], "/app/a.py", "/a.py"),
        ([("/", "/")], "/a.py", "/a.py"),
        # Of several that fit, the longest, in whatever order they are given.
        ([("/app", "/x"), ("/app/lib", "/y")], "/app/lib/a.py", "/y/a.py"),
        ([("/app/lib", "/y"), ("/app", "/x")], "/app/lib/a.py", "/y/a.py"),
        ([("/app", "/x"), ("/app/lib", "/y")], "/app/main.py", "/x/main.py"),
        ([("/", "/x"), ("/app", "/y")], "/app/a.py", "/y/a.py"),
        ([("/", "/x"), ("/app", "/y")], "/etc/a.py", "/x/etc/a.py"),
        # One is a piece of the name of the other.
        ([("/app", "/x"), ("/application", "/y")], "/application/a.py", "/y/a.py"),
    ],
)
def test_a_file_has_its_name_on_each_side(pairs: list[tuple[str, str]], local: str, remote: str) -> None:
    paths = path_map(pairs)
    assert paths.remote(local) == remote
    assert paths.local(remote) == local


@pytest.mark.parametrize("file", ["/application/a.py", "/app.py", "/appa", "/ap", "/App/a.py", "app/a.py", "/x/app"])
def test_a_file_whose_name_only_begins_like_a_folder_is_not_in_it(file: str) -> None:
    assert path_map([("/app", "/srv")]).remote(file) == file
    assert path_map([("/srv", "/app")]).local(file) == file


def test_the_longest_pair_is_chosen_by_the_side_the_name_comes_from() -> None:
    paths = path_map([("/long/folder", "/a"), ("/w", "/a/lib")])
    assert paths.local("/a/lib/x.py") == "/w/x.py"
    assert paths.local("/a/x.py") == "/long/folder/x.py"


def test_a_drive_is_absolute() -> None:
    paths = path_map([("/app", "C:/app/")])
    assert paths.remote("/app/a.py") == "C:/app/a.py"
    assert paths.local("C:/app/a.py") == "/app/a.py"


@pytest.mark.parametrize("pair", [("app", "/srv"), ("", "/srv"), ("/app", ""), ("./app", "/srv")])
def test_a_folder_that_is_not_absolute_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        path_map([("/fine", "/fine"), pair])
    assert refused.value.parameter == "path_map"


def test_a_remote_folder_may_begin_where_the_program_works() -> None:
    paths = path_map([("/here", "."), ("/lib", "../lib")]).seen_from("/srv/app")
    assert paths.remote("/here/a.py") == "/srv/app/a.py"
    assert paths.local("/srv/lib/b.py") == "/lib/b.py"


def test_without_pairs_all_names_are_the_same() -> None:
    assert path_map([]) == PathMap()
    assert PathMap().remote("/a.py") == PathMap().local("/a.py") == "/a.py"


@given(folders, folders, inside)
def test_a_file_in_a_pair_comes_back_from_the_other_side(local: str, remote: str, rest: str) -> None:
    paths = path_map([(local, remote)])
    assert paths.remote(local + rest) == remote + rest
    assert paths.local(remote + rest) == local + rest


@given(st.lists(st.tuples(folders, folders), min_size=2, max_size=5), inside)
def test_a_file_of_the_longest_pair_moves_with_it_alone(pairs: list[tuple[str, str]], rest: str) -> None:
    longest = max(pairs, key=lambda pair: len(pair[0]))
    moved = path_map(pairs).remote(longest[0] + "/x" * 40 + rest)
    # A file that deep inside lies in no other pair, unless that has the same folder or one around it.
    assert moved in {remote + "/x" * 40 + rest for local, remote in pairs if local == longest[0]}


@given(folders, folders, inside)
def test_a_file_that_is_in_no_pair_keeps_its_name(local: str, remote: str, rest: str) -> None:
    paths = path_map([(local, remote)])
    assert paths.remote(local + "x" + rest) == local + "x" + rest
    assert paths.local(remote + "x" + rest) == remote + "x" + rest


@given(folders, inside.filter(bool))
def test_a_pair_with_the_root_holds_every_file(remote: str, file: str) -> None:
    paths = path_map([("/", remote)])
    assert paths.remote(file) == remote + file
    assert paths.local(remote + file) == file
