"""The sentences of Jackson, the library that decodes HubSpot's request bodies.

Only words live here, no decision when to say them. Source: jackson-core and jackson-databind
2.17.2 as run, the same in 2.21.2; which version HubSpot runs is not known. The sentences that
HubSpot has been seen to send are told apart in the tests.
"""

from typing import Final

VALIDATION_ERROR: Final = "VALIDATION_ERROR"

# The two answers that have no position. The first is what object routes answer to a request
# without a body (observed 2022 and 2025), the second what the decoder says when it finds no
# token at all (observed 2022).
NO_BODY: Final = "Invalid JSON input: a request body was expected, but none found"
NO_CONTENT: Final = "Invalid input JSON: No content (empty input stream)"

VALUE_TOKENS: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
A_VALID_VALUE: Final = f"expected a valid value {VALUE_TOKENS}"
A_VALUE: Final = "expected a value"
A_FIELD_NAME: Final = "was expecting double-quote to start field name"
A_COLON: Final = "was expecting a colon to separate field name and value"
A_HEX_DIGIT: Final = "expected a hex-digit for character escape sequence"
A_ROOT_SPACE: Final = "Expected space separating root-level values"
NO_COMMENT: Final = (
    "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not "
    "enabled for parser)"
)
A_DIGIT_AFTER_MINUS: Final = "expected digit (0-9) to follow minus sign, for valid numeric value"
A_DIGIT_AFTER_POINT: Final = "Decimal point not followed by a digit"
A_DIGIT_IN_EXPONENT: Final = "Exponent indicator not followed by a digit"
NO_PLUS_SIGN: Final = (
    "JSON spec does not allow numbers to have plus signs: enable "
    "`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
)
LEADING_ZEROES: Final = "Invalid numeric value: Leading zeroes not allowed"

# Since 2.16 a location inside a sentence hides the text it points into.
_SOURCE: Final = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"

_TOKEN_TEXT: Final = {
    "START_OBJECT": "Object value",
    "START_ARRAY": "Array value",
    "VALUE_STRING": "String value",
    "VALUE_NUMBER_INT": "Integer value",
    "VALUE_NUMBER_FLOAT": "Floating-point value",
    "VALUE_TRUE": "Boolean value",
    "VALUE_FALSE": "Boolean value",
    "VALUE_NULL": "Null value",
}

_QUOTED_MAX: Final = 500


# --- the parser -----------------------------------------------------------------------------


def describe_char(code: int) -> str:
    """A character as Jackson names it: `'x' (code 120)`, `(CTRL-CHAR, code 10)`."""
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"(CTRL-CHAR, code {code})"
    if code > 0xFF:
        return f"'{chr(code)}' (code {code} / 0x{code:x})"
    return f"'{chr(code)}' (code {code})"


def unexpected_char(code: int, comment: str) -> str:
    return f"Unexpected character ({describe_char(code)}): {comment}"


def unexpected_number_char(code: int, comment: str) -> str:
    return f"Unexpected character ({describe_char(code)}) in numeric value: {comment}"


def a_comma(container: str) -> str:
    return f"was expecting comma to separate {container} entries"


def unrecognized_token(text: str) -> str:
    return f"Unrecognized token '{text}': was expecting {VALUE_TOKENS}"


def non_standard_token(text: str) -> str:
    return (
        f"Non-standard token '{text}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
    )


def illegal_space(code: int) -> str:
    return (
        f"Illegal character ({describe_char(code)}): "
        r"only regular white space (\r, \n, \t) is allowed between tokens"
    )


def illegal_unquoted(code: int, place: str) -> str:
    return (
        f"Illegal unquoted character ({describe_char(code)}): "
        f"has to be escaped using backslash to be included in {place}"
    )


def unrecognized_escape(code: int) -> str:
    return f"Unrecognized character escape {describe_char(code)}"


def escaped_null(place: str) -> str:
    """Ours: Jackson takes `\\u0000`; no store of ours keeps it."""
    return f"Illegal character ({describe_char(0)}): not allowed in {place}"


def unmatched_surrogate(unit: int) -> str:
    """Ours to refuse; the words are those of Jackson's writer."""
    part = "first" if unit < 0xDC00 else "second"
    return f"Unmatched {part} part of surrogate pair (0x{unit:x})"


