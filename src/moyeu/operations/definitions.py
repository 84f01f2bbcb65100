"""The operations on property definitions and groups: read → plan → apply, one function each.

A single property is a list of one. Each answers an outcome or the problem that refused it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec import structs

from moyeu.catalog.limits import PROPERTY_BATCH_INPUTS_MAX
from moyeu.catalog.properties import DataSensitivity, PropertyDefinition, PropertyGroup
from moyeu.crm.calculated_values import plan_filling
from moyeu.crm.callers import Occasion
from moyeu.crm.definition_inputs import NewProperty, PropertyChange
from moyeu.crm.definition_problems import PropertyNotFound, ValuesNotUnique
from moyeu.crm.definitions import TypeDefinitions
from moyeu.crm.problems import Problem, RecordsLocked, TooManyInputs
from moyeu.crm.property_definitions import (
    CreatePlan,
    formulas_concerned,
    plan_archive,
    plan_archives,
    plan_create,
    plan_update,
    with_property,
)
from moyeu.crm.property_groups import (
    GroupChange,
    NewGroup,
    active_groups,
    find_group,
    plan_group_archive,
    plan_group_create,
    plan_group_update,
)
from moyeu.operations.jobs import Fill, Origin, begin, carry_out, read_state
from moyeu.operations.turns import definitions_of, write_in_turn
from moyeu.storage.contract import (
    IndexedPart,
    Job,
    ReadTransaction,
    Store,
    WriterBusyError,
    WriteTransaction,
)

INDEX_PART_RECORDS_MAX = 2_000
"""Records whose values enter the unique index in one turn of the writer."""

FILL_PART_RECORDS_MAX = 500
"""Records that are looked at for the value of a new formula in one turn of the writer."""


@dataclass(frozen=True, slots=True)
class FoundProperties:
    """What a batch read found, and the problems of the names that it did not, in input order."""

    found: tuple[PropertyDefinition, ...]
    missing: tuple[PropertyNotFound, ...]


# --- reading ---------------------------------------------------------------------------------


async def list_properties(
    store: Store,
    portal_id: int,
    type_id: str,
    *,
    archived: bool,
    sensitivity: DataSensitivity,
) -> list[PropertyDefinition]:
    """All active or all archived properties of that sensitivity, ascending by name."""
    definitions = await definitions_of(store, portal_id, type_id)
    return list(_visible(definitions, archived=archived, sensitivity=sensitivity).values())


async def read_properties(
    store: Store,
    portal_id: int,
    type_id: str,
    names: Sequence[str],
    *,
    archived: bool,
    sensitivity: DataSensitivity,
) -> FoundProperties | Problem:
    """The properties with these names; a name that stands twice is found once (a guess)."""
    if len(names) > PROPERTY_BATCH_INPUTS_MAX:
        return TooManyInputs(PROPERTY_BATCH_INPUTS_MAX)
    definitions = await definitions_of(store, portal_id, type_id)
    visible = _visible(definitions, archived=archived, sensitivity=sensitivity)
    asked = dict.fromkeys(names)
    return FoundProperties(
        tuple(visible[name] for name in asked if name in visible),
        tuple(PropertyNotFound(name) for name in asked if name not in visible),
    )


async def read_property(
    store: Store,
    portal_id: int,
    type_id: str,
    name: str,
    *,
    archived: bool,
    sensitivity: DataSensitivity,
) -> PropertyDefinition | Problem:
    """One property, only if it is as archived and as sensitive as asked for (observed)."""
    outcome = await read_properties(
        store, portal_id, type_id, [name], archived=archived, sensitivity=sensitivity
    )
    if isinstance(outcome, Problem):
        return outcome
    return outcome.found[0] if outcome.found else outcome.missing[0]


def _visible(
    definitions: TypeDefinitions, *, archived: bool, sensitivity: DataSensitivity
) -> Mapping[str, PropertyDefinition]:
    properties = definitions.archived if archived else definitions.properties
    return {name: each for name, each in properties.items() if each.data_sensitivity == sensitivity}


# --- creating --------------------------------------------------------------------------------


Created = list[PropertyDefinition | Problem]
"""The definition or the problem of each input, in input order."""


@dataclass(slots=True)
class _Preparation:
    """Archived properties whose values can become unique at once, or cannot.

    Both by name, as they were when that was found out: a definition that has changed since then
    has to be looked at again.
    """

    entered: dict[str, PropertyDefinition] = field(default_factory=dict)
    refused: dict[str, tuple[PropertyDefinition, ValuesNotUnique]] = field(default_factory=dict)

    def refusal(self, earlier: PropertyDefinition) -> ValuesNotUnique | None:
        """Why the values cannot be unique, if that is known of this very definition."""
        known = self.refused.get(earlier.name)
        return known[1] if known and known[0] == earlier else None

    def is_entered(self, earlier: PropertyDefinition) -> bool:
        """Whether all values of this very definition are in the index."""
        return self.entered.get(earlier.name) == earlier


Filling = tuple[Job, Fill]
"""Values of calculated properties that are on their way to the records."""


@dataclass(frozen=True, slots=True)
class _Creation:
    """What became of the inputs, and what is to be done for it yet."""

    outcomes: Created
    filling: Filling | None


async def create_properties(
    store: Store, occasion: Occasion, type_id: str, inputs: Sequence[NewProperty]
) -> Created | Problem:
    """Creates each property that can be, in one turn of the writer, each on top of the earlier.

    A property that comes back from the archive as unique, and was not before, has its values
    entered into the index first, in parts, so that other writers get their turn. Nobody can write
    these values meanwhile, so what was entered stays right as long as the property is archived,
    whoever activates it; no part is entered once it is not.
    """
    if len(inputs) > PROPERTY_BATCH_INPUTS_MAX:
        return TooManyInputs(PROPERTY_BATCH_INPUTS_MAX)
    ready = _Preparation()
    try:
        while True:
            outcome = await store.write(_creation(occasion, type_id, inputs, ready))
            if isinstance(outcome, _Creation):
                break
            await _prepare(store, occasion.caller.portal_id, type_id, outcome, ready)
    except WriterBusyError:
        return RecordsLocked()
    await _fill(store, occasion, outcome.filling)
    return outcome.outcomes


def _creation(
    occasion: Occasion, type_id: str, inputs: Sequence[NewProperty], ready: _Preparation
) -> Callable[[WriteTransaction], _Creation | PropertyDefinition]:
    """Work that creates all, or changes nothing and answers what has to be prepared first."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> _Creation | PropertyDefinition:
        definitions = transaction.definitions(portal_id, type_id)
        custom = transaction.count_custom_properties(portal_id)
        elsewhere = sum(custom.values()) - custom.get(type_id, 0)
        outcomes: list[CreatePlan | Problem] = []
        for given in inputs:
            planned = plan_create(given, definitions, occasion, custom_elsewhere=elsewhere)
            if isinstance(planned, CreatePlan) and planned.index == "enter":
                earlier = definitions.archived[planned.definition.name]
                if refusal := ready.refusal(earlier):
                    planned = refusal
                elif not ready.is_entered(earlier):
                    return earlier
            if isinstance(planned, CreatePlan):
                definitions = with_property(definitions, planned.definition)
            outcomes.append(planned)
        created = [_create(transaction, portal_id, type_id, each) for each in outcomes]
        made = [each for each in created if isinstance(each, PropertyDefinition)]
        calculated = [each.name for each in made if each.calculated]
        return _Creation(created, _begin_fill(transaction, occasion, type_id, calculated))

    return work


