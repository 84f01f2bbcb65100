"""The values of HubSpot's own calculated properties, from the formulas in their definitions."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from moyeu.catalog.properties import PropertyType
from moyeu.crm.formulas.derivation import formula_of, in_order
from moyeu.crm.formulas.evaluate import RecordValues, evaluate
from moyeu.crm.formulas.nodes import Formula
from moyeu.crm.formulas.parser import parse_formula
from moyeu.crm.type_rules.draft import Draft, Step
from moyeu.crm.type_rules.rules import Properties
from moyeu.crm.values.moment import read_ms, render_ms

_NOTHING_FURTHER: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Calculation:
    name: str
    formula: Formula
    is_moment: bool


def formula_values(
    properties: Properties,
    *,
    except_for: Set[str] = frozenset(),
    further: Mapping[str, str] = _NOTHING_FURTHER,
) -> Step:
    """Computes each formula when the record is made and whenever one of its inputs changes.

    except_for: properties that are set in another way. further: formulas of ours for properties
    whose definition, as far as known, has none. A formula of a datetime property gives
    milliseconds, and the value is written as a moment (observed 2026-03: `hs_v2_*`).
    """
    calculations = _calculations(properties, except_for, further)
    inputs = frozenset().union(*(each.formula.names for each in calculations))
    types: dict[str, PropertyType] = {name: each.type for name, each in properties.items()}

    def compute(draft: Draft) -> None:
        if not draft.concerns(*inputs):
            return
        texts = {**draft.before, **draft.changed}
        for each in calculations:
            if not draft.concerns(*each.formula.names):
                continue
            changed_at_ms = dict.fromkeys(each.formula.names & draft.changed.keys(), draft.now_ms)
            text = evaluate(each.formula, RecordValues(texts, types, changed_at_ms))
            moment_ms = read_ms(text) if each.is_moment else None
            draft.put(each.name, text if moment_ms is None else render_ms(moment_ms))
            texts[each.name] = draft.text(each.name)

    return compute


def _calculations(
    properties: Properties, except_for: Set[str], further: Mapping[str, str]
) -> list[_Calculation]:
    """Each formula after those whose results it reads."""
    formulas = {
        name: formula
        for name, each in properties.items()
        if each.hubspot_defined
        and name not in except_for
        and (formula := formula_of(each)) is not None
    }
    formulas |= {name: _parsed(text) for name, text in further.items() if name in properties}
    order = in_order(formulas)
    assert len(order) == len(formulas), "HubSpot's own formulas know no cycle"
    return [
        _Calculation(name, formulas[name], properties[name].type == "datetime") for name in order
    ]


def _parsed(text: str) -> Formula:
    formula = parse_formula(text)
    assert isinstance(formula, Formula), text
    return formula
