"""Pseudonyms for what identifies people, made with a key: who has not the key cannot go back.

A pseudonym has the shape of its text: the same length, a letter for a letter of the same case and
alphabet, a digit for a digit, everything else as it is. It is a permutation of all texts of the
shape (a Feistel network over HMAC), so that equal texts have equal pseudonyms and different texts
different ones: unique values stay unique. Parts of e-mail addresses, host names and addresses of
pages are replaced part by part, so that the domain of a contact's address is still that of its
company, and top-level domains stay.

What it does not hide: lengths, word boundaries, punctuation, and that two values are equal; a text
of one or two characters has few pseudonyms. Numbers, dates, ids, options and definitions are not
texts and stay: enough of them together can still tell who somebody is.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Final

import msgspec

from moyeu.catalog.properties import PropertyDefinition
from moyeu.catalog.top_level_domains import top_level_domains
from moyeu.crm.definitions import Owner, TypeDefinitions
from moyeu.crm.records import StoredRecord

KEY_BYTES_MIN: Final = 16

_TEXT_TYPES: Final = frozenset({"string", "phone_number", "json", "object_coordinates"})
"""Property types whose values are replaced."""

_ROUNDS: Final = 10
_SYMBOL_BYTES: Final = 8
_SHORT: Final = 64
"""Longest text whose pseudonym is remembered."""

_BLOCK: Final = 128
"""Code points of one alphabet: those of a kind within an aligned block. Such blocks lie within one
script or a part of it, and all of their characters take the same number of bytes."""

_KEPT_WORDS: Final = frozenset(
    ("www", "mail", "com", "co", "org", "net", "ac", "gov", "edu", "http", "https", "ftp", "mailto")
)
"""Parts of host names and schemes that name nobody."""

# Bounded, and begun only where a word begins, so that no text takes long to search.
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = rf"(?:{_LABEL}\.){{1,9}}[A-Za-z]{{2,24}}"
_ADDRESS_LIKE: Final = re.compile(
    rf"(?<![A-Za-z0-9._%+'-])(?P<local>[A-Za-z0-9._%+'-]{{1,64}})@(?P<mail_host>{_HOST})(?![A-Za-z0-9-])"
    r"|(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20})://"
    rf"(?P<page_host>{_HOST})?(?P<rest>[^\s<>\"]*)"
    rf"|(?<![A-Za-z0-9.-])(?P<host>{_HOST})(?![A-Za-z0-9-])",
    re.ASCII,
)
# What is an address depends on the kinds of its characters alone, never on which letters they are:
# a pseudonym is taken apart as its text was, so no two texts can meet in one.
_ESCAPE: Final = re.compile(r"(%[0-9A-Za-z]{2})", re.ASCII)

_TAGS: Final = (
    "a b blockquote body br code div em font h1 h2 h3 h4 h5 h6 head hr html i img li meta ol p pre"
    " s small span strike strong style sub sup table tbody td th thead title tr u ul"
)
_ATTRIBUTES: Final = (
    "align alt border cellpadding cellspacing class color dir face height href id lang rel size src"
    " style target title type valign width"
)
_TAG: Final = re.compile(
    rf"</?(?:{_TAGS.replace(' ', '|')})(?:\s+(?:{_ATTRIBUTES.replace(' ', '|')})"
    r"(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))?)*\s*/?>",
    re.IGNORECASE | re.ASCII,
)
_QUOTED: Final = re.compile(r"(\"[^\"]*\"|'[^']*')")
_ENTITY: Final = re.compile(r"(&(?:[A-Za-z]{2,8}|#[0-9]{1,6}|#x[0-9A-Fa-f]{1,5});)")


class Pseudonyms:
    """The pseudonyms of one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._word = lru_cache(maxsize=65_536)(self._new_word)
        self._short = lru_cache(maxsize=65_536)(self._permuted)

    @property
    def check(self) -> str:
        """Tells two keys apart and nothing about either: what is kept of the key of a pull."""
        return hmac.digest(self._key, b"which key", "sha256")[:8].hex()

    def text(self, text: str) -> str:
        """The pseudonym of a text; addresses within it are replaced part by part."""
        pieces: list[str] = []
        plain: list[int] = []
        end = 0
        for match in _ADDRESS_LIKE.finditer(text):
            plain.append(len(pieces))
            pieces += [text[end : match.start()], self._address(match)]
            end = match.end()
        plain.append(len(pieces))
        pieces.append(text[end:])
        # The words between addresses are replaced as one text, so that single ones say nothing.
        return _put_back(pieces, plain, lambda whole: self._replaced(whole, b"text"))

    def html(self, text: str) -> str:
        """As `text`, with the tags of HTML kept; their attributes are replaced."""
        pieces: list[str] = []
        plain: list[int] = []
        end = 0
        for match in _TAG.finditer(text):
            self._add_words(text[end : match.start()], pieces, plain)
            parts = _QUOTED.split(match[0])
            pieces.append(
                "".join(self.text(each) if n % 2 else each for n, each in enumerate(parts))
            )
            end = match.end()
        self._add_words(text[end:], pieces, plain)
        return _put_back(pieces, plain, self.text)

    def _add_words(self, text: str, pieces: list[str], plain: list[int]) -> None:
        for number, each in enumerate(_ENTITY.split(text)):
            if number % 2 == 0:
                plain.append(len(pieces))
            pieces.append(each)

    def json(self, text: str) -> str:
        """As `text` for the texts within a JSON value; their names stay. Other texts: as `text`."""
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return self.text(text)
        return msgspec.json.encode(self._leaves(value)).decode()

    def _leaves(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._leaves(each) for each in value]
        if isinstance(value, dict):
            return {name: self._leaves(each) for name, each in value.items()}
        return value

    def _address(self, match: re.Match[str]) -> str:
        if match["local"] is not None:
            return f"{self._replaced(match['local'], b'local')}@{self._host(match['mail_host'])}"
        if match["host"] is not None:
            return self._host(match["host"])
        scheme = _cased_like(match["scheme"], self._word(match["scheme"].lower(), _KEPT_WORDS))
        host = self._host(match["page_host"]) if match["page_host"] else ""
        parts = _ESCAPE.split(match["rest"])
        plain = list(range(0, len(parts), 2))
        rest = _put_back(parts, plain, lambda whole: self._replaced(whole, b"path"))
        return f"{scheme}://{host}{rest}"

    def _host(self, host: str) -> str:
        *labels, top = host.split(".")
        kept = [_KEPT_WORDS] * len(labels) + [top_level_domains()]
        new = [
            _cased_like(each, self._word(each.lower(), words))
            for each, words in zip([*labels, top], kept, strict=True)
        ]
        return ".".join(new)

    def _new_word(self, word: str, kept: frozenset[str]) -> str:
        if word in kept:
            return word
        new = self._permuted(word, b"word")
        # Going on until no kept word comes out keeps this a permutation.
        while new in kept:
            new = self._permuted(new, b"word")
        return new

    def _replaced(self, text: str, purpose: bytes) -> str:
        return (self._short if len(text) <= _SHORT else self._permuted)(text, purpose)

    def _permuted(self, text: str, purpose: bytes) -> str:
        """The pseudonym of a whole text.

        The case of ASCII letters is not part of what is permuted: texts that differ in it alone
        have pseudonyms that differ in it alone.
        """
        places = [place for place, each in enumerate(text) if _alphabet_of(each)]
        alphabets = [_alphabet_of(text[place]) for place in places]
        shape = "".join(chr(0) if _alphabet_of(each) else each for each in text)
        sizes = "".join(alphabet[0] for alphabet in alphabets)
        tweak = purpose + _digest(shape.lower(), sizes.lower())
        symbols = [
            alphabet.index(text[place]) for place, alphabet in zip(places, alphabets, strict=True)
        ]
        new = self._mixed(symbols, [len(each) for each in alphabets], tweak)
        letters = list(text)
        for place, alphabet, symbol in zip(places, alphabets, new, strict=True):
            letters[place] = alphabet[symbol]
        return "".join(letters)

    def _mixed(self, symbols: list[int], radices: Sequence[int], tweak: bytes) -> list[int]:
        """Permutes number sequences below these radices: each round adds to one half what a keyed
        function makes of the other, which can be undone."""
        half = len(symbols) // 2
        sides = (range(half), range(half, len(symbols)))
        mixed = list(symbols)
        for number in range(_ROUNDS):
            changed, read = sides[number % 2], sides[1 - number % 2]
            said = ",".join(str(mixed[place]) for place in read).encode()
            seed = hmac.digest(self._key, bytes((number,)) + tweak + said, "sha256")
            stream = hashlib.shake_256(seed).digest(_SYMBOL_BYTES * len(changed))
            for rank, place in enumerate(changed):
                start = rank * _SYMBOL_BYTES
                added = int.from_bytes(stream[start : start + _SYMBOL_BYTES])
                mixed[place] = (mixed[place] + added) % radices[place]
        return mixed

    def record(self, record: StoredRecord, definitions: TypeDefinitions) -> StoredRecord:
        """The record with its texts replaced, its id and its times kept."""
        kept = definitions.object_type.always_properties
        known = definitions.properties
        return StoredRecord(
            record.record_id,
            {
                name: value if name in kept else self.value(value, known.get(name))
                for name, value in record.properties.items()
            },
            record.created_at_ms,
            record.updated_at_ms,
            record.archived_at_ms,
            record.last_write,
        )

    def value(self, value: str, definition: PropertyDefinition | None) -> str:
        """What stands for a property value; a value without a definition counts as a text."""
        if definition is None:
            return self.text(value)
        if definition.type not in _TEXT_TYPES:
            return value
        if definition.type == "json":
            return self.json(value)
        if definition.field_type in ("html", "textarea"):
            return self.html(value)
        return self.text(value)

    def owner(self, owner: Owner) -> Owner:
        """The owner with another name, another e-mail address and other names of teams."""
        return replace(
            owner,
            email=self.text(owner.email),
            first_name=self.text(owner.first_name),
            last_name=self.text(owner.last_name),
            teams=tuple(replace(each, name=self.text(each.name)) for each in owner.teams),
        )


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def _put_back(pieces: list[str], plain: list[int], change: Callable[[str], str]) -> str:
    """The pieces joined, those at `plain` changed together as one text of the same length."""
    # Apart, so that no address arises from the end of one piece and the beginning of the next.
    changed = change("\n".join(pieces[place] for place in plain))
    end = 0
    for place in plain:
        length = len(pieces[place])
        pieces[place] = changed[end : end + length]
        end += length + 1
    return "".join(pieces)


def _cased_like(original: str, new: str) -> str:
    return "".join(
        after.upper() if before.isupper() else after
        for before, after in zip(original, new, strict=True)
    )


@lru_cache(maxsize=65_536)
def _alphabet_of(character: str) -> str:
    """The characters that may stand for one, itself among them; "" if it stays.

    Letters and numbers of any script are replaced, marks and everything else stay.
    """
    for ascii_alphabet in (ascii_lowercase, ascii_uppercase, digits):
        if character in ascii_alphabet:
            return ascii_alphabet
    category = unicodedata.category(character)
    if character.isascii() or category[0] not in "LN":
        return ""
    start = ord(character) // _BLOCK * _BLOCK
    return "".join(
        other
        for number in range(start, start + _BLOCK)
        if unicodedata.category(other := chr(number)) == category
    )
