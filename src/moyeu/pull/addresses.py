"""Where the other side has what is copied, by version and object type."""

from dataclasses import dataclass

from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.versions import VERSIONS, ApiVersion

_OLD_ASSOCIATIONS = "/crm/v4/associations"
"""Beside the v3 paths: v3 itself does not tell association type ids."""
_NAMED_ASSOCIATIONS = "/crm/v3/associations"
"""Beside all others: v3 alone tells the names of association types."""


def usable_versions() -> tuple[str, ...]:
    """Names of the versions that have every API that a pull needs."""
    return tuple(
        each.name
        for each in VERSIONS
        if each.object_prefixes
        and each.property_prefixes
        and each.schema_prefixes
        and each.pipeline_prefixes
        and each.owner_prefixes
    )


@dataclass(frozen=True, slots=True)
class Addresses:
    """The paths of one version."""

    version: ApiVersion

    def objects(self, object_type: ObjectType) -> str:
        """Records of a type; `/batch/read` follows."""
        return f"{self.version.object_prefixes[0]}/{_word(object_type)}"

    def properties(self, object_type: ObjectType) -> str:
        """Property definitions of a type; `/groups` follows."""
        return f"{self.version.property_prefixes[0]}/{_word(object_type)}"

    def validations(self, object_type: ObjectType) -> str:
        """Validation rules of a type, which that API names by its id alone (spec)."""
        return f"{self.version.property_validation_prefixes[0]}/{object_type.id}"

    def pipelines(self, object_type: ObjectType) -> str:
        """Pipelines of a type."""
        return f"{self.version.pipeline_prefixes[0]}/{_word(object_type)}"

    def schemas(self) -> str:
        """Custom object types."""
        return self.version.schema_prefixes[0]

    def owners(self) -> str:
        """Owners."""
        return self.version.owner_prefixes[0]

    def associations(self, from_type: ObjectType, to_type: ObjectType) -> str:
        """Associations of a pair of types; `/batch/read` and `/labels` follow."""
        return f"{self._associations()}/{_word(from_type)}/{_word(to_type)}"

    def association_names(self, from_type: ObjectType, to_type: ObjectType) -> str:
        """Names of the association types of a pair in one direction."""
        return f"{_NAMED_ASSOCIATIONS}/{_word(from_type)}/{_word(to_type)}/types"

    def association_limits(self) -> str:
        """The limits that the portal set for association types."""
        return f"{self._associations()}/definitions/configurations/all"

    def _associations(self) -> str:
        is_told_by_name = self.version.association_form == "names"
        return _OLD_ASSOCIATIONS if is_told_by_name else self.version.association_prefixes[0]


def _word(object_type: ObjectType) -> str:
    """How paths name a type: HubSpot's own by name, since some of their ids are guesses of ours."""
    return object_type.id if object_type.is_custom else object_type.name
