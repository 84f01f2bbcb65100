"""Tokens of a JSON text in the order of the text, refused as Jackson's byte parser refuses.

The scanner knows the grammar and the limits, no shapes. It keeps the open containers itself and
never recurses; every byte is looked at a bounded number of times. `JsonRefusedError` is raised at
the first fault and ends the reading; it never leaves the package.

Positions are byte offsets from 0 into the body as received.
"""

import re
import unicodedata
from typing import Final

from moyeu.wire.jackson import words

# Jackson's limits (StreamReadConstraints, 2.16): containers, digits, and UTF-16 units.
DEPTH_MAX: Final = 1000
NUMBER_DIGITS_MAX: Final = 1000
NAME_MAX: Final = 50_000
STRING_MAX: Final = 20_000_000
# An unknown word is quoted up to here (ErrorReportConfiguration).
WORD_MAX: Final = 256

_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_DIGITS: Final = re.compile(rb"[0-9]*")
_PLAIN: Final = re.compile(rb'[^"\\\x00-\x1f]*')

_ESCAPES: Final = {
    ord('"'): '"',
    ord("\\"): "\\",
    ord("/"): "/",
    ord("b"): "\b",
    ord("f"): "\f",
    ord("n"): "\n",
    ord("r"): "\r",
    ord("t"): "\t",
}
_LITERALS: Final = {
    ord("t"): (b"true", "VALUE_TRUE"),
    ord("f"): (b"false", "VALUE_FALSE"),
    ord("n"): (b"null", "VALUE_NULL"),
}
_NON_STANDARD: Final = {ord("N"): b"NaN", ord("I"): b"Infinity"}
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_DIGIT: Final = frozenset(b"0123456789")
_BOM: Final = b"\xef\xbb\xbf"

# What Java takes into an identifier after its first character: Character.isJavaIdentifierPart.
_IDENTIFIER_START: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "Pc"})
_IDENTIFIER_PART: Final = _IDENTIFIER_START | {"Nd", "Mn", "Mc", "Cf"}


class JsonRefusedError(Exception):
    """The body is refused at `offset` because of `reason`.

    separator: what stands between the position and the reason in the message.
    An exception and not a value, because it ends the reading from any depth of the grammar.
    """

    def __init__(
        self, offset: int, reason: str, *, separator: str = ": ", category: str | None = None
    ) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason
        self.separator = separator
        self.category = category


class _Container:
    """An object or array that is open: where it began, and whether it has an entry yet."""

    __slots__ = ("filled", "is_object", "start")

    def __init__(self, start: int, *, is_object: bool) -> None:
        self.start = start
        self.is_object = is_object
        self.filled = False

    @property
    def kind(self) -> str:
        return "Object" if self.is_object else "Array"

    @property
    def closer(self) -> str:
        return "}" if self.is_object else "]"


