"""How a formula is kept: one spelling for all that mean the same.

Observed 2026-09 and 10: keywords in lower case, texts in single quotes, `+` of texts as
`concatenate`, `=` as `equals`, `!=` as `not (x equals y)`, `10a` as `10 * a`, no brackets that
change nothing, `2.50` as `2.5`. What is not named here is a guess: `endif` exactly where there is
no `else`, brackets after every `not` (as in HubSpot's own formulas), double quotes around a text
that holds a single one.
"""

from typing import Final

from moyeu.crm.formulas.nodes import (
    Call,
    Chain,
    Comparison,
    Conditional,
    Flag,
    Joint,
    Negative,
    Node,
    Not,
    Number,
    Reference,
    Text,
)

_CHAIN_RANKS: Final[dict[Joint, int]] = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6}
_CONDITIONAL, _NOT, _COMPARISON, _NEGATIVE, _OPERAND = 0, 3, 4, 7, 8


def canonical(root: Node, *, numbers_as_written: bool = False) -> str:
    """A formula, or a part of one, in the spelling that is kept.

    numbers_as_written: with `2.50` where it was written so; the answer to a create has this
    (observed 2026-10).
    """
    return _Writer(numbers_as_written).write(root, _CONDITIONAL)


class _Writer:
    def __init__(self, numbers_as_written: bool) -> None:
        self._numbers_as_written = numbers_as_written

    def write(self, node: Node, rank_min: int) -> str:
        """The node, in brackets if it binds weaker than its place needs."""
        text, rank = self._written(node)
        return text if rank >= rank_min else f"({text})"

    def _written(self, node: Node) -> tuple[str, int]:
        """The text of a node and how strongly it binds."""
        match node:
            case Number():
                return self._number(node.text), _OPERAND
            case Text():
                return _quoted(node.value), _OPERAND
            case Flag():
                return ("true" if node.value else "false"), _OPERAND
            case Reference():
                return (
                    node.name if node.type == "number" else f"{node.type}({node.name})"
                ), _OPERAND
            case Call():
                arguments = ", ".join(self.write(each, _CONDITIONAL) for each in node.arguments)
                return f"{node.function}({arguments})", _OPERAND
            case Negative():
                return f"-{self.write(node.operand, _NEGATIVE)}", _NEGATIVE
            case Not():
                return f"not ({self.write(node.operand, _CONDITIONAL)})", _NOT
            case Comparison():
                left = self.write(node.left, _COMPARISON + 1)
                right = self.write(node.right, _COMPARISON + 1)
                return f"{left} {node.comparator} {right}", _COMPARISON
            case Chain():
                return self._chain(node)
            case Conditional():
                return self._conditional(node), _CONDITIONAL

    def _chain(self, node: Chain) -> tuple[str, int]:
        rank = _CHAIN_RANKS[node.rest[0][0]]
        parts = [self.write(node.first, rank)]
        for joint, operand in node.rest:
            parts += [joint, self.write(operand, rank + 1)]
        return " ".join(parts), rank

    def _conditional(self, node: Conditional) -> str:
        branches = " elseif ".join(
            f"{self.write(condition, _CONDITIONAL)} then {self.write(result, _CONDITIONAL)}"
            for condition, result in node.branches
        )
        if node.otherwise is None:
            return f"if {branches} endif"
        return f"if {branches} else {self.write(node.otherwise, _CONDITIONAL)}"

    def _number(self, text: str) -> str:
        if self._numbers_as_written:
            return text
        whole, _, fraction = text.partition(".")
        fraction = fraction.rstrip("0")
        whole = whole.lstrip("0") or "0"
        return f"{whole}.{fraction}" if fraction else whole


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"
