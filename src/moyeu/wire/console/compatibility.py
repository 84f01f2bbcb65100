"""Which operations each object type has, version by version, and how well that is known."""

from moyeu.catalog.capabilities import OPERATIONS, capability
from moyeu.catalog.object_types import OBJECT_TYPES
from moyeu.catalog.versions import RECORD_VERSIONS, version_named
from moyeu.wire.console.answers import Page
from moyeu.wire.console.visits import Visit

_MARKS = {"SPEC": "described by name", "GENERIC": "described for every type"}


async def compatibility(visit: Visit) -> Page:
    """`/console/compatibility?version=…`."""
    names = [each.name for each in RECORD_VERSIONS]
    asked = visit.query.last("version") or "2026-09"
    version = version_named(asked)
    if version is None or asked not in names:
        return Page("missing.html", {"sentence": f"There is no version {asked}."}, 404)
    operations = [
        each
        for each in OPERATIONS
        if any(capability(asked, one, each) is not None for one in OBJECT_TYPES)
    ]
    rows = []
    for each in OBJECT_TYPES:
        found = [capability(asked, each, operation) for operation in operations]
        known = next((one.evidence for one in found if one is not None), None)
        rows.append((each, [one is not None for one in found], _MARKS.get(str(known), "")))
    context = {
        "versions": names,
        "asked": asked,
        "evidence": version.evidence,
        "operations": operations,
        "rows": rows,
    }
    return Page("compatibility.html", context)
