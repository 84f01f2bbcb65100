"""From the text of a formula to its tree.

Recursive descent; the rank of an operator is its place in `_RANKS`. Where documentation is silent
the grammar is a guess: the ranks, that `not` reaches as far as an `and` or `or`, that comparisons
do not chain, and that a condition stands only where an expression begins.
"""

from functools import lru_cache
from typing import Final, NoReturn

from moyeu.catalog.limits import FORMULA_CHARACTERS_MAX
from moyeu.crm.formulas.canonical import canonical
from moyeu.crm.formulas.language import FUNCTIONS, KEYWORDS, NESTING_MAX, WRAPPERS, ValueType
from moyeu.crm.formulas.nodes import (
    Call,
    Chain,
    Comparator,
    Comparison,
    Conditional,
    FaultKind,
    Flag,
    Formula,
    FormulaFault,
    Joint,
    Negative,
    Node,
    Not,
    Number,
    Reference,
    Text,
)
from moyeu.crm.formulas.tokens import Token, tokens_of
from moyeu.crm.formulas.typing import misfit_of, type_of

_RANKS: Final[tuple[dict[str, Joint], ...]] = (
    {"or": "or"},
    {"and": "and"},
    {},  # `not` and comparisons, which do not chain
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/"},
)
_COMPARISONS_RANK: Final = 2
_COMPARATORS: Final[dict[str, Comparator]] = {
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "=": "equals",
    "equals": "equals",
}
_FLAGS: Final = {"true": True, "false": False}


