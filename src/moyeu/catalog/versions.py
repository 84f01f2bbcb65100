"""The versions of the API: where their routes are and what they do differently."""

from dataclasses import dataclass
from typing import Literal

StageReferences = Literal["when_asked", "unless_declined", "always"]
"""Whether a stage in use may be deleted: only a flag `true` forbids it; only a flag `false` allows
it; or no flag allows it."""

AssociationForm = Literal["names", "ids"]
"""By name, `contact_to_company`, as in v3; or by category and type id, as in v4 and later."""


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One version of the API. Of every tuple of prefixes the first is canonical, the rest aliases.

    A prefix has no trailing slash; an empty tuple means that the version has no such routes.
    """

    name: str
    object_prefixes: tuple[str, ...]
    property_prefixes: tuple[str, ...]
    property_validation_prefixes: tuple[str, ...]
    schema_prefixes: tuple[str, ...]
    pipeline_prefixes: tuple[str, ...]
    owner_prefixes: tuple[str, ...]
    limit_prefixes: tuple[str, ...]
    object_library_prefixes: tuple[str, ...]
    nested_association_prefixes: tuple[str, ...]
    """Where `/{objectType}/{objectId}/associations/…` stands."""
    association_prefixes: tuple[str, ...]
    """Where `/{fromObjectType}/{toObjectType}/…` stands."""
    list_prefixes: tuple[str, ...]

    association_form: AssociationForm
    """How associations name their types, and which routes they have."""
    association_created: int
    """The status of a batch create of associations."""
    association_limit_created: int
    """The status of a batch create of limits for associations."""
    association_removal_told: bool
    """A removal of associations in a batch answers 200 and a body; elsewhere 204."""

    dates_normalised: bool
    """Dates off midnight, in epoch seconds or with a time of day are accepted and normalised."""
    warnings_on_records: bool
    """A normalised value is reported in `warnings` of the written record."""
    admin_rules_enforced: bool
    """Conditionally required and required-on-create properties, Edit Associations permission."""
    unique_flag_change_refused: bool
    """`hasUniqueValue` in a property update is refused; elsewhere it is ignored."""
    stage_references: StageReferences
    """When the deletion of a pipeline or stage in use is refused."""

    evidence: str
    """Marks of the flags above, in words of the compatibility table."""


def _dated(
    name: str,
    *,
    is_beta: bool,
    is_2026_09: bool,
    unique_flag_change_refused: bool,
    stage_references: StageReferences,
    evidence: str,
) -> ApiVersion:
    stable = () if is_beta else (name,)
    return ApiVersion(
        name=name,
        object_prefixes=(f"/crm/objects/{name}",),
        property_prefixes=tuple(f"/crm/properties/{v}" for v in stable),
        property_validation_prefixes=tuple(f"/crm/property-validations/{v}" for v in stable),
        schema_prefixes=tuple(f"/crm-object-schemas/{v}/schemas" for v in stable),
        pipeline_prefixes=(f"/crm/pipelines/{name}",),
        owner_prefixes=tuple(f"/crm/owners/{v}" for v in stable),
        limit_prefixes=tuple(f"/crm/limits/{v}" for v in stable),
        object_library_prefixes=tuple(f"/crm/object-library/{v}/enablement" for v in stable),
        nested_association_prefixes=(f"/crm/objects/{name}",),
        association_prefixes=(f"/crm/associations/{name}",),
        list_prefixes=(f"/crm/lists/{name}",),
        association_form="ids",
        association_created=200 if name == "2026-09" else 201,
        association_limit_created=200 if name in ("2025-09", "2026-09") else 201,
        association_removal_told=True,
        dates_normalised=is_2026_09,
        warnings_on_records=is_2026_09,
        admin_rules_enforced=is_2026_09,
        unique_flag_change_refused=unique_flag_change_refused,
        stage_references=stage_references,
        evidence=evidence,
    )


# Prefixes: API descriptions of August 2026. `/crm/objects/v3` is a live alias (it answered JSON on
# a real portal, 2026-04-21) and the prefix in the descriptions of appointments, projects, forecasts
# and deal splits. `/crm/v3/schemas` is used by clients beside the described prefix.
# Date normalisation, warnings and admin rules: changelog of 2026-08-11, live since 2026-09-08.
# The refusal of `hasUniqueValue`: observed on v3 in 2021-06; ignored on 2026-09 (observed).
# Associations: statuses and bodies of the descriptions of August 2026; the guides say 201 for every
# batch create. `/crm/objects/v3` for nested associations: a guess.
# Stage references: observed on 2026-09, that no flag has an effect, although its guide says that
# one lets a stage in use be deleted; the flags of the others are those of the descriptions.
VERSIONS: tuple[ApiVersion, ...] = (
    ApiVersion(
        name="v3",
        object_prefixes=("/crm/v3/objects", "/crm/objects/v3"),
        property_prefixes=("/crm/v3/properties",),
        property_validation_prefixes=("/crm/v3/property-validations",),
        schema_prefixes=("/crm-object-schemas/v3/schemas", "/crm/v3/schemas"),
        pipeline_prefixes=("/crm/v3/pipelines",),
        owner_prefixes=("/crm/v3/owners",),
        limit_prefixes=("/crm/v3/limits",),
        object_library_prefixes=("/crm/v3/object-library/enablement",),
        nested_association_prefixes=("/crm/v3/objects", "/crm/objects/v3"),
        association_prefixes=("/crm/v3/associations",),
        list_prefixes=("/crm/v3/lists",),
        association_form="names",
        association_created=201,
        association_limit_created=201,
        association_removal_told=False,
        dates_normalised=False,
        warnings_on_records=False,
        admin_rules_enforced=False,
        unique_flag_change_refused=True,
        stage_references="when_asked",
        evidence="OBSERVED (hasUniqueValue, 2021); DOCUMENTED; SPEC (stage references)",
    ),
    # Associations alone: `/crm/associations/v4` stands in the newer descriptions.
    ApiVersion(
        name="v4",
        object_prefixes=(),
        property_prefixes=(),
        property_validation_prefixes=(),
        schema_prefixes=(),
        pipeline_prefixes=(),
        owner_prefixes=(),
        limit_prefixes=(),
        object_library_prefixes=(),
        nested_association_prefixes=("/crm/v4/objects",),
        association_prefixes=("/crm/v4/associations", "/crm/associations/v4"),
        list_prefixes=(),
        association_form="ids",
        association_created=201,
        association_limit_created=201,
        association_removal_told=False,
        dates_normalised=False,
        warnings_on_records=False,
        admin_rules_enforced=False,
        unique_flag_change_refused=True,
        stage_references="when_asked",
        evidence="SPEC; OBSERVED (associations, 2021 to 2026)",
    ),
    _dated(
        "2025-09",
        is_beta=False,
        is_2026_09=False,
        unique_flag_change_refused=True,
        stage_references="when_asked",
        evidence="DOCUMENTED; SPEC (stage references); GUESS (hasUniqueValue as in v3)",
    ),
    _dated(
        "2026-03",
        is_beta=False,
        is_2026_09=False,
        unique_flag_change_refused=True,
        stage_references="when_asked",
        evidence="DOCUMENTED; SPEC (stage references); GUESS (hasUniqueValue as in v3)",
    ),
    _dated(
        "2026-09",
        is_beta=False,
        is_2026_09=True,
        unique_flag_change_refused=False,
        stage_references="always",
        evidence="DOCUMENTED; OBSERVED (hasUniqueValue, stage references)",
    ),
    _dated(
        "2026-09-beta",
        is_beta=True,
        is_2026_09=True,
        unique_flag_change_refused=False,
        stage_references="unless_declined",
        evidence="SPEC (stage references); GUESS: as 2026-09",
    ),
)

RECORD_VERSIONS: tuple[ApiVersion, ...] = tuple(each for each in VERSIONS if each.object_prefixes)
"""The versions that have records; v4 has associations alone."""

_BY_NAME = {version.name: version for version in VERSIONS}


def version_named(name: str) -> ApiVersion | None:
    """The version with exactly this name (`v3`, `2025-09`, …), None if there is none."""
    return _BY_NAME.get(name)
