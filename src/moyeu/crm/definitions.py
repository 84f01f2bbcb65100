"""What a portal says about one object type, as a snapshot that the rules read.

A snapshot never changes; a write to definitions makes a new one.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Literal

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.pipelines import Pipeline
from moyeu.catalog.properties import PropertyDefinition, PropertyGroup
from moyeu.crm.admin_rules import NO_ADMIN_RULES, AdminRules
from moyeu.crm.formulas import formula_derivation
from moyeu.crm.type_rules import TypeRules, type_rules
from moyeu.crm.validations import ValidationRule, guarded_rule
from moyeu.crm.values.outcome import Derivation, ValueRule
from moyeu.crm.values.pipeline import pipeline_rule, stage_rule
from moyeu.crm.values.plain import PlainTest, plain_test_of
from moyeu.crm.values.rules import refusal_rule, rule_of


@dataclass(frozen=True, slots=True)
class Team:
    """A team that an owner belongs to; `primary`: whether it is the owner's main one."""

    id: str
    name: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """A user or queue that records can belong to; `id` is decimal text.

    user_id: None of a queue. Times: milliseconds since 1970, UTC.
    """

    id: str
    email: str
    first_name: str
    last_name: str
    user_id: int | None
    archived: bool = False
    type: Literal["PERSON", "QUEUE"] = "PERSON"
    teams: tuple[Team, ...] = ()
    created_at_ms: int = 0
    updated_at_ms: int = 0


# eq=False: a snapshot is itself and no other, and its hash costs nothing.
@dataclass(frozen=True, slots=True, eq=False)
class TypeDefinitions:
    """Definitions of one object type in one portal.

    properties: active ones by name, in name order. archived: the others.
    rules, normalising_rules: by name, for versions without and with date normalisation.
    plain_tests: by name, what tells without the rule that a text is kept as it is.
    refused_names: properties that nobody may write; their rules say so.
    unique_names: active properties whose values are unique and may be read by.
    indexed_names: those and archived properties, whose values may stand in the unique index.
    update_id_names: those that an update takes as `idProperty`: only flagged ones, so neither a
    contact's email nor hs_object_id (records decision table, rows 14 and 15).
    written_back: what a write answers besides the written names, in name order.
    shown_with: what an update answers besides, by name: if one of these names was written.
    never_shown: what no write answers unless it was written.
    begins_in_first_stage: whether a record made without a stage goes into the first one.
    validations: the portal's own rules for values, by property name; `rules` contain them.
    derivations: what follows from changed values, to be applied in this order.
    """

    portal_id: int
    object_type: ObjectType
    properties: Mapping[str, PropertyDefinition]
    archived: Mapping[str, PropertyDefinition]
    groups: tuple[PropertyGroup, ...]
    pipelines: tuple[Pipeline, ...]
    rules: Mapping[str, ValueRule]
    normalising_rules: Mapping[str, ValueRule]
    plain_tests: Mapping[str, PlainTest]
    refused_names: frozenset[str]
    unique_names: frozenset[str]
    indexed_names: frozenset[str]
    update_id_names: frozenset[str]
    written_back: tuple[str, ...]
    shown_with: Mapping[str, tuple[str, ...]]
    never_shown: frozenset[str]
    begins_in_first_stage: bool
    validations: Mapping[str, tuple[ValidationRule, ...]]
    admin_rules: AdminRules
    derivations: tuple[Derivation, ...]

    def rules_for(self, *, dates_normalised: bool) -> Mapping[str, ValueRule]:
        """The value rules by property name."""
        return self.normalising_rules if dates_normalised else self.rules

    def for_call(self, *, admin_rules: bool) -> "TypeDefinitions":
        """What a call goes by: no rules of admins where its version does not enforce them."""
        if admin_rules or self.admin_rules == NO_ADMIN_RULES:
            return self
        return replace(self, admin_rules=NO_ADMIN_RULES)

    def shown_names(
        self, having: Set[str], written: tuple[str, ...], *, made: bool
    ) -> frozenset[str]:
        """The names in the answer to a write.

        having: those with a value. written: those that the client wrote. made: whether the write
        made the record, which shows everything that it set (observed 2024–2026).
        """
        if made:
            return frozenset(having - self.never_shown) | {*written}
        beside = {
            name
            for name, reasons in self.shown_with.items()
            if name in having and not set(reasons).isdisjoint(written)
        }
        return frozenset(having & {*self.written_back, *beside}) | {*written}


