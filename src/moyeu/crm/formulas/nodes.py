"""A formula as a tree."""

from dataclasses import dataclass
from typing import Literal

from moyeu.crm.formulas.language import ValueType

Joint = Literal["+", "-", "*", "/", "and", "or"]
"""An operator between two operands of a chain."""

Comparator = Literal["<", ">", "<=", ">=", "equals"]
"""`=` is `equals`, and `!=` is `not (… equals …)`: observed 2026-09, they are stored so."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: digits with at most one point."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text without its quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a property, read as `type`; the name is in lower case."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; a `+` of texts is a call of `concatenate`."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """A minus before an operand."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands joined from left to right by operators of one rank; `rest` is never empty.

    A chain and no pairs, so that a long sum is not a deep tree.
    """

    first: "Node"
    rest: tuple[tuple[Joint, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands compared."""

    left: "Node"
    comparator: Comparator
    right: "Node"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`if … then … elseif … then … else …`: pairs of condition and result, then the last resort."""

    branches: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node | None"


Node = Number | Text | Flag | Reference | Call | Negative | Not | Chain | Comparison | Conditional
"""A formula or a part of it."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A well-formed formula; `names` are the properties that it reads, in lower case."""

    root: Node
    type: ValueType
    names: frozenset[str]


FaultKind = Literal[
    "unexpected", "unfinished", "unknown_function", "arity", "type", "too_deep", "too_long"
]
"""Why a formula is refused."""


@dataclass(frozen=True, slots=True)
class FormulaFault:
    """What is wrong with a formula: the part at fault and its 1-based column, 0 for the whole."""

    kind: FaultKind
    part: str
    column: int
