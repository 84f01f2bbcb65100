"""From the bytes of a request body to plain values of a declared shape, or to one problem.

The oracle of request decoding: exact and linear, with the open containers on a list instead of
the Python stack. It stops at the first fault in the order of the text, as a streaming parser
does. Values keep their spelling; nothing is looked up, defaulted or checked beyond the shape.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from moyeu.wire.jackson import words
from moyeu.wire.jackson.scalars import (
    bind_choice,
    bind_count,
    bind_flag,
    bind_text,
    integer_argument,
    java_double,
    not_from_text,
    wrong_token,
)
from moyeu.wire.jackson.scanner import JsonRefusedError, Scanner
from moyeu.wire.jackson.shapes import (
    ANY,
    TEXT,
    Any,
    Choice,
    Count,
    Flag,
    ListOf,
    Record,
    Shape,
    Text,
    TextMap,
    java_class_of,
    java_type_of,
)

JsonValue: TypeAlias = dict[str, "JsonValue"] | list["JsonValue"] | str | int | bool | None
"""A decoded value: `Count` gives int, `Flag` bool, numbers everywhere else are text."""

PROPERTY_NAME_MAX: Final = 99
"""UTF-16 units of the longest property name that a body may hold."""

# Per token: the argument that a constructor would have to take, and what Jackson calls the value.
_INSTANTIATION: Final = {
    "VALUE_TRUE": ("boolean/Boolean", "boolean"),
    "VALUE_FALSE": ("boolean/Boolean", "boolean"),
    "VALUE_NUMBER_FLOAT": ("double/Double", "Number"),
}


@dataclass(frozen=True, slots=True)
class JsonProblem:
    """Why a body cannot be read.

    message: the complete text of the answer's `message`.
    category: the answer's `category`, None where HubSpot sends none.
    line, column: from 1, None where the message has no position. The column counts bytes and is
        that of the first byte of the token at fault, of the closing brace for checks of a whole
        object, and one past the last byte where the text ends too early.
    """

    message: str
    category: str | None
    line: int | None = None
    column: int | None = None


def read_json(body: bytes, shape: Shape) -> JsonValue | JsonProblem:
    """The value of a request body.

    body: as received, UTF-8 without a byte order mark (ours: Jackson also takes others).
    Records come as dicts without their unknown and absent fields, in the order of the text.
    Refused, with the words of Jackson and of HubSpot's own checks: no body, malformed text, a
    value that does not fit the shape, required fields missing, invalid property names. Ours on
    top: duplicate names in any object, U+0000, lone surrogates.
    Source: recorded answers, see tests/wire/test_jackson.py; for the rest Jackson itself, whose
    versions 2.17.2 and 2.21.2 gave the same words on thousands of damaged bodies. Its columns
    after a word, in white space and in UTF-8 sequences lie further on than ours.
    """
    if not body:
        return JsonProblem(words.NO_BODY, words.VALIDATION_ERROR)
    scanner = Scanner(body)
    try:
        if scanner.at_end():
            return JsonProblem(words.NO_CONTENT, None)
        value = _read_root(scanner, shape)
        _refuse_trailing_token(scanner, shape)
    except JsonRefusedError as refusal:
        return _problem(scanner, refusal)
    if value is None and not isinstance(shape, Any):
        # A guess: a decoded `null` is to HubSpot's resource the same as no body.
        return JsonProblem(words.NO_BODY, words.VALIDATION_ERROR)
    return value


def _problem(scanner: Scanner, refusal: JsonRefusedError) -> JsonProblem:
    line, column = scanner.line_and_column(refusal.offset)
    position = f"Invalid input JSON on line {line}, column {column}"
    message = f"{position}{refusal.separator}{refusal.reason}"
    return JsonProblem(message, refusal.category, line, column)


def _refuse_trailing_token(scanner: Scanner, shape: Shape) -> None:
    # A guess: whether HubSpot's decoder ignores what follows the value is not known.
    kind = scanner.trailing_token()
    if kind is not None:
        raise JsonRefusedError(scanner.start, words.trailing_token(kind, java_class_of(shape)))


# --- containers -----------------------------------------------------------------------------


class _OpenObject:
    """An object being read: a record, a text map, or any object."""

    __slots__ = ("_keeps", "_name", "_names", "_scanner", "_shape", "_values")

    def __init__(self, scanner: Scanner, shape: Record | TextMap | Any) -> None:
        self._scanner = scanner
        self._shape = shape
        self._names: set[str] = set()
        self._values: dict[str, JsonValue] = {}
        self._name = ""
        self._keeps = True

    def next_shape(self) -> Shape | None:
        """The shape due next, None at the end of the object."""
        name = self._scanner.next_name()
        if name is None:
            return None
        if name in self._names:
            # Ours: Jackson would let the last one win.
            raise JsonRefusedError(self._scanner.start, words.duplicate_field(name))
        self._names.add(name)
        self._scanner.colon()
        self._name = name
        return self._shape_of(name)

    def _shape_of(self, name: str) -> Shape:
        if isinstance(self._shape, TextMap):
            return TEXT
        if isinstance(self._shape, Any):
            return ANY
        self._keeps = name in self._shape.fields
        return self._shape.fields.get(name, ANY)

    def take(self, value: JsonValue) -> None:
        if self._keeps:
            self._values[self._name] = value

    def close(self) -> JsonValue:
        """The object read, after the checks that HubSpot makes of a whole record."""
        if isinstance(self._shape, Record):
            self._refuse_missing_fields(self._shape)
            self._refuse_property_names(self._shape)
            self._refuse_by_check(self._shape)
        return self._values

    def _refuse_missing_fields(self, shape: Record) -> None:
        missing = [name for name in shape.required if self._values.get(name) is None]
        if missing:
            raise self._refused(". ", words.required_fields(missing))

    def _refuse_property_names(self, shape: Record) -> None:
        # That missing fields are told before these is a guess; both are told at the same brace.
        for field, value in self._values.items():
            declared = shape.fields[field]
            if isinstance(declared, TextMap) and declared.property_names:
                assert isinstance(value, dict)
                invalid = [name for name in value if not _is_property_name(name)]
                if invalid:
                    raise self._refused(": ", words.invalid_property_names(invalid))

    def _refuse_by_check(self, shape: Record) -> None:
        reason = shape.check(self._values) if shape.check else None
        if reason is not None:
            raise JsonRefusedError(self._scanner.start, reason)

    def _refused(self, separator: str, reason: str) -> JsonRefusedError:
        return JsonRefusedError(
            self._scanner.start,
            reason,
            separator=separator,
            category=words.VALIDATION_ERROR,
        )


class _OpenArray:
    """An array being read."""

    __slots__ = ("_item", "_scanner", "_values")

    def __init__(self, scanner: Scanner, item: Shape) -> None:
        self._scanner = scanner
        self._item = item
        self._values: list[JsonValue] = []

    def next_shape(self) -> Shape | None:
        """The shape due next, None at the end of the array."""
        return self._item if self._scanner.next_item() else None

    def take(self, value: JsonValue) -> None:
        if value is None and not isinstance(self._item, Any):
            # The words are a guess; that a null element is refused is one, too.
            reason = words.wrong_token(java_type_of(self._item), "VALUE_NULL")
            raise JsonRefusedError(self._scanner.start, reason)
        self._values.append(value)

    def close(self) -> JsonValue:
        return self._values


_Open: TypeAlias = _OpenObject | _OpenArray


def _read_root(scanner: Scanner, shape: Shape) -> JsonValue:
    value = _bind(scanner, scanner.root_value(), shape)
    if not isinstance(value, _Open):
        return value
    opened: list[_Open] = [value]
    while True:
        inner = opened[-1]
        due = inner.next_shape()
        if due is not None:
            read = _bind(scanner, scanner.value(), due)
            if isinstance(read, _Open):
                opened.append(read)
            else:
                inner.take(read)
            continue
        closed = opened.pop().close()
        if not opened:
            return closed
        opened[-1].take(closed)


def _is_property_name(name: str) -> bool:
    if len(name) * 2 > PROPERTY_NAME_MAX and _utf16_length(name) > PROPERTY_NAME_MAX:
        return False
    return name == name.lower()


def _utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


# --- one token against one shape ------------------------------------------------------------


def _bind(scanner: Scanner, kind: str, shape: Shape) -> JsonValue | _Open:
    """The value of the token just read, or the container that it opens."""
    match shape:
        case Text():
            return bind_text(scanner, kind)
        case TextMap():
            return _bind_map(scanner, kind, shape)
        case Record():
            return _bind_record(scanner, kind, shape)
        case ListOf():
            return _bind_list(scanner, kind, shape)
        case Any():
            return _bind_any(scanner, kind)
        case Flag():
            return bind_flag(scanner, kind, shape)
        case Count():
            return bind_count(scanner, kind, shape)
        case Choice():
            return bind_choice(scanner, kind, shape)
        case _:
            assert_never(shape)


def _bind_any(scanner: Scanner, kind: str) -> JsonValue | _Open:
    if kind == "START_OBJECT":
        return _OpenObject(scanner, ANY)
    if kind == "START_ARRAY":
        return _OpenArray(scanner, ANY)
    if kind in {"VALUE_TRUE", "VALUE_FALSE"}:
        return kind == "VALUE_TRUE"
    return None if kind == "VALUE_NULL" else scanner.text


def _bind_record(scanner: Scanner, kind: str, shape: Record) -> JsonValue | _Open:
    if kind == "START_OBJECT":
        return _OpenObject(scanner, shape)
    if kind == "VALUE_NULL":
        return None
    if kind == "START_ARRAY":
        raise wrong_token(scanner, kind, shape)
    if kind == "VALUE_STRING":
        raise not_from_text(scanner, shape, f"`{shape.java_type}` value")
    value = scanner.text
    if kind == "VALUE_NUMBER_INT":
        argument, source = integer_argument(value), "Number"
        value = str(int(value))
    else:
        argument, source = _INSTANTIATION[kind]
        if kind == "VALUE_NUMBER_FLOAT":
            value = java_double(value)
    reason = words.not_constructible(shape.java_type, argument, source, value)
    raise JsonRefusedError(scanner.start, reason)


def _bind_map(scanner: Scanner, kind: str, shape: TextMap) -> JsonValue | _Open:
    if kind == "START_OBJECT":
        return _OpenObject(scanner, shape)
    if kind == "VALUE_NULL":
        # A guess, from the observation that a missing list decodes to an empty one.
        return {}
    if kind == "VALUE_STRING":
        raise not_from_text(scanner, shape, f"element of `{shape.java_class}`")
    raise wrong_token(scanner, kind, shape)


def _bind_list(scanner: Scanner, kind: str, shape: ListOf) -> JsonValue | _Open:
    if kind == "START_ARRAY":
        return _OpenArray(scanner, shape.item)
    if kind == "VALUE_NULL":
        return []
    if kind == "VALUE_STRING" and isinstance(shape.item, Text):
        # Jackson reads lists of strings with a decoder of their own, which says it this way.
        raise not_from_text(scanner, shape, f"element of `{shape.java_class}`")
    raise wrong_token(scanner, kind, shape)
