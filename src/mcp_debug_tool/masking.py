"""What looks like a secret, masked in text of the program: by the name it stands under, and by patterns of the user's.

Pure functions of text. Only strings and bytes are masked, as Python and JSON write them; numbers, booleans and None
under such a name stay. It keeps secrets out of transcripts by accident, and is no wall: see docs/security.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# The end of a name, whatever stands before it: db_password, clientSecret, X-Api-Key, AWS_SECRET_ACCESS_KEY.
_WORDS = (
    r"pass(?:word|phrase|code)s?|passwds?|secrets?|credentials?|authorization|token|session[_-]?id"
    r"|(?:api|access|private|secret|encryption|signing|session|auth)[_-]?keys?"
)
# Other words end in these too (oauth, pwd as the folder one is in), so they stand alone or behind a separator.
_WHOLE_WORDS = "|".join(rf"{word}(?<![^\W_]{word})" for word in ("auth", "cookies", "cookie", "jwt", "creds"))
# What may be said of how it is kept.
_FORM = "(?:_(?:value|text|str|string|bytes|plain|raw|hash|hex|b64))?"
_NAME = rf"(?:{_WORDS}|{_WHOLE_WORDS}|pwd(?<=[a-z]_pwd)){_FORM}\d*(?![\w-])"
# How each of these begins: what is cheap to look for.
_BEGINNINGS = (
    *("pass", "secret", "cred", "auth", "token", "session", "cookie", "jwt", "pwd", "bearer"),
    *("api", "access", "private", "encryption", "signing"),
)
# A literal, or what a cut has left of one: then it says how long it was, or goes on to the end of the line.
_LENGTH = r"… \([\d,]+ (?:chars|bytes)\)"
_BODY = rf"(?:[^{{quote}}\\…\n]|\\[^\n]?|(?!{_LENGTH})…)*"
_END = rf"(?:{{quote}}|{_LENGTH}|$)"
_LITERAL = "|".join(rf"\\{{0,8}}{quote}{(_BODY + _END).replace('{quote}', quote)}" for quote in "'\"")
# Bounded, as all that may stand between two parts: a program may print a million spaces.
_SEPARATOR = r"\\{0,8}['\"]?\]?\s{0,8}(?:(?::\s{0,8}[\w.\[\], |]{1,80}?)?\s{0,8}=|:)\s{0,8}"
_OPENING = r"(?:\w+\()?[bu]?"

_BEGINNING = re.compile(
    "pass[wpc]|secret|cred|auth|token|cookie|jwt|pwd|session[_-]?(?:key|id)|api[_-]?key|access[_-]?key|private[_-]?key"
    "|encryption[_-]?key|signing[_-]?key"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_ANY_LITERAL = re.compile(rf"(?P<before>)(?P<literal>{_LITERAL})", re.MULTILINE)
# name='x', name: str = 'x', 'name': 'x', ['name'] = 'x'
_UNDER_A_NAME = re.compile(
    rf"(?P<before>{_NAME}{_SEPARATOR}{_OPENING})(?P<literal>{_LITERAL})", re.IGNORECASE | re.MULTILINE
)
# ('name', 'x'), as headers are kept
_IN_A_PAIR = re.compile(
    rf"(?P<before>\(b?['\"][\w.-]{{0,40}}?{_NAME}['\"],\s{{0,8}}{_OPENING})(?P<literal>{_LITERAL})",
    re.IGNORECASE | re.MULTILINE,
)
_WITH_A_SCHEME = re.compile(
    r"(authorization\\{0,8}['\"]?\s{0,8}[:=,]\s{0,8}b?\\{0,8}['\"]?\s{0,8}(?:bearer|basic|digest|negotiate|token)\s{1,8}"
    r"|\bbearer\s{1,8}(?=\S{16}))"
    r"([^\s'\"\\,;<]+)",
    re.IGNORECASE,
)
_IN_A_QUERY = re.compile(rf"((?:[?&]|--)[\w.-]{{0,40}}?{_NAME}=)([^\s&#'\"\\,)<]+)", re.IGNORECASE)
_OF_A_USER = re.compile(r"(://[^\s/:@'\"]*:)([^\s/@'\"<]+)(?=@|…)")
_KEY_BLOCK = re.compile(
    r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(?=-----END [A-Z ]*PRIVATE KEY-----|\Z|['\"])", re.DOTALL
)

_CHARACTER = re.compile(r"\\x..|\\u.{4}|\\U.{8}|\\.|.", re.DOTALL)
_CUT = re.compile(r"… \(([\d,]+) (?:chars|bytes)\)\Z")
_MARK = re.compile(r"<masked(?:: [\d,]+ chars)?>")
# What is shorter under a name like `token` is one of a language: 'if', '+', 'identifier'.
_SHORTEST_TOKEN = 12

NOTE = "mcp-debug serve --show-secrets shows what is masked by its name"


class Masks:
    """What is masked: what stands under the name of a secret, and every match of `patterns`."""

    def __init__(self, patterns: Sequence[re.Pattern[str]] = (), *, by_name: bool = True) -> None:
        self._patterns = tuple(patterns)
        self._by_name = by_name

    def can_stay(self, text: str) -> bool:
        """Whether a look at the whole of a text is enough to know that nothing in it is to be masked."""
        return not self._patterns and not (
            self._by_name and ("://" in text or "PRIVATE KEY" in text or _may_name(text))
        )

    def text(self, text: str) -> str:
        """Values, messages and output of the program, masked."""
        if self._by_name:
            if _may_name(text):
                text = _under_names(text)
                text = _IN_A_PAIR.sub(_masked_literal, text)
            text = _without_unmistakable(text)
        return self.source(text)

    def source(self, text: str) -> str:
        """Text of the repository or of the agent: masked by pattern alone."""
        for pattern in self._patterns:
            text = pattern.sub(_masked_match, text)
        return text

    def named(self, name: str, text: str) -> str:
        """The value of a variable, or of an expression: with a secret's name in it each of its strings is masked."""
        if self._by_name and is_secret(name):
            text = _ANY_LITERAL.sub(lambda found: _masked_part(name, found), text)
        return self.text(text)


