"""What a formula gives for the values of one record.

Numbers are decimals that are added and multiplied exactly: a recorded calculated value has all
digits of such a product (`6000.0000…44409000`, observed 2026). A quotient has 34 significant
digits, half to even (a guess: Java's usual precision). Whatever cannot be computed has no value: a
missing operand, a text that is no number, a division by zero, a number of more than 1,000 digits
(guesses).
"""

import decimal
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from moyeu.catalog.limits import TEXT_VALUE_CHARACTERS_MAX
from moyeu.catalog.properties import PropertyType
from moyeu.crm.formulas.nodes import (
    Call,
    Chain,
    Comparator,
    Comparison,
    Conditional,
    Flag,
    Formula,
    Negative,
    Node,
    Not,
    Number,
    Reference,
    Text,
)
from moyeu.crm.values.moment import read_day, read_iso, read_ms

Value = Decimal | str | bool | None
"""None: it has no value."""

_DIGITS_MAX: Final = 1_000
_QUOTIENT_DIGITS: Final = 34
_PLACES_MAX: Final = 100
"""Decimal places that `round_down` leaves at most."""

# A text that is a number: the same form as a value of a number property.
_DECIMAL: Final = re.compile(r"-?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_FLAGS: Final = {"true": True, "false": False}

_COMPARATORS: Final[dict[Comparator, Callable[[Decimal, Decimal], bool]]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "equals": lambda left, right: left == right,
}


@dataclass(frozen=True, slots=True)
class RecordValues:
    """The values of one record that a formula reads.

    texts: by property name. types: of the properties. changed_at_ms: when a property got its
    value, as far as that is known.
    """

    texts: Mapping[str, str]
    types: Mapping[str, PropertyType]
    changed_at_ms: Mapping[str, int]


def evaluate(formula: Formula, values: RecordValues) -> str:
    """The text that the formula gives as a property value; empty when it has none.

    Numbers are plain decimals, flags `true` and `false`.
    """
    computation = _Computation(values)
    text = _rendered(computation.value_of(formula.root))
    if computation.lost_digits() or len(text) > TEXT_VALUE_CHARACTERS_MAX:
        return ""
    return text


def _rendered(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _plain(value)


def _plain(number: Decimal) -> str:
    # Java's decimals know no negative zero.
    return format(number if number else abs(number), "f")


def _number_in(text: str) -> Decimal | None:
    stripped = text.strip()
    return Decimal(stripped) if _DECIMAL.fullmatch(stripped) else None


class _Computation:
    """One evaluation; it has contexts of its own, as decimal contexts remember what happened."""

    def __init__(self, values: RecordValues) -> None:
        self._values = values
        self._exact = decimal.Context(prec=_DIGITS_MAX, traps=[])
        self._quotient = decimal.Context(
            prec=_QUOTIENT_DIGITS, rounding=decimal.ROUND_HALF_EVEN, traps=[]
        )

    def lost_digits(self) -> bool:
        """Whether a result that must be exact was not."""
        return self._exact.flags[decimal.Inexact]

    def value_of(self, node: Node) -> Value:
        """What a part of the formula gives."""
        match node:
            case Number():
                return Decimal(node.text)
            case Text() | Flag():
                return node.value
            case Reference():
                return self._property(node)
            case Call():
                return self._call(node)
            case Negative():
                number = self._number(node.operand)
                return None if number is None else number.copy_negate()
            case Not():
                flag = self.value_of(node.operand)
                return None if flag is None else not flag
            case Chain():
                return self._chain(node)
            case Comparison():
                return self._comparison(node)
            case Conditional():
                return self._conditional(node)

    def _number(self, node: Node) -> Decimal | None:
        value = self.value_of(node)
        return value if isinstance(value, Decimal) else None

    # --- properties --------------------------------------------------------------------------

    def _property(self, node: Reference) -> Value:
        text = self._values.texts.get(node.name, "")
        if not text:
            return None
        if node.type == "string":
            return text
        if node.type == "bool":
            return _FLAGS.get(text)
        type_ = self._values.types.get(node.name)
        if type_ in ("date", "datetime"):
            moment_ms = _moment(text)
            return None if moment_ms is None else Decimal(moment_ms)
        return _number_in(text)

    # --- operators ---------------------------------------------------------------------------

    def _chain(self, node: Chain) -> Value:
        if node.rest[0][0] in ("and", "or"):
            return self._logic(node)
        number = self._number(node.first)
        for joint, operand in node.rest:
            other = self._number(operand)
            if number is None or other is None:
                return None
            if joint == "+":
                number = self._exact.add(number, other)
            elif joint == "-":
                number = self._exact.subtract(number, other)
            elif joint == "*":
                number = self._exact.multiply(number, other)
            else:
                number = self._quotient.divide(number, other)
            if not number.is_finite():
                return None
        return number

    def _logic(self, node: Chain) -> bool | None:
        """One operand that decides is enough, whatever the others are; else all must be there."""
        deciding = node.rest[0][0] == "or"
        all_there = True
        for operand in (node.first, *(each for _, each in node.rest)):
            flag = self.value_of(operand)
            if flag is deciding:
                return deciding
            all_there = all_there and flag is not None
        return not deciding if all_there else None

    def _comparison(self, node: Comparison) -> bool | None:
        left, right = self.value_of(node.left), self.value_of(node.right)
        if left is None or right is None:
            return None
        if isinstance(left, Decimal) and isinstance(right, Decimal):
            return _COMPARATORS[node.comparator](left, right)
        return left == right

    def _conditional(self, node: Conditional) -> Value:
        for condition, result in node.branches:
            holds = self.value_of(condition)
            if holds is None:
                return None
            if holds:
                return self.value_of(result)
        return None if node.otherwise is None else self.value_of(node.otherwise)

    # --- functions ---------------------------------------------------------------------------

    def _call(self, node: Call) -> Value:
        if node.function == "timestamp":
            return self._timestamp(node.arguments[0])
        values = [self.value_of(each) for each in node.arguments]
        if node.function == "is_present":
            return values[0] is not None
        compute = _FUNCTIONS.get(node.function)
        if compute is None or None in values:
            return None
        return compute(*values)

    def _timestamp(self, node: Node) -> str | None:
        assert isinstance(node, Reference)  # the parser takes nothing else
        moment_ms = self._values.changed_at_ms.get(node.name)
        return None if moment_ms is None else str(moment_ms)


def _moment(text: str) -> int | None:
    for read in (read_iso, read_day, read_ms):
        moment_ms = read(text)
        if moment_ms is not None:
            return moment_ms
    return None


def _round_down(number: Decimal, places: Decimal) -> Decimal | None:
    """Towards zero (a guess), to a whole number of decimal places, which may be negative."""
    if abs(places) > _PLACES_MAX or places != int(places):
        return None
    context = decimal.Context(prec=TEXT_VALUE_CHARACTERS_MAX + _PLACES_MAX, traps=[])
    unit = Decimal(1).scaleb(-int(places))
    rounded = number.quantize(unit, rounding=decimal.ROUND_DOWN, context=context)
    return rounded if rounded.is_finite() else None


def _time_between(begin: Decimal, end: Decimal) -> Decimal:
    """Milliseconds, negative when the second moment is the earlier one."""
    return decimal.Context(prec=_DIGITS_MAX, traps=[]).subtract(end, begin)


def _substring(text: str, begin: Decimal, end: Decimal | None = None) -> str | None:
    """From an index that counts from 0, up to one that is not part of it (a guess: as in Java)."""
    last = Decimal(len(text)) if end is None else end
    if not 0 <= begin <= last <= len(text):
        return None
    return text[int(begin) : int(last)]


_FUNCTIONS: Final[dict[str, Callable[..., Value]]] = {
    "concatenate": lambda *texts: "".join(texts),
    "contains": lambda text, part: part in text,
    "max": max,
    "min": min,
    "number_to_string": _plain,
    "string_to_number": _number_in,
    "round_down": _round_down,
    "substring": _substring,
    "time_between": _time_between,
}
"""What can be computed; the other functions of HubSpot's own formulas give no value."""
