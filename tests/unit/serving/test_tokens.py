"""Token files: who is in them, and which are refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mcp_debug_tool.errors import UsageError
from mcp_debug_tool.serving.tokens import Tokens, kept_tokens, read_tokens

ANN = "a" * 32
BOB = "b" * 32
posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "tokens"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_each_line_is_a_principal_with_a_token(tmp_path: Path) -> None:
    tokens = read_tokens(written(tmp_path, f"# the team\n\nann: {ANN}\n  bob:{BOB}  \n"))
    assert tokens.principals == ["ann", "bob"]
    assert [tokens.principal(token) for token in (ANN, BOB)] == ["ann", "bob"]
    assert [tokens.principal(token) for token in ("c" * 32, "", "é\ud800")] == [None, None, None]


def test_a_token_alone_is_that_of_the_user(tmp_path: Path) -> None:
    assert read_tokens(written(tmp_path, ANN)).principal(ANN) == "user"


def test_a_principal_may_have_two_tokens_while_one_takes_the_place_of_the_other(tmp_path: Path) -> None:
    tokens = read_tokens(written(tmp_path, f"ann: {ANN}\nann: {BOB}\n"))
    assert (tokens.principal(ANN), tokens.principal(BOB), tokens.principals) == ("ann", "ann", ["ann"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it holds no token"),
        ("# none\n", "it holds no token"),
        ("ann: short", "that of ann has to be 16 or more"),
        (f"ann: {ANN} {BOB}", "that of ann has to be"),
        (f"a b: {ANN}", "'a b' is no name"),
        (f"ann: {ANN}\nbob: {ANN}\n", "bob and ann have the same one"),
    ],
)
def test_what_is_no_file_of_tokens_is_refused_without_telling_one(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_tokens(written(tmp_path, text))
    assert words in str(refused.value)
    assert ANN not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere: .*No such file"):
        read_tokens(tmp_path / "nowhere")


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UsageError, match="other users may"):
        read_tokens(written(tmp_path, ANN, mode))


def test_a_token_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "state" / "token"
    first = kept_tokens(path)
    token = path.read_text(encoding="utf-8").strip()
    assert len(token) >= 40
    assert first.principal(token) == kept_tokens(path).principal(token) == "user"


@posix
def test_only_the_user_may_read_the_token_that_was_made(tmp_path: Path) -> None:
    path = tmp_path / "token"
    kept_tokens(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_names_are_principals_of_the_table_itself() -> None:
    assert Tokens([("ann", ANN)]).principal(ANN) == "ann"
