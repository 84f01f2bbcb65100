"""What a client gives when it makes or changes a property, decoded and not yet judged."""

from dataclasses import dataclass

from moyeu.catalog.properties import DataSensitivity, PropertyType


@dataclass(frozen=True, slots=True)
class GivenOption:
    """An option as sent; `display_order` None asks for the next one."""

    value: str
    label: str
    display_order: int | None = None
    hidden: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProperty:
    """A create as sent, with the defaults of a create."""

    name: str
    label: str
    type: PropertyType
    field_type: str
    group_name: str
    description: str = ""
    options: tuple[GivenOption, ...] = ()
    referenced_object_type: str | None = None
    display_order: int = -1
    external_options: bool = False
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = False
    calculation_formula: str | None = None
    data_sensitivity: DataSensitivity = "non_sensitive"
    show_currency_symbol: bool | None = None
    currency_property_name: str | None = None
    number_display_hint: str | None = None
    text_display_hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """An update as sent; None keeps what there is."""

    label: str | None = None
    type: PropertyType | None = None
    field_type: str | None = None
    group_name: str | None = None
    description: str | None = None
    options: tuple[GivenOption, ...] | None = None
    display_order: int | None = None
    has_unique_value: bool | None = None
    hidden: bool | None = None
    form_field: bool | None = None
    calculation_formula: str | None = None
    show_currency_symbol: bool | None = None
    currency_property_name: str | None = None
    number_display_hint: str | None = None
    text_display_hint: str | None = None
