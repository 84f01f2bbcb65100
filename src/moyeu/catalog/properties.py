"""The shape of a property definition, and the definitions that HubSpot gives every object type."""

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import msgspec

from moyeu.catalog.custom_objects import PIPELINE_PROPERTY, STAGE_PROPERTY
from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.tables import has_table, read_table

PropertyType = Literal[
    "bool",
    "date",
    "datetime",
    "enumeration",
    "json",
    "number",
    "object_coordinates",
    "phone_number",
    "string",
]
"""The type of a property's values."""

FieldType = Literal[
    "booleancheckbox",
    "calculation_equation",
    "calculation_read_time",
    "calculation_rollup",
    "calculation_score",
    "checkbox",
    "date",
    "file",
    "html",
    "number",
    "phonenumber",
    "radio",
    "select",
    "text",
    "textarea",
]
"""How a property is entered or computed."""

DataSensitivity = Literal["non_sensitive", "sensitive", "highly_sensitive"]
"""Who may see the values of a property."""

STANDARD_PROPERTY_CREATED_AT_MS: Final = 1_577_836_800_000
"""2020-01-01T00:00:00Z, creation and update time of HubSpot's own definitions: a GUESS.

Real ones differ per property and lie between 2018 and 2025 in recorded answers; clients need only
that most definitions have both times and that some have neither.
"""


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value of an enumeration or bool property; `value` is unique in a property.

    description: None when it was never set, which is not the same as empty text on the wire.
    """

    value: str
    label: str
    display_order: int
    hidden: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDefinition:
    """One property of an object type. Times are milliseconds since 1970 in UTC; None: has none.

    None of an optional field means that the field is absent on the wire. The defaults are those
    of a property that a client creates.
    """

    name: str
    label: str
    type: PropertyType
    field_type: FieldType
    group_name: str
    description: str = ""
    options: tuple[Option, ...] = ()
    referenced_object_type: str | None = None
    """`OWNER`, `COMPANY`, `CONTACT`, …"""
    display_order: int = -1
    calculated: bool = False
    external_options: bool = False
    """The options live elsewhere (owners, users, teams, pipelines), not in `options`."""
    has_unique_value: bool = False
    hidden: bool = False
    hubspot_defined: bool = False
    form_field: bool = False
    archivable: bool = True
    read_only_definition: bool = False
    read_only_value: bool = False
    read_only_options: bool | None = None
    calculation_formula: str | None = None
    data_sensitivity: DataSensitivity = "non_sensitive"
    sensitive_data_categories: tuple[str, ...] = ()
    show_currency_symbol: bool | None = None
    currency_property_name: str | None = None
    number_display_hint: str | None = None
    text_display_hint: str | None = None
    date_display_hint: str | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    created_user_id: str | None = None
    updated_user_id: str | None = None
    archived_at_ms: int | None = None
    """None of an active property."""

    options_total: int | None = None
    """Number of real options where the real list is long and not reproduced in `options`."""
    guessed: bool = False
    """No source gives this name: a placeholder of ours."""
    label_guessed: bool = False


@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """A named group of properties of an object type; `display_order` counts from 0."""

    name: str
    label: str
    display_order: int
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the standard properties of a type come from, and how sure they are."""

    source: str
    evidence: str
    notes: tuple[str, ...]


class _OptionRow(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    value: str
    label: str
    hidden: bool = False


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """A row of a table; keys equal to these defaults are left out there."""

    name: str
    label: str
    type: PropertyType
    field_type: FieldType
    group_name: str = ""
    description: str = ""
    display_order: int = -1
    options: tuple[_OptionRow, ...] = ()
    options_total: int | None = None
    referenced_object_type: str | None = None
    calculated: bool = False
    external_options: bool = False
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = False
    archivable: bool = True
    read_only_definition: bool = True
    read_only_value: bool = False
    read_only_options: bool | None = None
    calculation_formula: str | None = None
    show_currency_symbol: bool | None = None
    date_display_hint: str | None = None
    no_timestamps: bool = False
    guessed: bool = False
    label_guessed: bool = False


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    evidence: str
    core_group: str
    core_omitted: tuple[str, ...]
    notes: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]
    properties: tuple[_Row, ...]


_CORE_TABLE = "properties/_core"


