"""What comes back with a record that is restored from an archive of its portal."""

from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.records import StoredRecord, UniqueKey, held_values


def restored_values(definitions: TypeDefinitions, record: StoredRecord) -> list[UniqueKey]:
    """The unique values that a restored record takes: none when it is archived.

    An archived property that is unique keeps its values; one that is not may have equal ones.
    """
    if record.archived_at_ms is not None:
        return []
    kept = {name for name, each in definitions.archived.items() if each.has_unique_value}
    return held_values(definitions, record.properties, definitions.unique_names | kept)
