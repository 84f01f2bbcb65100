"""What the other side answers, and the definitions and records that it comes to.

Fields that are absent or null are as if they had their default. Words that are not known here
(a new property type) are read as the nearest known one, since storage reads none but these.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Generic, Literal, TypeVar, get_args

import msgspec

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.pipelines import Pipeline, Stage, pipeline_rules
from moyeu.catalog.properties import (
    DataSensitivity,
    FieldType,
    Option,
    PropertyDefinition,
    PropertyGroup,
    PropertyType,
)
from moyeu.crm.definitions import Owner, Team
from moyeu.crm.records import StoredRecord
from moyeu.crm.validations import ValidationRule
from moyeu.crm.values.moment import read_iso

T = TypeVar("T")

SENSITIVITIES: Final[tuple[DataSensitivity, ...]] = get_args(DataSensitivity)
_PROPERTY_TYPES: Final[tuple[PropertyType, ...]] = get_args(PropertyType)
_FIELD_TYPES: Final[tuple[FieldType, ...]] = get_args(FieldType)
_NEAREST_TYPE: Final[PropertyType] = "string"
_NEAREST_FIELD_TYPE: Final[FieldType] = "text"


class _Shape(msgspec.Struct, rename="camel"):
    """A body of the other side; what it has besides is passed over."""


class _Next(_Shape):
    after: str | int


class _Paging(_Shape):
    next: _Next | None = None


class Page(_Shape, Generic[T]):
    """Some results, and where the next ones begin."""

    results: list[T]
    paging: _Paging | None = None

    @property
    def after(self) -> str | None:
        """The cursor of the next page, None on the last one."""
        if self.paging is None or self.paging.next is None:
            return None
        return str(self.paging.next.after)


class OptionBody(_Shape):
    """An option of a property."""

    value: str
    label: str | None = None
    display_order: int | None = None
    hidden: bool | None = None
    description: str | None = None


class _Metadata(_Shape):
    archivable: bool = True
    read_only_definition: bool = False
    read_only_value: bool = False
    read_only_options: bool | None = None


class PropertyBody(_Shape):
    """A property definition."""

    name: str
    label: str | None = None
    type: str = _NEAREST_TYPE
    field_type: str = _NEAREST_FIELD_TYPE
    group_name: str | None = None
    description: str | None = None
    options: list[OptionBody] | None = None
    referenced_object_type: str | None = None
    display_order: int | None = None
    calculated: bool | None = None
    external_options: bool | None = None
    has_unique_value: bool | None = None
    hidden: bool | None = None
    hubspot_defined: bool | None = None
    form_field: bool | None = None
    modification_metadata: _Metadata | None = None
    calculation_formula: str | None = None
    data_sensitivity: DataSensitivity | None = None
    sensitive_data_categories: list[str] | None = None
    show_currency_symbol: bool | None = None
    currency_property_name: str | None = None
    number_display_hint: str | None = None
    text_display_hint: str | None = None
    date_display_hint: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    created_user_id: str | int | None = None
    updated_user_id: str | int | None = None
    archived: bool | None = None
    archived_at: str | None = None


class GroupBody(_Shape):
    """A property group."""

    name: str
    label: str | None = None
    display_order: int | None = None
    archived: bool | None = None


class StageBody(_Shape):
    """A stage of a pipeline."""

    id: str
    label: str
    display_order: int | None = None
    metadata: dict[str, str | bool | float] | None = None
    created_at: str | None = None
    updated_at: str | None = None
    archived: bool | None = None


class PipelineBody(_Shape):
    """A pipeline."""

    id: str
    label: str
    display_order: int | None = None
    stages: list[StageBody] | None = None
    created_at: str | None = None
    updated_at: str | None = None
    archived: bool | None = None


class SchemaLabels(_Shape):
    """What a custom type is called."""

    singular: str | None = None
    plural: str | None = None


class SchemaAssociationBody(_Shape):
    """One direction of an association of a custom type."""

    id: str
    from_object_type_id: str
    to_object_type_id: str
    name: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class SchemaBody(_Shape):
    """A custom object type."""

    object_type_id: str
    name: str
    labels: SchemaLabels | None = None
    fully_qualified_name: str | None = None
    primary_display_property: str | None = None
    secondary_display_properties: list[str] | None = None
    required_properties: list[str] | None = None
    searchable_properties: list[str] | None = None
    description: str | None = None
    associations: list[SchemaAssociationBody] | None = None
    archived: bool | None = None
    restorable: bool | None = None
    allows_sensitive_properties: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    created_by_user_id: str | int | None = None
    updated_by_user_id: str | int | None = None


class _TeamBody(_Shape):
    id: str
    name: str | None = None
    primary: bool | None = None


class OwnerBody(_Shape):
    """An owner."""

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    user_id: int | None = None
    user_id_including_inactive: int | None = None
    type: Literal["PERSON", "QUEUE"] | None = None
    teams: list[_TeamBody] | None = None
    archived: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None


class RuleBody(_Shape):
    """A validation rule."""

    rule_type: str
    rule_arguments: list[str] | None = None
    should_apply_normalization: bool | None = None


class PropertyRulesBody(_Shape):
    """The validation rules of a property."""

    property_name: str
    property_validation_rules: list[RuleBody]


class RecordBody(_Shape):
    """A record."""

    id: str | int
    properties: dict[str, str | None]
    created_at: str
    updated_at: str
    archived: bool | None = None
    archived_at: str | None = None


class LabelBody(_Shape):
    """An association type of a pair, one direction."""

    category: str
    type_id: int
    label: str | None = None


class TypeNameBody(_Shape):
    """An association type of a pair, one direction, as v3 has it."""

    id: str | int
    name: str


class LimitBody(_Shape):
    """How many records of the other type a record may have by an association type."""

    category: str
    type_id: int
    user_enforced_max_to_object_ids: int | None = None


class _From(_Shape):
    id: str | int


class _To(_Shape):
    to_object_id: str | int
    association_types: list[LabelBody]


class AssociatedBody(_Shape):
    """What one record is associated with; paging: its further ones."""

    from_: _From = msgspec.field(name="from")
    to: list[_To]
    paging: _Paging | None = None

    @property
    def after(self) -> str | None:
        """The cursor of this record's further associations."""
        if self.paging is None or self.paging.next is None:
            return None
        return str(self.paging.next.after)