def define_type(
    portal_id: int,
    object_type: ObjectType,
    properties: Iterable[PropertyDefinition],
    groups: Iterable[PropertyGroup],
    pipelines: tuple[Pipeline, ...],
    owner_ids: frozenset[str],
    validations: Mapping[str, tuple[ValidationRule, ...]] | None = None,
    admin_rules: AdminRules = NO_ADMIN_RULES,
) -> TypeDefinitions:
    """The snapshot of a type from its definitions, archived ones included.

    pipelines: active ones in display order. validations: by property name.
    """
    every = sorted(properties, key=lambda definition: definition.name)
    active = {each.name: each for each in every if each.archived_at_ms is None}
    refused = {name: rule for name, each in active.items() if (rule := refusal_rule(each))}
    flagged = frozenset(name for name, each in active.items() if each.has_unique_value)
    unique = flagged | {name for name in object_type.id_properties if name in active}
    special = type_rules(object_type.id)
    own_rules = validations or {}
    # An archived property may be on its way to becoming unique: its values are entered in parts.
    kept = {each.name for each in every if each.has_unique_value or each.archived_at_ms is not None}

    def rules(*, dates_normalised: bool) -> dict[str, ValueRule]:
        usual = _rules(object_type, active, owner_ids, pipelines, dates_normalised=dates_normalised)
        return _guarded(usual | _special_rules(special, active), active, own_rules) | refused

    return TypeDefinitions(
        portal_id=portal_id,
        object_type=object_type,
        properties=active,
        archived={each.name: each for each in every if each.archived_at_ms is not None},
        groups=tuple(groups),
        pipelines=pipelines,
        rules=rules(dates_normalised=False),
        normalising_rules=rules(dates_normalised=True),
        plain_tests=_plain_tests(object_type, active, {*refused, *special.value_rules, *own_rules}),
        refused_names=frozenset(refused),
        unique_names=unique,
        indexed_names=unique | kept,
        update_id_names=flagged,
        written_back=_written_back(object_type, active, refused, special),
        shown_with=special.shown_with,
        never_shown=special.never_shown,
        begins_in_first_stage=special.begins_in_first_stage,
        validations=own_rules,
        admin_rules=admin_rules,
        derivations=_derivations(special, active, pipelines),
    )


def _plain_tests(
    object_type: ObjectType, active: Mapping[str, PropertyDefinition], ruled: Set[str]
) -> dict[str, PlainTest]:
    """The tests of properties that have no rule beside that of their type; ruled: those that do."""
    staged = (object_type.pipeline_property, object_type.stage_property)
    return {
        name: test
        for name, each in active.items()
        if name not in ruled and name not in staged and (test := plain_test_of(each))
    }


def _special_rules(
    special: TypeRules, active: Mapping[str, PropertyDefinition]
) -> dict[str, ValueRule]:
    return {
        name: make(active[name]) for name, make in special.value_rules.items() if name in active
    }


def _guarded(
    rules: Mapping[str, ValueRule],
    active: Mapping[str, PropertyDefinition],
    validations: Mapping[str, tuple[ValidationRule, ...]],
) -> dict[str, ValueRule]:
    """The rules, where the portal set rules of its own with those behind them."""
    guarded = {
        name: guarded_rule(rules[name], active[name], own)
        for name, own in validations.items()
        if name in active
    }
    return {**rules, **guarded}


def _derivations(
    special: TypeRules,
    active: Mapping[str, PropertyDefinition],
    pipelines: tuple[Pipeline, ...],
) -> tuple[Derivation, ...]:
    # Formulas may name what HubSpot sets itself, so they come after it.
    own = None if special.derivation is None else special.derivation(pipelines, active)
    return tuple(each for each in (own, formula_derivation(active)) if each is not None)


def _rules(
    object_type: ObjectType,
    active: Mapping[str, PropertyDefinition],
    owner_ids: frozenset[str],
    pipelines: tuple[Pipeline, ...],
    *,
    dates_normalised: bool,
) -> dict[str, ValueRule]:
    rules = {
        name: rule_of(each, owner_ids, dates_normalised=dates_normalised)
        for name, each in active.items()
    }
    pipeline_name, stage_name = object_type.pipeline_property, object_type.stage_property
    if pipelines and pipeline_name in active:
        assert pipeline_name is not None
        rules[pipeline_name] = pipeline_rule(pipeline_name, pipelines)
    if pipelines and stage_name in active:
        assert stage_name is not None
        rules[stage_name] = stage_rule(stage_name, pipelines)
    return rules


def _written_back(
    object_type: ObjectType,
    active: Mapping[str, PropertyDefinition],
    refused: Mapping[str, ValueRule],
    special: TypeRules,
) -> tuple[str, ...]:
    """The properties that HubSpot itself sets or calculates, but for what a type shows at times.

    Source: records with write answers of 2024–2026; a pipeline and its stage count as HubSpot's
    own (observed on contacts, companies and tickets; a guess for other types).
    """
    own = set(refused) | set(object_type.always_properties) | special.always_shown
    own |= {object_type.pipeline_property or "", object_type.stage_property or ""}
    own -= special.shown_with.keys() | special.never_shown
    return tuple(sorted(own & set(active)))