def _create(
    transaction: WriteTransaction, portal_id: int, type_id: str, planned: CreatePlan | Problem
) -> PropertyDefinition | Problem:
    if isinstance(planned, Problem):
        return planned
    if planned.index == "drop":
        transaction.drop_index(portal_id, type_id, planned.definition.name)
    transaction.put_property(portal_id, type_id, planned.definition)
    return planned.answered


async def _prepare(
    store: Store,
    portal_id: int,
    type_id: str,
    earlier: PropertyDefinition,
    ready: _Preparation,
) -> None:
    """Enters the values of an archived property part by part, as long as it stays as it is."""
    name = earlier.name
    from_id: int | None = 0
    while from_id is not None:
        part = await store.write(_indexing(portal_id, type_id, earlier, from_id))
        if part is None:
            return
        if part.conflict is not None:
            value, record_id, holder_id = part.conflict
            problem = ValuesNotUnique(name, value, str(record_id), str(holder_id))
            ready.refused[name] = (earlier, problem)
            return
        from_id = part.next_id
    ready.entered[name] = earlier


def _indexing(
    portal_id: int, type_id: str, earlier: PropertyDefinition, from_id: int
) -> Callable[[WriteTransaction], IndexedPart | None]:
    """Work that enters one part; None when the definition is no longer what it was."""

    def work(transaction: WriteTransaction) -> IndexedPart | None:
        definitions = transaction.definitions(portal_id, type_id)
        if definitions.archived.get(earlier.name) != earlier:
            return None
        return transaction.index_values(
            portal_id, type_id, earlier.name, from_id, INDEX_PART_RECORDS_MAX
        )

    return work


