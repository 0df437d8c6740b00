"""The words of a typed command, split as a shell would, with what only a shell could do refused by name."""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from ..errors import InvalidArgument

WINDOWS = os.name == "nt"


def refuse(message: str, hint: str) -> NoReturn:
    """Raise that the command cannot be used, with its cure."""
    raise InvalidArgument("command", message, hint=hint)


@dataclass(frozen=True)
class Word:
    """A word; `bare` is as long as `text`, with NUL for each character that was quoted."""

    text: str = ""
    bare: str = ""

    def plus(self, text: str, *, quoted: bool) -> Word:
        """The word with more text behind it."""
        return Word(self.text + text, self.bare + ("\0" * len(text) if quoted else text))


# NUL, and halves of characters other than those that stand for undecodable bytes.
_IMPOSSIBLE = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
_TOKEN = re.compile(
    r"""(?P<continuation>\\\r?\n)
      | (?P<space>[ \t\r]+)
      | (?P<single>'[^']*')
      | (?P<double>"(?:[^"\\]|\\.)*")
      | (?P<escape>\\.)
      | (?P<operator>&&|\|\||&?>[>&|]?|<[<&>]?|\|&?|[;&()\n])
      | (?P<substitution>`|\$(?:\\\n)*[\w{([@*\#?$!'"-])
      | (?P<unbalanced>['"\\])
      | (?P<comment>\#[^\n]*)
      | (?P<plain>[$\#]|[^\s'"\\|&;<>()`$\#]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = {
    **dict.fromkeys(("|", "|&"), ("a pipe", "Leave it out: get_output shows the program's output.")),
    **dict.fromkeys("()", ("a shell's bracket", "Leave it out.")),
    "&": ("for the background", "Leave it out: the program runs on while you call other tools."),
}
_SUBSTITUTION = re.compile(r"`|\$[\w{([@*#?$!-]")
_BRACES = re.compile(r"\{[^{}]*\}")


def words_of(command: str) -> list[Word]:
    """The words, as a shell would split them; what it would do beyond that is refused."""
    if impossible := _IMPOSSIBLE.search(command):
        refuse(f"contains {impossible[0]!r}, which no program can be given", "Leave it out.")
    command, position = command.strip(" \t\r\n"), 0
    words, word = list[Word](), None
    while token := _TOKEN.match(command, position):
        kind, text = token.lastgroup, token[0]
        position = token.end()
        if kind == "comment" and word is not None:
            # In the middle of a word it is a character like others; what follows it is read again.
            kind, text, position = "plain", "#", token.start() + 1
        if kind in ("space", "comment"):
            words += [word] if word else []
            word = None
        elif kind == "operator":
            _refuse_operator(text, [each.text for each in [*words, word] if each], command[position:].strip())
        elif kind != "continuation":
            word = _longer(word or Word(), kind, text)
    return words + ([word] if word else [])


def _longer(word: Word, kind: str | None, text: str) -> Word:
    if kind == "single":
        return word.plus(text[1:-1], quoted=True)
    if kind == "double":
        if found := _SUBSTITUTION.search(re.sub(r"\\.", "  ", text[1:-1], flags=re.DOTALL)):
            _refuse_substitution(found[0])
        return word.plus(re.sub(r'\\(?:([$`"\\])|\n)', r"\1", text[1:-1]), quoted=True)
    if kind == "escape":
        # On Windows it stands between the folders of a path.
        return word.plus(text, quoted=False) if WINDOWS else word.plus(text[1], quoted=True)
    if kind == "substitution":
        _refuse_substitution(text)
    if kind == "unbalanced":
        refuse(f"a {text} has no counterpart", "Close it, or quote it where it is meant literally.")
    return word.plus(text, quoted=False)


def _refuse_substitution(text: str) -> NoReturn:
    hint = "Write the value out, or give variables by env; a character meant literally goes into single quotes."
    refuse(f"{text[0]} asks a shell to put something in, and no shell runs this", hint)


def _refuse_operator(operator: str, words: Sequence[str], rest: str) -> NoReturn:
    if ">" in operator or "<" in operator:
        what, hint = "a redirection", "Leave it out: get_output shows the output; name an input file in the arguments."
    else:
        what, hint = _OPERATORS.get(operator, ("a list of commands", _instead_of(words, rest)))
    refuse(f"{operator!r} is {what}, and no shell runs this", f"{hint} Quoted, it is passed on.")


def _instead_of(words: Sequence[str], rest: str) -> str:
    """The call that does what a shell's own command in front of the real one does."""
    match words:
        case ["cd", folder]:
            return f"Give cwd={folder!r} and command={rest!r}."
        case ["source" | ".", script]:
            folder = os.path.dirname(os.path.dirname(script)) or "."
            return f"Give python={folder!r} and command={rest!r}."
        case ["export", *assignments]:
            return f"Give command={' '.join([*map(shlex.quote, assignments), rest])!r}."
    return "Give one command a call."


def with_home(word: Word, environ: Mapping[str, str]) -> str:
    """The word's text, with a leading `~` as the home folder."""
    if word.bare == "~" or word.bare.startswith("~/"):
        return environ.get("HOME", os.path.expanduser("~")) + word.text[1:]
    return word.text


def literal(word: Word, cwd: str, environ: Mapping[str, str]) -> str:
    """The word's text; a pattern that would match nothing is passed on, as a shell does: `test_x.py::test_y[a]`."""
    braces = any("," in group or ".." in group for group in _BRACES.findall(word.bare))
    if braces or (re.search(r"[*?[]", word.bare) and _matches(word, cwd)):
        refuse(f"a shell would expand {word.text}, and no shell runs this", "Write it out, or put it into quotes.")
    return with_home(word, environ)


def _matches(word: Word, cwd: str) -> bool:
    pairs = zip(word.text, word.bare, strict=True)
    pattern = "".join(glob.escape(character) if mark == "\0" else character for character, mark in pairs)
    try:
        return next(glob.iglob(os.path.join(glob.escape(cwd), pattern)), None) is not None
    except re.error:  # a range such as [b-a], before Python 3.11
        return False