def time_ms(text: str | None) -> int | None:
    """Milliseconds since 1970, UTC, of a time as ISO text."""
    return None if text is None else read_iso(text)


def id_text(value: str | int | None) -> str | None:
    """An id, which is told as a text or as a number."""
    return None if value is None else str(value)


def property_of(body: PropertyBody, *, archived: bool) -> PropertyDefinition:
    """The definition; archived: whether it stood in the list of archived ones."""
    metadata = body.modification_metadata or _Metadata()
    archived_at_ms = time_ms(body.archived_at) or time_ms(body.updated_at) or 0
    return PropertyDefinition(
        name=body.name,
        label=body.label or "",
        type=_known_type(body.type),
        field_type=_known_field_type(body.field_type),
        group_name=body.group_name or "",
        description=body.description or "",
        options=_options(body.options or ()),
        referenced_object_type=body.referenced_object_type,
        display_order=-1 if body.display_order is None else body.display_order,
        calculated=bool(body.calculated),
        external_options=bool(body.external_options),
        has_unique_value=bool(body.has_unique_value),
        hidden=bool(body.hidden),
        hubspot_defined=bool(body.hubspot_defined),
        form_field=bool(body.form_field),
        archivable=metadata.archivable,
        read_only_definition=metadata.read_only_definition,
        read_only_value=metadata.read_only_value,
        read_only_options=metadata.read_only_options,
        calculation_formula=body.calculation_formula,
        data_sensitivity=body.data_sensitivity or "non_sensitive",
        sensitive_data_categories=tuple(body.sensitive_data_categories or ()),
        show_currency_symbol=body.show_currency_symbol,
        currency_property_name=body.currency_property_name,
        number_display_hint=body.number_display_hint,
        text_display_hint=body.text_display_hint,
        date_display_hint=body.date_display_hint,
        created_at_ms=time_ms(body.created_at),
        updated_at_ms=time_ms(body.updated_at),
        created_user_id=id_text(body.created_user_id),
        updated_user_id=id_text(body.updated_user_id),
        archived_at_ms=archived_at_ms if archived else None,
    )