# --- values of calculated properties ---------------------------------------------------------


def _begin_fill(
    transaction: WriteTransaction, occasion: Occasion, type_id: str, names: Iterable[str]
) -> Filling | None:
    """Keeps that records get the values of these calculated properties, if there are any."""
    if not names:
        return None
    state = Fill(Origin.of(occasion), type_id, tuple(sorted(names)))
    return begin(transaction, occasion, state), state


async def _fill(store: Store, occasion: Occasion, filling: Filling | None) -> None:
    """Gives all active records the values of calculated properties, part by part."""
    while filling is not None:
        try:
            await carry_out(store, *filling, fill_next, occasion.now_ms)
        except WriterBusyError:
            # The definitions are there; their values come as soon as other writers let them.
            filling = await store.read(partial(_left, job=filling[0]))
        else:
            return


def _left(transaction: ReadTransaction, job: Job) -> Filling | None:
    found = transaction.job(job.portal_id, job.id)
    state = None if found is None else read_state(found.state)
    return (job, state) if isinstance(state, Fill) else None


def fill_next(transaction: WriteTransaction, occasion: Occasion, fill: Fill) -> Fill | None:
    """Gives one part of the active records of a type the values of calculated properties.

    Records that are written meanwhile have theirs already, as the definitions stand. Each part
    goes by the definitions of its own turn, so a formula that was changed again or archived
    meanwhile is not computed any more.
    """
    portal_id = occasion.caller.portal_id
    definitions = transaction.definitions(portal_id, fill.type_id)
    records = transaction.page(
        portal_id, fill.type_id, fill.from_id, FILL_PART_RECORDS_MAX, archived=False
    )
    changes = plan_filling(records, frozenset(fill.names), definitions, occasion.now_ms)
    if changes:
        transaction.change_records(occasion, fill.type_id, changes)
    if len(records) < FILL_PART_RECORDS_MAX:
        return None
    return structs.replace(fill, from_id=records[-1].record_id + 1)


async def create_property(
    store: Store, occasion: Occasion, type_id: str, given: NewProperty
) -> PropertyDefinition | Problem:
    """Creates one property: a batch of one."""
    outcomes = await create_properties(store, occasion, type_id, [given])
    return outcomes if isinstance(outcomes, Problem) else outcomes[0]


# --- updating and archiving ------------------------------------------------------------------


