"""What a formula results in, and which operands fit together.

The types follow from the formula alone: a bare name is a number whatever the property is
(documented), so `'n: ' + amount` is refused whoever defines it (documented too).
"""

from typing import Final

from moyeu.crm.formulas.language import FUNCTIONS, ValueType
from moyeu.crm.formulas.nodes import (
    Call,
    Chain,
    Comparison,
    Conditional,
    Flag,
    Negative,
    Node,
    Not,
    Number,
    Reference,
    Text,
)

_EMPTY: Final = Text("")


def type_of(node: Node) -> ValueType:
    """What the part results in, if its own parts fit together."""
    match node:
        case Number() | Negative():
            return "number"
        case Text():
            return "string"
        case Flag() | Not() | Comparison():
            return "bool"
        case Reference():
            return node.type
        case Call():
            return FUNCTIONS[node.function].result
        case Chain():
            return "bool" if node.rest[0][0] in ("and", "or") else "number"
        case Conditional():
            results = [each for each in _results(node) if each != _EMPTY]
            return type_of(results[0]) if results else "string"


def misfit_of(node: Node) -> Node | None:
    """The first part whose type its surroundings do not take; None when all fit."""
    for part, wanted in _expectations(node):
        if misfit := misfit_of(part):
            return misfit
        if wanted is not None and type_of(part) != wanted:
            return part
    return None


def _expectations(node: Node) -> list[tuple[Node, ValueType | None]]:
    """The parts of a node, each with the type it must have."""
    match node:
        case Number() | Text() | Flag() | Reference():
            return []
        case Negative():
            return [(node.operand, "number")]
        case Not():
            return [(node.operand, "bool")]
        case Call():
            wanted = FUNCTIONS[node.function].arguments
            last = len(wanted) - 1
            return [(each, wanted[min(at, last)]) for at, each in enumerate(node.arguments)]
        case Chain():
            operand = type_of(node)
            return [(node.first, operand), *((each, operand) for _, each in node.rest)]
        case Comparison():
            # Sizes are of numbers only (documented); that flags can be equal is a guess.
            operand = type_of(node.left) if node.comparator == "equals" else "number"
            return [(node.left, operand), (node.right, operand)]
        case Conditional():
            result = type_of(node)
            conditions: list[tuple[Node, ValueType | None]] = [
                (each, "bool") for each, _ in node.branches
            ]
            # An empty text stands for no value in HubSpot's own formulas, beside any type.
            results = [(each, None if each == _EMPTY else result) for each in _results(node)]
            return conditions + results


def _results(node: Conditional) -> list[Node]:
    results = [result for _, result in node.branches]
    return results if node.otherwise is None else [*results, node.otherwise]