DEFAULT = Masks()
"""By name alone."""


def is_secret(name: str) -> bool:
    """Whether the name of a secret stands in a name, a path or an expression."""
    return _may_name(name) and _SECRET_NAME.search(name) is not None


def is_pair_of_secret(value: str) -> bool:
    """Whether a value begins as a pair of a secret's name and the secret."""
    return value.startswith("(") and _IN_A_PAIR.match(value) is not None


def _may_name(text: str) -> bool:
    lowered = text.lower()
    return any(beginning in lowered for beginning in _BEGINNINGS)


def _under_names(text: str) -> str:
    """What `_UNDER_A_NAME.sub` would make of it, in a tenth of the time: it is tried only where a name may begin."""
    lowered = text.lower()
    if len(lowered) != len(text):  # some letters are two when they are small
        return _UNDER_A_NAME.sub(_masked_literal, text)
    pieces, done = [], 0
    for hint in _BEGINNING.finditer(lowered):
        found = _UNDER_A_NAME.match(text, hint.start()) if hint.start() >= done else None
        if found is not None:
            pieces += [text[done : found.start()], _masked_literal(found)]
            done = found.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _without_unmistakable(text: str) -> str:
    if "://" in text:
        text = _OF_A_USER.sub(_masked_group, text)
    if "PRIVATE KEY" in text:
        text = _KEY_BLOCK.sub(_masked_group, text)
    lowered = text.lower()
    if "authorization" in lowered or "bearer" in lowered:
        text = _WITH_A_SCHEME.sub(_masked_group, text)
    if ("?" in text or "&" in text or "--" in text) and _may_name(text):
        text = _IN_A_QUERY.sub(_masked_group, text)
    return text


def _masked_literal(found: re.Match[str]) -> str:
    return found["before"] + _literal(found["before"], found["literal"])


def _masked_part(name: str, found: re.Match[str]) -> str:
    """A string in a value; the keys of a mapping stay."""
    is_key = found.string.startswith(": ", found.end())
    return found[0] if is_key else _literal(name, found["literal"])


def _literal(name: str, literal: str) -> str:
    quote = literal.lstrip("\\")[0]
    body = literal[literal.index(quote) + 1 :]
    cut = _CUT.search(body)
    is_whole = body.endswith(quote)
    if is_whole:
        body = body[:-1]
    if not body.strip("*") or _MARK.fullmatch(body) or (is_whole and _is_of_a_language(name, body)):
        return literal
    count = int(cut[1].replace(",", "")) if cut else sum(1 for _ in _CHARACTER.finditer(body)) if is_whole else 0
    return f"{quote}{_mark(count)}{quote}"


def _is_of_a_language(name: str, body: str) -> bool:
    names = [found[0].lower() for found in _SECRET_NAME.finditer(name)]
    return len(body) < _SHORTEST_TOKEN and bool(names) and all(found.startswith("token") for found in names)


def _mark(count: int) -> str:
    """`count` 0: nobody knows, for it was cut."""
    return f"<masked: {count:,} chars>" if count else "<masked>"


def _masked_group(found: re.Match[str]) -> str:
    return found[1] + _mark(len(found[2])) if found[2] else found[0]


def _masked_match(found: re.Match[str]) -> str:
    return _mark(len(found[0])) if found[0] else ""