async def update_property(
    store: Store,
    occasion: Occasion,
    type_id: str,
    name: str,
    change: PropertyChange,
    *,
    unique_flag_refused: bool,
) -> PropertyDefinition | Problem:
    """Changes an active property; of the values of records only calculated ones follow.

    They are those of the property, when a formula is given, and those that read a property whose
    type is given: a moment and a number are read in different ways.
    """
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> tuple[PropertyDefinition, Filling | None] | Problem:
        definitions = transaction.definitions(portal_id, type_id)
        planned = plan_update(
            name, change, definitions, occasion, unique_flag_refused=unique_flag_refused
        )
        if isinstance(planned, Problem):
            return planned
        transaction.put_property(portal_id, type_id, planned)
        concerned = formulas_concerned(name, change, definitions)
        return planned, _begin_fill(transaction, occasion, type_id, concerned)

    outcome = await write_in_turn(store, work)
    if isinstance(outcome, Problem):
        return outcome
    updated, filling = outcome
    await _fill(store, occasion, filling)
    return updated


async def archive_property(
    store: Store, occasion: Occasion, type_id: str, name: str
) -> PropertyDefinition | Problem:
    """Archives an active property; values of records and a unique index stay."""
    return await _put_property(
        store, occasion, type_id, lambda definitions: plan_archive(name, definitions, occasion)
    )


async def _put_property(
    store: Store,
    occasion: Occasion,
    type_id: str,
    plan: Callable[[TypeDefinitions], PropertyDefinition | Problem],
) -> PropertyDefinition | Problem:
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> PropertyDefinition | Problem:
        planned = plan(transaction.definitions(portal_id, type_id))
        if isinstance(planned, PropertyDefinition):
            transaction.put_property(portal_id, type_id, planned)
        return planned

    return await write_in_turn(store, work)


async def archive_properties(
    store: Store, occasion: Occasion, type_id: str, names: Sequence[str]
) -> list[PropertyDefinition] | Problem:
    """Archives the properties that are there, all or none; missing ones are passed over."""
    if len(names) > PROPERTY_BATCH_INPUTS_MAX:
        return TooManyInputs(PROPERTY_BATCH_INPUTS_MAX)
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> list[PropertyDefinition] | Problem:
        planned = plan_archives(names, transaction.definitions(portal_id, type_id), occasion)
        if isinstance(planned, list):
            for each in planned:
                transaction.put_property(portal_id, type_id, each)
        return planned

    return await write_in_turn(store, work)


# --- groups ----------------------------------------------------------------------------------


async def list_groups(store: Store, portal_id: int, type_id: str) -> list[PropertyGroup]:
    """The active groups in display order."""
    return active_groups(await definitions_of(store, portal_id, type_id))


async def read_group(
    store: Store, portal_id: int, type_id: str, name: str
) -> PropertyGroup | Problem:
    """One active group."""
    return find_group(name, await definitions_of(store, portal_id, type_id))


async def create_group(
    store: Store, occasion: Occasion, type_id: str, given: NewGroup
) -> PropertyGroup | Problem:
    """Creates a group, or a fresh one in the place of an archived one."""
    return await _put_group(
        store, occasion, type_id, lambda definitions: plan_group_create(given, definitions)
    )


async def update_group(
    store: Store, occasion: Occasion, type_id: str, name: str, change: GroupChange
) -> PropertyGroup | Problem:
    """Changes an active group."""
    return await _put_group(
        store, occasion, type_id, lambda definitions: plan_group_update(name, change, definitions)
    )


async def archive_group(
    store: Store, occasion: Occasion, type_id: str, name: str
) -> PropertyGroup | Problem:
    """Archives a group without active properties."""
    return await _put_group(
        store, occasion, type_id, lambda definitions: plan_group_archive(name, definitions)
    )


async def _put_group(
    store: Store,
    occasion: Occasion,
    type_id: str,
    plan: Callable[[TypeDefinitions], PropertyGroup | Problem],
) -> PropertyGroup | Problem:
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> PropertyGroup | Problem:
        planned = plan(transaction.definitions(portal_id, type_id))
        if isinstance(planned, PropertyGroup):
            transaction.put_group(portal_id, type_id, planned)
        return planned

    return await write_in_turn(store, work)
