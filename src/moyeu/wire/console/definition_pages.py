"""What a portal says about its object types: properties by group, options, pipelines, labels."""

from collections import defaultdict
from dataclasses import dataclass

from moyeu.catalog.associations import AssociationType
from moyeu.catalog.object_types import ObjectType
from moyeu.catalog.pipelines import CLOSED, Stage
from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.associations import association_types_of
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.property_groups import active_groups
from moyeu.operations.overviews import Count, active_types, count_type, count_types, portal_types
from moyeu.operations.turns import definitions_of
from moyeu.wire.console.answers import Page
from moyeu.wire.console.commands import curl
from moyeu.wire.console.visits import Visit, type_path


@dataclass(frozen=True, slots=True)
class DefinedType:
    """An object type in the list; own: how many of its properties are the portal's own."""

    object_type: ObjectType
    count: Count
    properties: int
    own: int
    unique: int
    pipelines: int


@dataclass(frozen=True, slots=True)
class DefinedGroup:
    """A property group with its properties."""

    name: str
    label: str
    properties: tuple[PropertyDefinition, ...]


async def types(visit: Visit) -> Page:
    """`/console/definitions`: all object types."""
    defined = []
    for each in await count_types(visit.store, visit.here.id):
        definitions = await definitions_of(visit.store, visit.here.id, each.object_type.id)
        properties = definitions.properties.values()
        defined.append(
            DefinedType(
                each.object_type,
                each.count,
                len(properties),
                sum(not one.hubspot_defined for one in properties),
                len(definitions.unique_names),
                len(definitions.pipelines),
            )
        )
    return Page("definitions.html", {"defined": defined, "type_path": type_path})


async def definitions(visit: Visit) -> Page:
    """`/console/definitions/{type}`."""
    every = await portal_types(visit.store, visit.here.id)
    object_type = every.find(visit.path["type"])
    if object_type is None:
        sentence = f"There is no object type {visit.path['type']} in this portal."
        return Page("missing.html", {"sentence": sentence}, 404)
    found = await definitions_of(visit.store, visit.here.id, object_type.id)
    kinds = association_types_of(every)
    others = [
        (other, _labelled(kinds.between(object_type.id, other.id))) for other in active_types(every)
    ]
    path = type_path(object_type)
    context = {
        "type": object_type,
        "path": path,
        "count": await count_type(visit.store, visit.here.id, object_type),
        "groups": _groups(found),
        "archived": list(found.archived.values()),
        "total": len(found.properties),
        "unique_names": found.unique_names,
        "refused_names": found.refused_names,
        "validations": found.validations,
        "pipelines": found.pipelines,
        "stage_word": stage_word,
        "associations": [(other, types) for other, types in others if types],
        "type_path": type_path,
        "curl": curl(visit, "GET", f"/crm/v3/properties/{path}"),
    }
    return Page("definition.html", context)


def _labelled(kinds: tuple[AssociationType, ...]) -> list[AssociationType]:
    """The types between two object types beside the one that every pair has."""
    return [each for each in kinds if each.kind != "unlabeled"]


def _groups(definitions: TypeDefinitions) -> list[DefinedGroup]:
    by_group: defaultdict[str, list[PropertyDefinition]] = defaultdict(list)
    for each in definitions.properties.values():
        by_group[each.group_name].append(each)
    labels = {each.name: each.label for each in active_groups(definitions)}
    names = [*labels, *sorted(by_group.keys() - labels.keys())]
    return [DefinedGroup(each, labels.get(each, each), tuple(by_group[each])) for each in names]


def stage_word(stage: Stage) -> str:
    """What a stage says besides whether it is closed: `probability 0.2`; "" for nothing."""
    return ", ".join(f"{key} {text}" for key, text in stage.metadata if key != CLOSED)