def standard_properties(object_type: ObjectType) -> tuple[PropertyDefinition, ...]:
    """HubSpot's own property definitions of the type, ascending by name, each name once.

    Every type has the core set (what a new custom object type has); a type without a table has
    only that, in one group. The order of options is their display order. The answer for one of
    HubSpot's own types is made once and then kept.
    """
    if object_type.is_custom:
        return _definitions(_core_only(object_type))
    return _standard_properties(object_type)


def standard_groups(object_type: ObjectType) -> tuple[PropertyGroup, ...]:
    """HubSpot's own property groups of the type, in display order."""
    return tuple(
        PropertyGroup(name, label, display_order)
        for display_order, (name, label) in enumerate(_table_of(object_type).groups)
    )


def standard_properties_provenance(object_type: ObjectType) -> Provenance:
    """Source and evidence of the type's standard properties, in sentences."""
    table = _table_of(object_type)
    return Provenance(table.source, table.evidence, table.notes)


@cache
def _standard_properties(object_type: ObjectType) -> tuple[PropertyDefinition, ...]:
    return _definitions(_table_of(object_type))


def _definitions(table: _Table) -> tuple[PropertyDefinition, ...]:
    omitted = {row.name for row in table.properties} | set(table.core_omitted)
    core = [row for row in _core().properties if row.name not in omitted]
    definitions = [_definition(row, table.core_group) for row in core]
    definitions += [_definition(row, row.group_name) for row in table.properties]
    return tuple(sorted(definitions, key=lambda definition: definition.name))


def _table_of(object_type: ObjectType) -> _Table:
    name = f"properties/{object_type.name}"
    if not object_type.is_custom and has_table(name):
        return read_table(name, _Table)
    return _core_only(object_type)


def _core_only(object_type: ObjectType) -> _Table:
    # `<name>_information` labelled `<singular> Information` is what a new custom type gets
    # (observed 2026-10-05); groups of HubSpot's own types are labelled with a small i.
    base = object_type.name if object_type.is_custom else object_type.singular
    word = "Information" if object_type.is_custom else "information"
    group_name = f"{base}_information"
    core = _core()
    return _Table(
        source=core.source,
        evidence=core.evidence,
        core_group=group_name,
        core_omitted=(),
        notes=core.notes,
        groups=((group_name, f"{object_type.label} {word}"),),
        properties=_pipeline_rows(group_name) if object_type.has_pipelines else (),
    )


def _pipeline_rows(group_name: str) -> tuple[_Row, ...]:
    """What a type's first pipeline adds: as on orders (that a custom type has them: OBSERVED)."""
    return (
        _Row(
            PIPELINE_PROPERTY,
            "Pipeline",
            "enumeration",
            "select",
            group_name,
            external_options=True,
        ),
        _Row(
            STAGE_PROPERTY,
            "Pipeline stage",
            "enumeration",
            "radio",
            group_name,
            external_options=True,
        ),
    )


@cache
def _core() -> _Table:
    return read_table(_CORE_TABLE, _Table)


def _definition(row: _Row, group_name: str) -> PropertyDefinition:
    time_ms = None if row.no_timestamps else STANDARD_PROPERTY_CREATED_AT_MS
    return PropertyDefinition(
        name=row.name,
        label=row.label,
        type=row.type,
        field_type=row.field_type,
        group_name=group_name,
        description=row.description,
        options=tuple(
            Option(option.value, option.label, display_order, option.hidden)
            for display_order, option in enumerate(row.options)
        ),
        referenced_object_type=row.referenced_object_type,
        display_order=row.display_order,
        calculated=row.calculated,
        external_options=row.external_options,
        has_unique_value=row.has_unique_value,
        hidden=row.hidden,
        hubspot_defined=True,
        form_field=row.form_field,
        archivable=row.archivable,
        read_only_definition=row.read_only_definition,
        read_only_value=row.read_only_value,
        read_only_options=row.read_only_options,
        calculation_formula=row.calculation_formula,
        show_currency_symbol=row.show_currency_symbol,
        date_display_hint=row.date_display_hint,
        created_at_ms=time_ms,
        updated_at_ms=time_ms,
        options_total=row.options_total,
        guessed=row.guessed,
        label_guessed=row.label_guessed,
    )
