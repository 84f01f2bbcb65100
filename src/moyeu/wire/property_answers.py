"""Property definitions and groups as HubSpot writes them: key order and absences as recorded."""

from moyeu.catalog.properties import Option, PropertyDefinition, PropertyGroup
from moyeu.wire.bodies import Json, moment, present


def property_body(definition: PropertyDefinition) -> Json:
    """A property as every answer but that of a batch create shows it.

    Key order and what may be absent: recorded lists and creates of 2024 to 2026. `archived` is
    absent on HubSpot's own properties; a user id is absent where an app acted for itself (a
    guess: recorded ones always have it).
    """
    custom = not definition.hubspot_defined
    archived_at_ms = definition.archived_at_ms
    return present(
        {
            "updatedAt": moment(definition.updated_at_ms),
            "createdAt": moment(definition.created_at_ms),
            **_naming(definition),
            "createdUserId": definition.created_user_id,
            "updatedUserId": definition.updated_user_id,
            "displayOrder": definition.display_order,
            "calculated": definition.calculated,
            "externalOptions": definition.external_options,
            "archived": archived_at_ms is not None if custom else None,
            "archivedAt": moment(archived_at_ms),
            **_nature(definition),
        }
    )


def batch_created_body(definition: PropertyDefinition) -> Json:
    """A property in the answer to a batch create: times, users and `archived` are left out.

    Source: observed 2026-02-26 (`prop-batch-create-207`), on both results of that answer.
    """
    return present(
        {
            **_naming(definition),
            "displayOrder": definition.display_order,
            "calculated": definition.calculated,
            "externalOptions": definition.external_options,
            **_nature(definition),
        }
    )


def _naming(definition: PropertyDefinition) -> Json:
    return {
        "name": definition.name,
        "label": definition.label,
        "type": definition.type,
        "fieldType": definition.field_type,
        "description": definition.description,
        "groupName": definition.group_name,
        "options": [_option_body(each) for each in definition.options],
        "referencedObjectType": definition.referenced_object_type,
    }


def _nature(definition: PropertyDefinition) -> Json:
    return {
        "hasUniqueValue": definition.has_unique_value,
        "hidden": definition.hidden,
        "hubspotDefined": definition.hubspot_defined or None,
        "showCurrencySymbol": definition.show_currency_symbol,
        "numberDisplayHint": definition.number_display_hint,
        "textDisplayHint": definition.text_display_hint,
        "currencyPropertyName": definition.currency_property_name,
        "modificationMetadata": present(
            {
                "archivable": definition.archivable,
                "readOnlyDefinition": definition.read_only_definition,
                "readOnlyOptions": definition.read_only_options,
                "readOnlyValue": definition.read_only_value,
            }
        ),
        "formField": definition.form_field,
        "calculationFormula": definition.calculation_formula,
        "dateDisplayHint": definition.date_display_hint,
        "dataSensitivity": definition.data_sensitivity,
        "sensitiveDataCategories": list(definition.sensitive_data_categories) or None,
    }


def _option_body(option: Option) -> Json:
    return present(
        {
            "label": option.label,
            "value": option.value,
            "description": option.description,
            "displayOrder": option.display_order,
            "hidden": option.hidden,
        }
    )


def group_body(group: PropertyGroup) -> Json:
    """A property group, in the recorded key order."""
    return {
        "name": group.name,
        "label": group.label,
        "displayOrder": group.display_order,
        "archived": group.archived,
    }
