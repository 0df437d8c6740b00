"""What is masked in a text, what is not, and that nothing of a secret is left where it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_debug_tool.masking import DEFAULT, Masks, is_secret

SECRET = "hunter2-and-more"
KEPT = "<masked: 16 chars>"


@pytest.mark.parametrize(
    "form",
    [
        "{'password': '%s'}",
        '{"password": "%s"}',
        "Config(user='bob', password='%s')",
        "db_password: str = '%s'",
        "['password']: str = '%s'",
        ".clientSecret: str = '%s'",
        "['X-Api-Key'] = '%s'",
        "AWS_SECRET_ACCESS_KEY = '%s'",
        "access_token=b'%s'",
        "password=SecretStr('%s')",
        "[('authorization', '%s')]",
        "[(b'set-cookie', b'%s')]",
        "{'headers': {'Cookie': '%s', 'Accept': '*'}}",
        "db_pwd = '%s'",
        "password1='%s', password2='%s'",
        """'{"session_id": "%s"}'""",
    ],
)
def test_a_string_under_the_name_of_a_secret_is_masked_and_all_else_stays(form: str) -> None:
    shown = form.replace("%s", SECRET)
    assert DEFAULT.text(shown) == form.replace("%s", KEPT)
    assert Masks(by_name=False).text(shown) == shown


@pytest.mark.parametrize(
    ("shown", "masked"),
    [
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer <masked: 8 chars>"),
        ("'Proxy-Authorization: basic dTpw\\r\\n'", "'Proxy-Authorization: basic <masked: 4 chars>\\r\\n'"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "Bearer <masked: 26 chars>"),
        ("'https://user:pw@host/'", "'https://user:<masked: 2 chars>@host/'"),
        ("https://host/?a=1&api_key=abc&b=2", "https://host/?a=1&api_key=<masked: 3 chars>&b=2"),
        ("tool --db-password=abc -v", "tool --db-password=<masked: 3 chars> -v"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----<masked: 6 chars>-----END RSA PRIVATE KEY-----",
        ),
    ],
)
def test_what_is_unmistakable_is_masked_without_a_name(shown: str, masked: str) -> None:
    assert DEFAULT.text(shown) == masked


def test_source_is_shown_as_it_is() -> None:
    assert DEFAULT.source("password = 'hunter2'") == "password = 'hunter2'"
    assert DEFAULT.source("url = 'https://user:pw@host/'") == "url = 'https://user:pw@host/'"


@pytest.mark.parametrize(
    "shown",
    [
        "author='bob', authority='x', oauth='google', secretary='ann', keyboard='qwerty', tokens='abc'",
        "password=None, token=3, secret=True, cookie=1.5, password=''",
        "password == 'abc'",
        "{'PWD': '/home/ann', 'OLDPWD': '/'}",
        "Token(token='if'), next_token = '+', token: str = 'identifier'",
        "http://localhost:8000/login?next=/",
        "the password 'is wrong'",
        "password = get(user, 'name')",
        "basic authentication, bearer of news",
    ],
)
def test_ordinary_words_and_what_is_no_string_stay(shown: str) -> None:
    assert DEFAULT.text(shown) == shown


@pytest.mark.parametrize(
    ("shown", "masked"),
    [
        ("password: str = 'hunt…", "password: str = '<masked>'"),
        ("{'password': 'hunt… (200 chars), 'user': 'bob'}", "{'password': '<masked: 200 chars>', 'user': 'bob'}"),
        ("{'db': {'password': 'hunt… 3 in all}", "{'db': {'password': '<masked>'"),
        ("password='hunt\nnext line", "password='<masked>'\nnext line"),
        ("https://user:hunt…", "https://user:<masked: 4 chars>…"),
    ],
)
def test_of_what_was_cut_nothing_is_left_either(shown: str, masked: str) -> None:
    assert DEFAULT.text(shown) == masked


@pytest.mark.parametrize(
    ("name", "shown", "masked"),
    [
        ("password", "'hunter2' (was 'abc')", "'<masked: 7 chars>' (was '<masked: 3 chars>')"),
        ("repr(user.password)", "\"'hunter2'\"  (str)", '"<masked: 9 chars>"  (str)'),
        ("credentials", "{'user': 'bob', 'n': 3}", "{'user': '<masked: 3 chars>', 'n': 3}"),
        ("os.environ.get('API_KEY')", "'abc'  (str)", "'<masked: 3 chars>'  (str)"),
        ("len(password)", "7  (int)", "7  (int)"),
        ("author", "'bob'", "'bob'"),
        ("token", "'if'", "'if'"),
        ("token", "'hunter2-and-more'", "'<masked: 16 chars>'"),
        ("name", "{'password': 'abc'}", "{'password': '<masked: 3 chars>'}"),
    ],
)
def test_a_value_is_masked_for_the_name_it_was_asked_by(name: str, shown: str, masked: str) -> None:
    assert DEFAULT.named(name, shown) == masked
    assert DEFAULT.named(name, masked) == masked


def test_each_match_of_a_pattern_is_masked_everywhere() -> None:
    masks = Masks([re.compile(r"sk-\w+"), re.compile("x*")], by_name=False)
    for mask in (masks.text, masks.source):
        assert mask("a sk-abc, sk-d") == "a <masked: 6 chars>, <masked: 4 chars>"


secrets = st.text(max_size=60).map(lambda text: f"canary-{text}-yranac")


@given(
    st.sampled_from(["password", "api_key", "dbSecret", "access_token", "Set-Cookie"]),
    st.one_of(secrets, secrets.map(lambda text: text.encode("utf-8", "backslashreplace"))),
    st.text(max_size=20),
)
@example("password", "canary-… (5-yranac", "")
def test_nothing_of_a_secret_is_left(name: str, secret: str | bytes, other: str) -> None:
    texts = [repr({"a": other, name: secret, "z": [1]}), f"C(n={other!r}, {name}={secret!r}, m=1)"]
    for shown in (*map(DEFAULT.text, texts), DEFAULT.named(name, repr(secret))):
        assert "canary" not in shown
        assert "yranac" not in shown


@given(st.text(alphabet="abdfghilmnoqruvxyz'\"=:,()[]{} \\\n…3@?&-_", max_size=200))
def test_a_text_without_any_such_name_stays_as_it_is(shown: str) -> None:
    assert "://" in shown or DEFAULT.text(shown) == shown


@given(st.text(alphabet="passwordtokenkeuh'\"=:,([{ \\\n…ſİ", max_size=200))
def test_masking_again_changes_nothing(shown: str) -> None:
    once = DEFAULT.text(shown)
    assert DEFAULT.text(once) == once


@pytest.mark.parametrize(
    "text",
    ["token" + " " * 256_000, "authorization:" + " " * 256_000, "token: a, " * 25_000, "password=" + "\\" * 256_000],
    ids=["spaces", "header", "annotations", "backslashes"],
)
def test_a_text_that_is_made_to_be_slow_is_not(text: str) -> None:
    assert DEFAULT.text(text)[:8] == text[:8]  # with a pattern that looks again and again this takes more than a minute


@pytest.mark.parametrize("name", ["password", "a.b['token']", "X-API-Key", "get_secret()", "sessionid", "http_auth"])
def test_a_name_of_a_secret_is_known_in_every_way_it_is_written(name: str) -> None:
    assert is_secret(name)
