"""The rules of a portal's admins, for whoever runs the server: HubSpot has no API for them."""

from dataclasses import dataclass

from moyeu.catalog.object_types import ObjectType
from moyeu.crm.admin_rules import AdminRules
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.portals import find_portal
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction


@dataclass(frozen=True, slots=True)
class RuledPropertiesUnknown(Problem):
    """Rules name properties that are not active ones of the type, each once, in order."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequiredPropertiesReadOnly(Problem):
    """Rules require values of properties that nobody may write, each once, in order."""

    names: tuple[str, ...]


async def read_admin_rules(store: Store, portal_id: int, type_name: str) -> AdminRules | Problem:
    """The admin rules of an object type.

    type_name: any of a type's names; of a custom type its id or its qualified name.
    Refused: PortalNotFound, UnknownObjectType.
    """
    portal = await find_portal(store, portal_id)
    if isinstance(portal, Problem):
        return portal

    def work(transaction: ReadTransaction) -> AdminRules | Problem:
        found = _find_type(transaction, portal_id, type_name)
        if isinstance(found, Problem):
            return found
        return transaction.definitions(portal_id, found.id).admin_rules

    return await store.read(work)


async def set_admin_rules(
    store: Store, portal_id: int, type_name: str, rules: AdminRules
) -> Problem | None:
    """Sets all admin rules of an object type; records that are there are not looked at.

    Refused: PortalNotFound, UnknownObjectType, RuledPropertiesUnknown,
    RequiredPropertiesReadOnly.
    """
    portal = await find_portal(store, portal_id)
    if isinstance(portal, Problem):
        return portal

    def work(transaction: WriteTransaction) -> Problem | None:
        found = _find_type(transaction, portal_id, type_name)
        if isinstance(found, Problem):
            return found
        problem = _refusal(rules, transaction.definitions(portal_id, found.id))
        if problem is None:
            transaction.put_admin_rules(portal_id, found.id, rules)
        return problem

    return await store.write(work)


def _find_type(
    transaction: ReadTransaction, portal_id: int, type_name: str
) -> ObjectType | UnknownObjectType:
    return transaction.object_types(portal_id).find(type_name) or UnknownObjectType(type_name)


def _refusal(rules: AdminRules, definitions: TypeDefinitions) -> Problem | None:
    required = [*rules.required_on_create]
    for each in rules.conditional:
        required.extend(each.required)
    named = dict.fromkeys([*required, *(each.property for each in rules.conditional)])
    if unknown := tuple(name for name in named if name not in definitions.properties):
        return RuledPropertiesUnknown(unknown)
    refused = tuple(name for name in dict.fromkeys(required) if name in definitions.refused_names)
    return RequiredPropertiesReadOnly(refused) if refused else None