def _known_type(text: str) -> PropertyType:
    return next((each for each in _PROPERTY_TYPES if each == text), _NEAREST_TYPE)


def _known_field_type(text: str) -> FieldType:
    return next((each for each in _FIELD_TYPES if each == text), _NEAREST_FIELD_TYPE)


def _options(bodies: Iterable[OptionBody]) -> tuple[Option, ...]:
    """Each value once, the first one."""
    options: dict[str, Option] = {}
    for rank, each in enumerate(bodies):
        order = rank if each.display_order is None else each.display_order
        option = Option(each.value, each.label or "", order, bool(each.hidden), each.description)
        options.setdefault(each.value, option)
    return tuple(options.values())


def group_of(body: GroupBody) -> PropertyGroup:
    """The property group."""
    return PropertyGroup(body.name, body.label or "", body.display_order or 0, bool(body.archived))


def pipeline_of(body: PipelineBody, object_type: ObjectType) -> Pipeline:
    """The pipeline with its ids and those of its stages; stages in display order."""
    rules = pipeline_rules(object_type)
    stage_property = object_type.stage_property or "hs_pipeline_stage"
    stages = sorted(
        (each for each in body.stages or () if not each.archived),
        key=lambda each: each.display_order or 0,
    )
    return Pipeline(
        id=body.id,
        label=body.label,
        display_order=body.display_order or 0,
        stages=tuple(
            Stage(
                id=each.id,
                label=each.label,
                display_order=each.display_order or 0,
                metadata=tuple(
                    (key, _metadata_text(value))
                    for key, value in sorted((each.metadata or {}).items())
                ),
                created_at_ms=time_ms(each.created_at) or 0,
                updated_at_ms=time_ms(each.updated_at) or 0,
            )
            for each in stages
        ),
        stage_property=stage_property if rules is None else rules.stage_property,
        created_at_ms=time_ms(body.created_at) or 0,
        updated_at_ms=time_ms(body.updated_at) or 0,
    )


def _metadata_text(value: str | bool | float) -> str:
    """Values are texts (observed); others are written as they would be."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def owner_of(body: OwnerBody, *, archived: bool) -> Owner:
    """The owner; archived: whether it stood in the list of archived ones."""
    user_id = body.user_id_including_inactive if body.user_id is None else body.user_id
    return Owner(
        id=body.id,
        email=body.email or "",
        first_name=body.first_name or "",
        last_name=body.last_name or "",
        user_id=user_id,
        archived=archived,
        type=body.type or "PERSON",
        teams=tuple(
            Team(each.id, each.name or "", bool(each.primary)) for each in body.teams or ()
        ),
        created_at_ms=time_ms(body.created_at) or 0,
        updated_at_ms=time_ms(body.updated_at) or 0,
    )


def rules_of(body: PropertyRulesBody) -> tuple[ValidationRule, ...]:
    """The validation rules of a property, ascending by type as storage has them."""
    rules = [
        ValidationRule(
            each.rule_type, tuple(each.rule_arguments or ()), each.should_apply_normalization
        )
        for each in body.property_validation_rules
    ]
    return tuple(sorted(rules, key=lambda each: each.rule_type))


def record_of(body: RecordBody, object_type: ObjectType) -> StoredRecord:
    """The record with its id, its times and its values as they came; unset ones are left out.

    The three values that every record has are made from the record itself where they did not come.
    """
    values: Mapping[str, str | None] = {
        **body.properties,
        "hs_object_id": str(body.id),
        object_type.created_property: body.properties.get(object_type.created_property)
        or body.created_at,
        object_type.modified_property: body.properties.get(object_type.modified_property)
        or body.updated_at,
    }
    updated_at_ms = time_ms(body.updated_at) or 0
    return StoredRecord(
        record_id=int(body.id),
        properties={name: value for name, value in sorted(values.items()) if value is not None},
        created_at_ms=time_ms(body.created_at) or 0,
        updated_at_ms=updated_at_ms,
        archived_at_ms=(time_ms(body.archived_at) or updated_at_ms) if body.archived else None,
        last_write=0,
    )