class _RefusedError(Exception):
    def __init__(self, fault: FormulaFault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


@lru_cache(maxsize=2_048)
def parse_formula(formula: str) -> Formula | FormulaFault:
    """The formula as a tree, or the first thing wrong with it.

    The canonical form can be read too: it may be nested more deeply than what was written, and
    longer.
    Source: the grammar of the properties guide of 2026-03; `[ ]` and `if(…)` observed refused.
    """
    parsed = _parse(formula)
    if isinstance(parsed, Formula):
        again = _parse(canonical(parsed.root))
        return again if isinstance(again, FormulaFault) else parsed
    return parsed


def _parse(formula: str) -> Formula | FormulaFault:
    if len(formula) > FORMULA_CHARACTERS_MAX:
        return FormulaFault("too_long", "", 0)
    parser = _Parser(formula)
    try:
        root = parser.whole()
    except _RefusedError as refused:
        return refused.fault
    if misfit := misfit_of(root):
        return FormulaFault("type", canonical(misfit), 0)
    return Formula(root, type_of(root), frozenset(parser.names))


class _Parser:
    """Reads the words of one formula from left to right."""

    def __init__(self, formula: str) -> None:
        self.names: set[str] = set()
        self._tokens = tokens_of(formula)
        self._next = next(self._tokens)
        self._depth = 0

    def whole(self) -> Node:
        """The tree of all words."""
        root = self._expression()
        if self._next.kind != "end":
            self._refuse_next()
        return root

    # --- words -------------------------------------------------------------------------------

    def _take(self) -> Token:
        token = self._next
        if token.kind in ("end", "stray"):
            self._refuse_next()
        self._next = next(self._tokens)
        return token

    def _is_next(self, text: str) -> bool:
        return self._next.kind in ("symbol", "word") and self._next.text == text

    def _takes(self, text: str) -> bool:
        if self._is_next(text):
            self._take()
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            self._refuse_next()

    def _refuse_next(self) -> NoReturn:
        kind: FaultKind = "unfinished" if self._next.kind == "end" else "unexpected"
        self._refuse(kind, self._next)

    @staticmethod
    def _refuse(kind: FaultKind, token: Token) -> NoReturn:
        raise _RefusedError(FormulaFault(kind, token.text, token.column))

    # --- expressions -------------------------------------------------------------------------

    def _expression(self) -> Node:
        self._enter()
        node = self._conditional() if self._takes("if") else self._chain(0)
        self._depth -= 1
        return node

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > NESTING_MAX:
            raise _RefusedError(FormulaFault("too_deep", "", 0))

    def _conditional(self) -> Conditional:
        branches = [self._branch()]
        while self._takes("elseif"):
            branches.append(self._branch())
        otherwise = None
        if self._takes("else"):
            otherwise = self._expression()
        else:
            # It ends a condition early, so that the next `elseif` belongs to the one around it.
            self._takes("endif")
        return Conditional(tuple(branches), otherwise)

    def _branch(self) -> tuple[Node, Node]:
        condition = self._expression()
        self._expect("then")
        return condition, self._expression()

    def _chain(self, rank: int) -> Node:
        if rank == _COMPARISONS_RANK:
            return self._comparison()
        if rank == len(_RANKS):
            return self._operand()
        joints = _RANKS[rank]
        first = self._chain(rank + 1)
        rest: list[tuple[Joint, Node]] = []
        while self._next.kind in ("symbol", "word") and self._next.text in joints:
            joint = joints[self._take().text]
            rest.append((joint, self._chain(rank + 1)))
        return _joined(first, rest) if rest else first

    def _comparison(self) -> Node:
        if self._is_next("not"):
            self._take()
            self._enter()
            operand = self._comparison()
            self._depth -= 1
            return Not(operand)
        left = self._chain(_COMPARISONS_RANK + 1)
        if self._takes("!="):
            return Not(Comparison(left, "equals", self._chain(_COMPARISONS_RANK + 1)))
        if self._next.kind in ("symbol", "word") and self._next.text in _COMPARATORS:
            comparator = _COMPARATORS[self._take().text]
            return Comparison(left, comparator, self._chain(_COMPARISONS_RANK + 1))
        return left

    # --- operands ----------------------------------------------------------------------------

    def _operand(self) -> Node:
        if self._takes("-"):
            self._enter()
            operand = self._operand()
            self._depth -= 1
            return Negative(operand)
        if self._takes("("):
            node = self._expression()
            self._expect(")")
            return node
        token = self._take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "text":
            return Text(token.text[1:-1])
        if token.kind == "word":
            return self._word(token)
        return self._refuse("unexpected", token)

    def _number(self, token: Token) -> Node:
        """A number alone, or before a name, which it multiplies."""
        number = Number(token.text)
        if self._next.kind == "word" and self._next.text not in KEYWORDS:
            return Chain(number, (("*", self._word(self._take())),))
        return number

    def _word(self, token: Token) -> Node:
        if token.text in _FLAGS:
            return Flag(_FLAGS[token.text])
        if token.text in KEYWORDS:
            self._refuse("unexpected", token)
        if not self._takes("("):
            return self._reference(token.text, "number")
        if token.text in WRAPPERS:
            return self._wrapped(WRAPPERS[token.text])
        return self._call(token)

    def _reference(self, name: str, read_as: ValueType) -> Reference:
        self.names.add(name)
        return Reference(name, read_as)

    def _wrapped(self, read_as: ValueType) -> Reference:
        token = self._take()
        if token.kind != "word" or token.text in KEYWORDS:
            self._refuse("unexpected", token)
        self._expect(")")
        return self._reference(token.text, read_as)

    def _call(self, token: Token) -> Call:
        function = FUNCTIONS.get(token.text)
        if function is None:
            self._refuse("unknown_function", token)
        arguments = self._arguments()
        if not len(function.arguments) <= len(arguments) <= function.most:
            self._refuse("arity", token)
        if function.of_property and not isinstance(arguments[0], Reference):
            self._refuse("type", token)
        return Call(token.text, tuple(arguments))

    def _arguments(self) -> list[Node]:
        if self._takes(")"):
            return []
        arguments = [self._expression()]
        while self._takes(","):
            arguments.append(self._expression())
        self._expect(")")
        return arguments


def _joined(first: Node, rest: list[tuple[Joint, Node]]) -> Node:
    """A chain; a sum that begins with a text is a `concatenate` (observed 2026-09)."""
    if type_of(first) == "string" and all(joint == "+" for joint, _ in rest):
        return Call("concatenate", (first, *(each for _, each in rest)))
    return Chain(first, tuple(rest))