def broken_surrogate_pair(first: int, second: int) -> str:
    """Ours to refuse; the words are those of Jackson's writer."""
    return (
        f"Broken surrogate pair: first char 0x{first:x}, second 0x{second:x}; illegal combination"
    )


def invalid_start_byte(byte: int) -> str:
    return f"Invalid UTF-8 start byte 0x{byte:x}"


def invalid_middle_byte(byte: int) -> str:
    return f"Invalid UTF-8 middle byte 0x{byte:x}"


def end_of_input(where: str) -> str:
    return f"Unexpected end-of-input{where}"


def end_of_input_between(container: str) -> str:
    return f"Unexpected end-of-input within/between {container} entries"


def unclosed(container: str, line: int, column: int) -> str:
    return end_of_input(
        f": expected close marker for {container} "
        f"(start marker at {_SOURCE}; line: {line}, column: {column}])"
    )


def wrong_close_marker(found: str, due: str, container: str, line: int, column: int) -> str:
    """column: 0 for the root, whose place Jackson prints without a column."""
    place = f"line: {line}, column: {column}" if column else f"line: {line}"
    return (
        f"Unexpected close marker '{found}': expected '{due}' "
        f"(for {container} starting at {_SOURCE}; {place}])"
    )


def duplicate_field(name: str) -> str:
    """Ours to refuse; the words are those of STRICT_DUPLICATE_DETECTION."""
    return f"Duplicate field '{name}'"


def too_long(subject: str, length: int, maximum: int, getter: str) -> str:
    return (
        f"{subject} ({length}) exceeds the maximum allowed "
        f"({maximum}, from `StreamReadConstraints.{getter}()`)"
    )


# --- the binding of tokens to Java types ----------------------------------------------------


def wrong_token(java_type: str, token: str) -> str:
    return (
        f"Cannot deserialize value of type `{java_type}` "
        f"from {_TOKEN_TEXT[token]} (token `JsonToken.{token}`)"
    )


def wrong_text(java_type: str, text: str, reason: str) -> str:
    return f'Cannot deserialize value of type `{java_type}` from String "{_cut(text)}": {reason}'


def not_constructible(java_class: str, argument: str, source: str, value: str) -> str:
    return (
        f"Cannot construct instance of `{java_class}` (although at least one Creator exists): "
        f"no {argument}-argument constructor/factory method to deserialize "
        f"from {source} value ({value})"
    )


def not_coercible(target: str) -> str:
    """target: `element of …` for containers, else `… value`."""
    return (
        f'Cannot coerce empty String ("") to {target} '
        "(but could if coercion was enabled using `CoercionConfig`)"
    )


def out_of_range(number: str, java_type: str, minimum: int, maximum: int) -> str:
    return f"Numeric value ({number}) out of range of {java_type} ({minimum} - {maximum})"


def overflow(number: str, java_type: str, minimum: int, maximum: int) -> str:
    """The reason for a text whose number fits a `long` only; the spacing is Jackson's."""
    return f"Overflow: numeric value ({number}) out of range of {java_type} ({minimum} -{maximum})"


def trailing_token(token: str, java_class: str) -> str:
    return (
        f"Trailing token (of type {token}) found after value (bound as `{java_class}`): "
        "not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
    )


# --- HubSpot's own checks while decoding ----------------------------------------------------


def required_fields(names: list[str]) -> str:
    return f"Some required fields were not set: [{', '.join(names)}]"


def attributes_not_set(name: str, attributes: list[str]) -> str:
    """name: of the class, without its package."""
    return f"Cannot build {name}, some of required attributes are not set [{', '.join(attributes)}]"


def not_constructed(java_class: str, problem: str) -> str:
    return f"Cannot construct instance of `{java_class}`, problem: {problem}"


def invalid_property_names(names: list[str]) -> str:
    return (
        "Names for properties should be lowercase and have less than 100 characters. "
        f"Invalid names: [{', '.join(names)}]"
    )


def _cut(text: str) -> str:
    if len(text) <= _QUOTED_MAX:
        return text
    return f"{text[:_QUOTED_MAX]}]...[{text[-_QUOTED_MAX:]}"
