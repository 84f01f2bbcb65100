"""One token against a shape without parts: text, flags, counts, choices.

Also the refusals and the spelling of numbers that containers share with them.
"""

import math
from decimal import Decimal
from typing import Final

from moyeu.wire.jackson import words
from moyeu.wire.jackson.scanner import JsonRefusedError, Scanner
from moyeu.wire.jackson.shapes import (
    LONG,
    TEXT,
    Any,
    Choice,
    Count,
    Flag,
    Shape,
    Text,
    java_class_of,
)

_TRUE_TEXTS: Final = frozenset({"true", "True", "TRUE"})
_FALSE_TEXTS: Final = frozenset({"false", "False", "FALSE"})
_FLAG_TEXTS: Final = {
    "boolean": 'only "true"/"True"/"TRUE" or "false"/"False"/"FALSE" recognized',
    "java.lang.Boolean": 'only "true" or "false" recognized',
}
# What Java's String.trim removes.
_JAVA_SPACE: Final = "".join(map(chr, range(0x21)))
_LONG_DIGITS: Final = len(str(LONG.maximum))
_NUMBERS: Final = frozenset({"VALUE_NUMBER_INT", "VALUE_NUMBER_FLOAT"})
_SCALARS: Final = _NUMBERS | {"VALUE_STRING", "VALUE_TRUE", "VALUE_FALSE"}


def bind_text(scanner: Scanner, kind: str) -> str | None:
    """The text of a string, number or boolean as spelled; None for `null`."""
    if kind in _SCALARS:
        return scanner.text
    if kind == "VALUE_NULL":
        return None
    raise wrong_token(scanner, kind, TEXT)


def bind_flag(scanner: Scanner, kind: str, shape: Flag) -> bool | None:
    """True or False; None for `null` and blank text, which Java makes its default."""
    if kind in {"VALUE_TRUE", "VALUE_FALSE"}:
        return kind == "VALUE_TRUE"
    if kind == "VALUE_NULL":
        return None
    if kind == "VALUE_NUMBER_INT":
        return int(scanner.text) != 0
    if kind != "VALUE_STRING":
        raise wrong_token(scanner, kind, shape)
    text = scanner.text.strip(_JAVA_SPACE)
    if not text:
        return None
    if text not in _TRUE_TEXTS | _FALSE_TEXTS:
        raise _wrong_text(scanner, shape, _FLAG_TEXTS[shape.java_type])
    return text in _TRUE_TEXTS


def bind_count(scanner: Scanner, kind: str, shape: Count) -> int | None:
    """A whole number, a fraction cut towards zero; None for `null` and blank text."""
    if kind == "VALUE_NULL":
        return None
    if kind in _NUMBERS:
        number = _whole(scanner.text)
        if number is None or not shape.minimum <= number <= shape.maximum:
            reason = words.out_of_range(scanner.text, shape.java_type, shape.minimum, shape.maximum)
            raise JsonRefusedError(scanner.start, reason)
        return number
    if kind != "VALUE_STRING":
        raise wrong_token(scanner, kind, shape)
    return _count_of_text(scanner, shape)


def _count_of_text(scanner: Scanner, shape: Count) -> int | None:
    text = scanner.text.strip(_JAVA_SPACE)
    if not text:
        return None
    digits = text[1:] if text[0] in "+-" else text
    significant = digits.lstrip("0") or "0"
    # More digits than a `long` has are not turned into a number, so the time is bounded.
    if not (digits.isascii() and digits.isdigit() and len(significant) <= _LONG_DIGITS):
        raise _wrong_text(scanner, shape, f"not a valid `{shape.java_type}` value")
    number = int(significant) * (-1 if text[0] == "-" else 1)
    if shape.minimum <= number <= shape.maximum:
        return number
    if LONG.minimum <= number <= LONG.maximum:
        reason = words.overflow(text, shape.java_type, shape.minimum, shape.maximum)
        raise _wrong_text(scanner, shape, reason)
    raise _wrong_text(scanner, shape, f"not a valid `{shape.java_type}` value")


def bind_choice(scanner: Scanner, kind: str, shape: Choice) -> str | None:
    """One of the names, white space around it ignored; None for `null`."""
    if kind == "VALUE_NULL":
        return None
    if kind != "VALUE_STRING":
        # Ours: Jackson would take a number as the place in an order that nobody published.
        raise wrong_token(scanner, kind, shape)
    text = scanner.text.strip(_JAVA_SPACE)
    if not text:
        raise not_from_text(scanner, shape, f"`{shape.java_type}` value")
    if text not in shape.names:
        accepted = f"not one of the values accepted for Enum class: [{', '.join(shape.names)}]"
        raise _wrong_text(scanner, shape, accepted)
    return text


def wrong_token(scanner: Scanner, kind: str, shape: Shape) -> JsonRefusedError:
    """The refusal of a token of the wrong kind."""
    java_type = "java.lang.String" if isinstance(shape, Text | Any) else shape.java_type
    return JsonRefusedError(scanner.start, words.wrong_token(java_type, kind))


def _wrong_text(scanner: Scanner, shape: Flag | Count | Choice, reason: str) -> JsonRefusedError:
    return JsonRefusedError(
        scanner.start, words.wrong_text(shape.java_type, scanner.text.strip(_JAVA_SPACE), reason)
    )


def not_from_text(scanner: Scanner, shape: Shape, target: str) -> JsonRefusedError:
    """The refusal of a string where something with parts, or a known name, is due.

    target: what an empty string would have to become, as `words.not_coercible` takes it.
    """
    text = scanner.text.strip(_JAVA_SPACE)
    if not text:
        return JsonRefusedError(scanner.start, words.not_coercible(target))
    reason = words.not_constructible(java_class_of(shape), "String", "String", f"'{text}'")
    return JsonRefusedError(scanner.start, reason)


# --- Java's numbers -------------------------------------------------------------------------


def integer_argument(text: str) -> str:
    """The Java type that an integer of at most 1000 digits has, as a constructor's argument."""
    number = int(text)
    if -(2**31) <= number < 2**31:
        return "int/Int"
    return "long/Long" if -(2**63) <= number < 2**63 else "BigInteger"


def _whole(text: str) -> int | None:
    """The number without its fraction, None if it is beyond every double."""
    if text.lstrip("-").isdigit():
        return int(text)
    number = float(text)
    return int(number) if math.isfinite(number) else None


def java_double(text: str) -> str:
    """A number as Java prints the double it denotes: `1.5`, `1.0E7`, `1.0E-4`."""
    number = float(text)
    if not math.isfinite(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, _ = Decimal(repr(number)).normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    exponent = Decimal(repr(number)).adjusted()
    return f"{'-' * sign}{digits[0]}.{fraction}E{exponent}"