class Scanner:
    """One pass over a body.

    `start` is the offset of the token read last, `text` its text (strings decoded, numbers and
    literals as spelled).
    """

    __slots__ = ("_body", "_end", "_open", "_position", "_previous", "start", "text")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._end = len(body)
        self._position = 0
        self._open: list[_Container] = []
        # The name of the token read last is part of one sentence; Java prints `null` for none.
        self._previous = "null"
        self.start = 0
        self.text = ""

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Where an offset is, both from 1; columns count bytes, CR, LF and CRLF end a line.

        Observed: `{"properties":[]}` is refused at column 15, `[{}]` at column 3. That columns
        count bytes follows from Jackson's byte parser; no observed body had other characters.
        """
        before = self._body[:offset]
        breaks = before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
        row_start = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
        return breaks + 1, offset - row_start + 1

    # --- structure --------------------------------------------------------------------------

    def at_end(self) -> bool:
        """Whether only white space is left; to be asked outside of containers."""
        self._skip_space()
        return self._position == self._end

    def root_value(self) -> str:
        """The token of the value that a text starts or goes on with; `at_end` was asked before."""
        if self._position == 0 and self._body.startswith(_BOM):
            # Ours: Jackson skips a byte order mark.
            raise JsonRefusedError(0, words.unexpected_char(0xFEFF, words.A_VALID_VALUE))
        found = chr(self._body[self._position])
        if found in "]}":
            due = "]" if found == "}" else "}"
            reason = words.wrong_close_marker(found, due, "root", 1, 0)
            raise JsonRefusedError(self._position, reason)
        return self.value()

    def trailing_token(self) -> str | None:
        """The token behind the root value, None at the end; of a string only its quote is read."""
        if self.at_end():
            return None
        if self._body[self._position] == ord('"'):
            self.start = self._position
            return "VALUE_STRING"
        return self.root_value()

    def next_item(self) -> bool:
        """Whether the open array has another element, which `value` reads then."""
        return self._next_entry()

    def next_name(self) -> str | None:
        """The next field name of the open object, None at its end; `start` is its quote."""
        if not self._next_entry():
            return None
        self.start = self._position
        if self._body[self._position] != ord('"'):
            char, _ = self._decode_char(self._position)
            raise JsonRefusedError(
                self._position, words.unexpected_char(ord(char), words.A_FIELD_NAME)
            )
        name = self._string(is_name=True)
        self._check_length("Name length", name, NAME_MAX, "getMaxNameLength")
        self._previous = "FIELD_NAME"
        return name

    def colon(self) -> None:
        """Reads on from a field name to the first byte of its value."""
        self._skip_space_between()
        byte = self._body[self._position]
        if byte != ord(":"):
            raise self._unexpected(byte, words.A_COLON)
        self._position += 1
        self._skip_space_between()

    def value(self) -> str:
        """Reads the token that begins here and tells its Java name; containers are only opened."""
        byte = self._body[self._position]
        self.start = self._position
        if byte == ord('"'):
            self.text = self._string(is_name=False)
            self._check_length("String value length", self.text, STRING_MAX, "getMaxStringLength")
            kind = "VALUE_STRING"
        elif byte in b"{[":
            kind = self._open_container(is_object=byte == ord("{"))
        elif byte in _LITERALS:
            word, kind = _LITERALS[byte]
            self._literal(word, 1)
        elif byte in _DIGIT or byte == ord("-"):
            kind = self._number()
        else:
            raise self._unexpected_value(byte)
        self._previous = kind
        return kind

    def _open_container(self, *, is_object: bool) -> str:
        self._open.append(_Container(self._position, is_object=is_object))
        depth = len(self._open)
        if depth > DEPTH_MAX:
            reason = words.too_long(
                "Document nesting depth", depth, DEPTH_MAX, "getMaxNestingDepth"
            )
            raise JsonRefusedError(self._position, reason)
        self._position += 1
        return "START_OBJECT" if is_object else "START_ARRAY"

    def _next_entry(self) -> bool:
        inner = self._open[-1]
        self._skip_space()
        if self._position == self._end:
            line, column = self.line_and_column(inner.start)
            raise JsonRefusedError(self._end, words.unclosed(inner.kind, line, column))
        byte = self._body[self._position]
        if byte in b"]}":
            self._close_container(inner, chr(byte))
            return False
        if inner.filled:
            if byte != ord(","):
                raise self._unexpected(byte, words.a_comma(inner.kind))
            self._position += 1
            self._skip_space_between()
        inner.filled = True
        return True

    def _close_container(self, inner: _Container, found: str) -> None:
        if found != inner.closer:
            line, column = self.line_and_column(inner.start)
            reason = words.wrong_close_marker(found, inner.closer, inner.kind, line, column)
            raise JsonRefusedError(self._position, reason)
        self._open.pop()
        self.start = self._position
        self._position += 1
        self._previous = "END_OBJECT" if inner.is_object else "END_ARRAY"

    # --- white space ------------------------------------------------------------------------

    def _skip_space(self) -> None:
        self._position = _end_of(_SPACE, self._body, self._position)
        if self._position == self._end:
            return
        byte = self._body[self._position]
        if byte < 0x20:
            raise JsonRefusedError(self._position, words.illegal_space(byte))
        if byte == ord("/"):
            raise self._unexpected(byte, words.NO_COMMENT)

    def _skip_space_between(self) -> None:
        self._skip_space()
        if self._position == self._end:
            reason = words.end_of_input_between(self._open[-1].kind)
            raise JsonRefusedError(self._end, reason)

    # --- strings ----------------------------------------------------------------------------

    def _string(self, *, is_name: bool) -> str:
        place = "name" if is_name else "string value"
        parts: list[str] = []
        position = self._position + 1
        while True:
            end = _end_of(_PLAIN, self._body, position)
            if end > position:
                parts.append(self._decode(position, end, is_name=is_name))
            if end == self._end:
                raise self._unfinished_string(is_name=is_name)
            byte = self._body[end]
            if byte == ord('"'):
                self._position = end + 1
                return "".join(parts)
            if byte != ord("\\"):
                raise JsonRefusedError(end, words.illegal_unquoted(byte, place))
            char, position = self._escape(end, place)
            parts.append(char)

    def _decode(self, start: int, end: int, *, is_name: bool) -> str:
        # Python's decoder is stricter than Jackson's: it also refuses overlong forms, encoded
        # surrogates and code points above U+10FFFF. Ours; the words are the same. For names Jackson
        # prints up to four bytes in place of the one at fault, which is not followed.
        try:
            return self._body[start:end].decode()
        except UnicodeDecodeError as error:
            if error.reason == "invalid start byte":
                offset = start + error.start
                reason = words.invalid_start_byte(self._body[offset])
                raise JsonRefusedError(offset, reason) from error
            offset = start + error.end
            if offset == self._end:
                raise self._unfinished_string(is_name=is_name) from error
            reason = words.invalid_middle_byte(self._body[offset])
            raise JsonRefusedError(offset, reason) from error

    def _unfinished_string(self, *, is_name: bool) -> JsonRefusedError:
        if not is_name:
            return JsonRefusedError(self._end, words.end_of_input(" in VALUE_STRING"))
        if self._position + 1 == self._end:
            where = ": was expecting closing '\"' for name"
            return JsonRefusedError(self._end, words.end_of_input(where))
        return JsonRefusedError(self._end, words.end_of_input(" in field name"))

    def _escape(self, start: int, place: str) -> tuple[str, int]:
        """The character of the escape whose backslash is at `start`, and the offset behind it."""
        if start + 1 == self._end:
            raise self._unfinished_escape()
        byte = self._body[start + 1]
        if byte in _ESCAPES:
            return _ESCAPES[byte], start + 2
        if byte != ord("u"):
            char, _ = self._decode_char(start + 1)
            raise JsonRefusedError(start + 1, words.unrecognized_escape(ord(char)))
        unit = self._hex_digits(start + 2)
        if unit == 0:
            raise JsonRefusedError(start, words.escaped_null(place))
        if 0xD800 <= unit < 0xE000:
            return self._surrogate_pair(start, unit)
        return chr(unit), start + 6

    def _surrogate_pair(self, start: int, first: int) -> tuple[str, int]:
        if first >= 0xDC00 or not self._body.startswith(b"\\u", start + 6):
            raise JsonRefusedError(start, words.unmatched_surrogate(first))
        second = self._hex_digits(start + 8)
        if not 0xDC00 <= second < 0xE000:
            raise JsonRefusedError(start, words.broken_surrogate_pair(first, second))
        return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), start + 12

    def _hex_digits(self, start: int) -> int:
        for offset in range(start, start + 4):
            if offset >= self._end:
                raise self._unfinished_escape()
            byte = self._body[offset]
            if byte not in _HEX:
                raise JsonRefusedError(offset, words.unexpected_char(byte, words.A_HEX_DIGIT))
        return int(self._body[start : start + 4], 16)

    def _unfinished_escape(self) -> JsonRefusedError:
        return JsonRefusedError(self._end, words.end_of_input(" in character escape sequence"))

    def _check_length(self, subject: str, text: str, maximum: int, getter: str) -> None:
        length = len(text)
        if length * 2 > maximum:
            length = len(text.encode("utf-16-le")) // 2
        if length > maximum:
            raise JsonRefusedError(self.start, words.too_long(subject, length, maximum, getter))

    # --- numbers ----------------------------------------------------------------------------

    def _number(self) -> str:
        self._position += self._body[self._position] == ord("-")
        digits = self._whole_part()
        kind = "VALUE_NUMBER_INT"
        if self._next_is(b"."):
            kind = "VALUE_NUMBER_FLOAT"
            self._position += 1
            digits += self._required_digits(ord("."), words.A_DIGIT_AFTER_POINT)
        if self._next_is(b"eE"):
            kind = "VALUE_NUMBER_FLOAT"
            digits += self._exponent()
        if digits > NUMBER_DIGITS_MAX:
            reason = words.too_long(
                "Number value length", digits, NUMBER_DIGITS_MAX, "getMaxNumberLength"
            )
            raise JsonRefusedError(self.start, reason)
        if not self._open and self._position < self._end and not self._next_is(b" \t\r\n"):
            raise self._unexpected(self._body[self._position], words.A_ROOT_SPACE)
        self.text = self._body[self.start : self._position].decode("ascii")
        return kind

    def _whole_part(self) -> int:
        if self._position == self._end:
            raise self._unfinished_number()
        byte = self._body[self._position]
        if byte == ord("I"):
            raise self._signed_infinity("-")
        if byte == ord("."):
            raise self._unexpected(byte, words.A_VALID_VALUE)
        if byte not in _DIGIT:
            raise self._unexpected_in_number(byte, words.A_DIGIT_AFTER_MINUS)
        digits = self._digits()
        if digits > 1 and byte == ord("0"):
            raise JsonRefusedError(self.start, words.LEADING_ZEROES)
        return digits

    def _exponent(self) -> int:
        mark = self._body[self._position]
        self._position += 1
        if self._next_is(b"+-"):
            mark = self._body[self._position]
            self._position += 1
        if self._position == self._end:
            raise self._unfinished_number()
        return self._required_digits(mark, words.A_DIGIT_IN_EXPONENT)

    def _required_digits(self, last: int, comment: str) -> int:
        digits = self._digits()
        if digits:
            return digits
        if self._position < self._end:
            raise self._unexpected_in_number(self._body[self._position], comment)
        # At the end of the text Jackson names the character it read last.
        reason = words.unexpected_number_char(last, comment)
        raise JsonRefusedError(self._end - 1, reason)

    def _digits(self) -> int:
        start = self._position
        self._position = _end_of(_DIGITS, self._body, start)
        return self._position - start

    def _next_is(self, choice: bytes) -> bool:
        return self._position < self._end and self._body[self._position] in choice

    def _unfinished_number(self) -> JsonRefusedError:
        return JsonRefusedError(self._end, words.end_of_input(f" in {self._previous}"))

    def _unexpected_in_number(self, byte: int, comment: str) -> JsonRefusedError:
        return JsonRefusedError(self._position, words.unexpected_number_char(byte, comment))

    def _signed_infinity(self, sign: str) -> JsonRefusedError:
        """The refusal of what stands at an `I` behind a sign: `-INF`, `-Infinity`, or neither."""
        following = self._position + 1
        if following == self._end:
            return JsonRefusedError(self._end, words.end_of_input(" in a Number value"))
        byte = self._body[following]
        if byte in b"Nn":
            word = f"{sign}INF" if byte == ord("N") else f"{sign}Infinity"
            return self._non_standard(word.encode(), 3)
        self._position = following
        if sign == "+":
            return self._plus_sign()
        return self._unexpected_in_number(byte, words.A_DIGIT_AFTER_MINUS)

    def _plus_sign(self) -> JsonRefusedError:
        reason = words.unexpected_number_char(ord("+"), words.NO_PLUS_SIGN)
        return JsonRefusedError(self.start, reason)

    # --- words and unexpected characters ----------------------------------------------------

    def _literal(self, word: bytes, matched: int) -> None:
        """Reads `word`, whose first `matched` bytes are known to stand at `start`."""
        while matched < len(word):
            offset = self.start + matched
            if offset >= self._end or self._body[offset] != word[matched]:
                raise self._unrecognized(offset)
            matched += 1
        self._position = self.start + len(word)
        self.text = word.decode("ascii")
        if self._position < self._end:
            self._refuse_longer_word(self._body[self._position])

    def _refuse_longer_word(self, byte: int) -> None:
        # Jackson looks at the next byte only if it is not below "0", and takes the first byte of
        # a longer character for its second.
        if byte < ord("0") or byte in b"]}":
            return
        if 0xC0 <= byte < 0xF8:
            raise JsonRefusedError(self._position, words.invalid_middle_byte(byte))
        char, _ = self._decode_char(self._position)
        if _is_identifier_part(char):
            raise self._unrecognized(self._position)

    def _non_standard(self, word: bytes, matched: int) -> JsonRefusedError:
        self._literal(word, matched)
        return JsonRefusedError(self.start, words.non_standard_token(word.decode("ascii")))

    def _unrecognized(self, position: int) -> JsonRefusedError:
        """The refusal of the word at `start`, of which the bytes before `position` are read."""
        text = self._body[self.start : position].decode("latin-1")
        while position < self._end:
            char, position = self._decode_char(position)
            if not _is_identifier_part(char):
                break
            text += char
            if len(text) >= WORD_MAX:
                text += "..."
                break
        return JsonRefusedError(self.start, words.unrecognized_token(text))

    def _unexpected_value(self, byte: int) -> JsonRefusedError:
        if byte in b",}" or (byte == ord("]") and not self._open[-1].is_object):
            return self._unexpected(byte, words.A_VALUE)
        if byte in _NON_STANDARD:
            return self._non_standard(_NON_STANDARD[byte], 1)
        if byte == ord("+"):
            return self._unexpected_plus()
        # Jackson takes the first byte of a longer character for a character of its own here, so
        # a typographic quote is refused as an invalid start byte: that of its second byte.
        if unicodedata.category(chr(byte)) in _IDENTIFIER_START:
            return self._unrecognized(self._position + 1)
        return self._unexpected(byte, words.A_VALID_VALUE)

    def _unexpected_plus(self) -> JsonRefusedError:
        self._position += 1
        if self._position == self._end:
            return JsonRefusedError(self._end, words.end_of_input(" in a Number value"))
        if self._body[self._position] == ord("I"):
            return self._signed_infinity("+")
        return self._plus_sign()

    def _unexpected(self, byte: int, comment: str) -> JsonRefusedError:
        return JsonRefusedError(self._position, words.unexpected_char(byte, comment))

    def _decode_char(self, offset: int) -> tuple[str, int]:
        """The character at `offset` of the body and the offset behind it."""
        lead = self._body[offset]
        length = 1 + (lead >= 0xC2) + (lead >= 0xE0) + (lead >= 0xF0)
        following = min(offset + length, self._end)
        try:
            return self._body[offset:following].decode(), following
        except UnicodeDecodeError as error:
            if error.reason == "invalid start byte":
                raise JsonRefusedError(offset, words.invalid_start_byte(lead)) from error
            fault = offset + error.end
            if fault == self._end:
                raise self._unfinished_number() from error
            reason = words.invalid_middle_byte(self._body[fault])
            raise JsonRefusedError(fault, reason) from error


def _end_of(pattern: re.Pattern[bytes], body: bytes, start: int) -> int:
    match = pattern.match(body, start)
    assert match is not None, "every pattern here matches the empty text"
    return match.end()


def _is_identifier_part(char: str) -> bool:
    if unicodedata.category(char) in _IDENTIFIER_PART:
        return True
    # Java also takes the controls that it ignores in identifiers.
    return char <= "\x08" or "\x0e" <= char <= "\x1b" or "\x7f" <= char <= "\x9f"
