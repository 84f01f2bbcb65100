"""Calculation formulas: read, put into their canonical form, and computed.

`language` has the words as tables, `parser` makes a tree (`nodes`) of them, `typing` tells whether
its parts fit, `canonical` writes it down, `evaluate` computes it for one record, `derivation` says
which formulas a write concerns.
"""

from moyeu.crm.formulas.canonical import canonical
from moyeu.crm.formulas.derivation import (
    formula_derivation,
    formula_filling,
    formula_of,
    is_circular,
)
from moyeu.crm.formulas.nodes import FaultKind, Formula, FormulaFault
from moyeu.crm.formulas.parser import parse_formula

__all__ = [
    "FaultKind",
    "Formula",
    "FormulaFault",
    "canonical",
    "formula_derivation",
    "formula_filling",
    "formula_of",
    "is_circular",
    "parse_formula",
    "property_names_in",
]


def property_names_in(formula: str) -> frozenset[str]:
    """The names of the properties that a formula reads, in lower case.

    Empty for a formula that cannot be read.
    """
    parsed = parse_formula(formula)
    return parsed.names if isinstance(parsed, Formula) else frozenset()
