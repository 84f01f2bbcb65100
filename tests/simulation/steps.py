"""What clients do, one class a call: how it is made, and what it makes of a world.

`act` calls the product, through an operation or over HTTP; `carry_out` does the same to a world, or
raises RefusedError. Steps are plain values, so a run is the list of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.association_writes import PairInput, WrittenPairs
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.definition_inputs import NewProperty
from moyeu.crm.problems import Problem
from moyeu.crm.records import RecordInput, StoredRecord, WritePlan, WrittenRecord
from moyeu.crm.search.requests import Filter, Operator, SearchRequest
from moyeu.operations import records as operations
from moyeu.operations.association_writes import associate, dissociate
from moyeu.operations.definitions import archive_property, create_property
from moyeu.operations.list_memberships import (
    MemberPage,
    MembersChanged,
    change_members,
    read_members,
)
from moyeu.operations.merges import erase_record, merge_records
from moyeu.operations.record_reads import ReadBatch, RecordPage, list_records, read_records
from moyeu.operations.searches import SearchPage, search_records
from moyeu.operations.upserts import upsert_records
from moyeu.storage.contract import Store, StoreError, StoreFullError, StoreUnavailableError
from moyeu.wire.application import Application
from tests.operations.association_scene import COMPANIES
from tests.simulation import wire
from tests.simulation.answers import Answer, Expected, Failed, Refused, Shown, Told
from tests.simulation.world import (
    CODE,
    EMAIL,
    FLAGGED,
    NOTE,
    OWN_SIGN,
    UNIQUE,
    RefusedError,
    World,
    told_names,
)
from tests.storage.scene import CONTACTS

_PATHS: Final = {
    CONTACTS: "/crm/v3/objects/contacts",
    COMPANIES: "/crm/v3/objects/companies",
}
PAGE: Final = 100
"""Records of a list or search that are asked for at once; a type never has more."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a client reaches one portal."""

    store: Store
    app: Application
    caller: Caller
    token: str

    def occasion(self, step: "Step") -> Occasion:
        """The moment of a step."""
        return Occasion(self.caller, step.now_ms, f"step-{step.number}")


class Input(NamedTuple):
    """One input of a write. name: the id, or the value of `id_property`; "" for a create."""

    name: str
    values: dict[str, str]
    id_property: str | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call. by_wire: whether it is made over HTTP; only calls on records are."""

    number: int
    now_ms: int
    type_id: str = CONTACTS
    by_wire: bool = False

    async def act(self, access: Access) -> Answer:
        """What the product answers."""
        try:
            return await (self._call(access) if self.by_wire else self._operate(access))
        except (StoreFullError, StoreUnavailableError) as error:
            return Failed(is_sure=True, words=str(error))
        except StoreError as error:
            return Failed(is_sure=False, words=str(error))

    async def _operate(self, access: Access) -> Answer:
        raise NotImplementedError

    async def _call(self, access: Access) -> Answer:
        raise NotImplementedError

    def carry_out(self, world: World) -> Expected:
        """What the world answers, which is changed; RefusedError where it refuses."""
        raise NotImplementedError

    def asked(self, world: World, names: Collection[str]) -> frozenset[str] | None:
        """Which of these own properties a read over HTTP shows: those that are defined."""
        return world.names[self.type_id].intersection(names) if self.by_wire else None

    def new_handle(self, place: int = 0) -> str:
        """The handle of a record that the step makes."""
        return f"{self.number}.{place}"

    async def _post(
        self, access: Access, path: str, body: object, *, method: str = "POST", query: str = ""
    ) -> Answer:
        address = _PATHS[self.type_id] + path
        return wire.told(*await wire.call(access.app, access.token, method, address, body, query))


def _refused(problem: Problem) -> Refused:
    return Refused(type(problem).__name__)


def _shown(type_id: str, record: StoredRecord, *, is_new: bool | None = None) -> Shown:
    own = (name for name in record.properties if name.startswith(OWN_SIGN))
    values = {name: record.properties.get(name, "") for name in told_names(type_id, own)}
    return Shown(record.record_id, values, record.updated_at_ms, is_new)


def _told(type_id: str, outcome: WritePlan | WrittenRecord | Problem | None) -> Answer:
    if outcome is None:
        return Told()
    if isinstance(outcome, Problem):
        return _refused(outcome)
    if isinstance(outcome, WrittenRecord):
        return Told((_shown(type_id, outcome.record),))
    return Told(
        tuple(_shown(type_id, each.record, is_new=each.is_new) for each in outcome.results),
        outcome.missing.ids if outcome.missing else (),
        tuple(sorted(each.trace_id for each in outcome.problems)),
    )


# --- writes of records -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch(Step):
    inputs: tuple[Input, ...]

    @property
    def _given(self) -> list[RecordInput]:
        return [
            RecordInput(each.name, dict(each.values), each.id_property, each.trace)
            for each in self.inputs
        ]

    @property
    def _is_traced(self) -> bool:
        return all(each.trace for each in self.inputs)

    def _body(self) -> dict[str, object]:
        inputs = []
        for each in self.inputs:
            given: dict[str, object] = {"properties": each.values}
            if each.name:
                given["id"] = each.name
            if each.id_property:
                given["idProperty"] = each.id_property
            if each.trace:
                given["objectWriteTraceId"] = each.trace
            inputs.append(given)
        return {"inputs": inputs}

    def _check(self, world: World, id_names: Collection[str]) -> None:
        """What refuses the call before its records are looked at."""
        names = [(each.id_property, each.name) for each in self.inputs if each.name]
        if len(set(names)) < len(names):
            raise RefusedError("DuplicateIds")
        if any(name is not None and name not in id_names for name, _ in names):
            raise RefusedError("NotAUniqueProperty")
        if not self._is_traced and any(self._is_bad(world, each) for each in self.inputs):
            raise RefusedError("InvalidValues")

    def _is_bad(self, world: World, one: Input) -> bool:
        return not world.names[self.type_id].issuperset(one.values)


class _Progress:
    """What a batch has come to, input by input."""

    def __init__(self, step: _Batch, world: World) -> None:
        self.world = world
        self.results: dict[str, bool | None] = {}
        self._step = step
        self._mains = world.mains(step.type_id)
        self._missing: list[str] = []
        self._failed: list[str] = []
        self._refusal: str | None = None
        self._written: set[str] = set()

    def update(self, handle: str, one: Input, *, is_new: bool | None = None) -> None:
        """Writes values of a record; a taken value fails the input."""
        changed = self.world.changes(handle, _kept(one.values))
        try:
            self.world.check_free(self._step.type_id, handle, changed, self._mains)
        except RefusedError as error:
            self.fail(one, error.kind)
            return
        if changed:
            again = handle in self._written
            self.world.put(handle, changed, self._step.now_ms, again=again)
            self._written.add(handle)
        self.results.setdefault(handle, is_new)

    def create(self, handle: str, one: Input, *, is_new: bool | None = None) -> None:
        """Makes a record; a taken value fails the input."""
        values = _kept(one.values)
        try:
            self.world.check_free(self._step.type_id, None, values, self._mains)
        except RefusedError as error:
            self.fail(one, error.kind)
            return
        self.world.add(handle, self._step.type_id, values, self._step.now_ms)
        self.results[handle] = is_new

    def miss(self, one: Input) -> None:
        """Nothing has that id."""
        if one.trace and self._step._is_traced:
            self._failed.append(one.trace)
        else:
            self._missing.append(one.name)

    def fail(self, one: Input, kind: str) -> None:
        """Lists the input; refuses the whole call where inputs do not stand for themselves."""
        if self._step._is_traced:
            assert one.trace is not None
            self._failed.append(one.trace)
        else:
            self._refusal = self._refusal or kind

    def end(self) -> Expected:
        """The answer; RefusedError where the whole call is refused."""
        if self._refusal is not None:
            raise RefusedError(self._refusal)
        return Expected(
            tuple(self.results.items()), tuple(self._missing), tuple(sorted(self._failed))
        )


def _kept(values: Mapping[str, str]) -> dict[str, str]:
    """Values as they are stored: addresses in small letters."""
    return {name: text.strip().lower() if name == EMAIL else text for name, text in values.items()}


class Create(_Batch):
    """A batch create."""

    async def _operate(self, access: Access) -> Answer:
        made = await operations.create_records(
            access.store, access.occasion(self), self.type_id, self._given, dates_normalised=False
        )
        return _told(self.type_id, made)

    async def _call(self, access: Access) -> Answer:
        return await self._post(access, "/batch/create", self._body())

    def carry_out(self, world: World) -> Expected:
        """Each input makes a record."""
        self._check(world, ())
        progress = _Progress(self, world)
        for place, one in enumerate(self.inputs):
            if self._is_bad(world, one):
                progress.fail(one, "InvalidValues")
            else:
                progress.create(self.new_handle(place), one)
        return progress.end()


class Update(_Batch):
    """A batch update, by ids and by unique values."""

    async def _operate(self, access: Access) -> Answer:
        made = await operations.update_records(
            access.store, access.occasion(self), self.type_id, self._given, dates_normalised=False
        )
        return _told(self.type_id, made)

    async def _call(self, access: Access) -> Answer:
        return await self._post(access, "/batch/update", self._body())

    def carry_out(self, world: World) -> Expected:
        """Inputs name records as they are before the call, and are applied in order."""
        self._check(world, FLAGGED)
        progress = _Progress(self, world)
        named = [_named(world, self.type_id, each) for each in self.inputs]
        unknown = False
        for one, handle in zip(self.inputs, named, strict=True):
            if self._is_bad(world, one):
                progress.fail(one, "InvalidValues")
            elif handle is not None:
                progress.update(handle, one)
            elif one.id_property is None:
                if not world.is_merged_away(self.type_id, one.name):
                    progress.miss(one)
            elif self._is_traced:
                progress.miss(one)
            else:
                unknown = True
        if unknown:
            raise RefusedError("UnknownUniqueValues")
        return progress.end()


def _named(world: World, type_id: str, one: Input) -> str | None:
    """The active record that an input names."""
    if one.id_property is not None:
        return world.holder(type_id, one.id_property, one.name)
    handle = world.find(type_id, one.name)
    return handle if world.active(handle) else None


class Upsert(_Batch):
    """A batch upsert by unique values or ids."""

    async def _operate(self, access: Access) -> Answer:
        made = await upsert_records(
            access.store, access.occasion(self), self.type_id, self._given, dates_normalised=False
        )
        return _told(self.type_id, made)

    async def _call(self, access: Access) -> Answer:
        return await self._post(access, "/batch/upsert", self._body())

    def carry_out(self, world: World) -> Expected:
        """Inputs update the record that they name as it is before the call, or make one."""
        self._check(world, UNIQUE[self.type_id])
        progress = _Progress(self, world)
        named = [_named(world, self.type_id, each) for each in self.inputs]
        for place, (one, handle) in enumerate(zip(self.inputs, named, strict=True)):
            if self._is_bad(world, one):
                progress.fail(one, "InvalidValues")
            elif handle is not None:
                progress.update(handle, one, is_new=False)
            elif one.id_property is not None:
                complete = one.values
                if one.id_property not in complete:
                    complete = {one.id_property: one.name, **complete}
                if complete[one.id_property]:
                    made = one._replace(values=complete)
                    progress.create(self.new_handle(place), made, is_new=True)
                else:
                    progress.fail(one, "RequiredPropertiesMissing")
            elif not world.is_merged_away(self.type_id, one.name):
                progress.miss(one)
        return progress.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOne(Step):
    """An update of one record by its id or a unique value."""

    one: Input

    async def _operate(self, access: Access) -> Answer:
        given = RecordInput(self.one.name, dict(self.one.values), self.one.id_property)
        made = await operations.update_record(
            access.store, access.occasion(self), self.type_id, given, dates_normalised=False
        )
        return _told(self.type_id, made)

    async def _call(self, access: Access) -> Answer:
        query = f"idProperty={self.one.id_property}" if self.one.id_property else ""
        path, body = f"/{quote(self.one.name)}", {"properties": self.one.values}
        return await self._post(access, path, body, method="PATCH", query=query)

    def carry_out(self, world: World) -> Expected:
        """A batch of one, where who is missing is told otherwise."""
        if not world.names[self.type_id].issuperset(self.one.values):
            raise RefusedError("InvalidValues")
        handle = _named(world, self.type_id, self.one)
        if handle is None:
            raise RefusedError("RecordNotFound")
        batch = Update(
            number=self.number, now_ms=self.now_ms, type_id=self.type_id, inputs=(self.one,)
        )
        progress = _Progress(batch, world)
        progress.update(handle, self.one)
        return progress.end()


# --- records come and go ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(Step):
    """A batch archive."""

    ids: tuple[str, ...]

    async def _operate(self, access: Access) -> Answer:
        problem = await operations.archive_records(
            access.store, access.occasion(self), self.type_id, self.ids
        )
        return _told(self.type_id, problem)

    async def _call(self, access: Access) -> Answer:
        body = {"inputs": [{"id": each} for each in self.ids]}
        return await self._post(access, "/batch/archive", body)

    def carry_out(self, world: World) -> Expected:
        """Who is not there is passed over."""
        for each in self.ids:
            handle = world.find(self.type_id, each)
            if handle is not None and world.active(handle):
                world.archive(handle)
        world.let_follow(self.now_ms)
        return Expected()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Step):
    """Archived records are to be active again; there is no such route."""

    ids: tuple[str, ...]

    async def _operate(self, access: Access) -> Answer:
        made = await operations.restore_records(
            access.store, access.occasion(self), self.type_id, self.ids
        )
        if isinstance(made, Problem):
            return _refused(made)
        taken = tuple(str(each.record_id) for each in made.taken)
        return Told(missing=made.missing, told=(tuple(map(str, made.restored)), taken))

    def carry_out(self, world: World) -> Expected:
        """One after the other, unless a unique value was taken meanwhile."""
        restored, taken, missing = [], [], []
        for each in self.ids:
            handle = world.find(self.type_id, each)
            if handle is None or world.active(handle):
                missing.append(each)
            elif any(world.holder(self.type_id, *key) for key in world.things[handle].held()):
                taken.append(each)
            else:
                restored.append(each)
                world.unarchive(handle)
        world.let_follow(self.now_ms)
        return Expected(missing=tuple(missing), told=(tuple(restored), tuple(taken)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Step):
    """A merge of two records."""

    primary_id: str
    other_id: str

    async def _operate(self, access: Access) -> Answer:
        made = await merge_records(
            access.store, access.occasion(self), self.type_id, self.primary_id, self.other_id
        )
        return _told(self.type_id, made)

    async def _call(self, access: Access) -> Answer:
        body = {"primaryObjectId": self.primary_id, "objectIdToMerge": self.other_id}
        return await self._post(access, "/merge", body)

    def carry_out(self, world: World) -> Expected:
        """Both become a new record."""
        if self.primary_id == self.other_id:
            raise RefusedError("MergeWithItself")
        pair = [world.find(self.type_id, each) for each in (self.primary_id, self.other_id)]
        if not all(map(world.active, pair)):
            raise RefusedError("NotMergeable")
        primary, other = pair
        assert primary is not None
        assert other is not None
        handle = self.new_handle()
        world.merge(primary, other, handle, self.now_ms)
        world.let_follow(self.now_ms)
        return Expected(((handle, None),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(Step):
    """A record is removed for good, by its id or by a unique value."""

    name: str
    id_property: str | None = None

    async def _operate(self, access: Access) -> Answer:
        problem = await erase_record(
            access.store, access.occasion(self), self.type_id, self.name, self.id_property
        )
        return _told(self.type_id, problem)

    async def _call(self, access: Access) -> Answer:
        body = {"objectId": self.name}
        if self.id_property:
            body["idProperty"] = self.id_property
        return await self._post(access, "/gdpr-delete", body)

    def carry_out(self, world: World) -> Expected:
        """Nothing to erase is no problem."""
        if self.id_property is not None:
            handle = world.holder(self.type_id, self.id_property, self.name)
        else:
            handle = world.forward(self.type_id, self.name)
        if handle is not None:
            world.erase(handle)
            world.let_follow(self.now_ms)
        return Expected()


# --- reads of records ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Step):
    """A batch read by ids or by a unique value. names: of properties, for HTTP."""

    ids: tuple[str, ...]
    id_property: str | None = None
    archived: bool = False
    names: tuple[str, ...] = ()

    async def _operate(self, access: Access) -> Answer:
        found = await read_records(
            access.store,
            access.caller.portal_id,
            self.type_id,
            self.ids,
            self.id_property,
            archived=self.archived,
            with_history=False,
        )
        if isinstance(found, Problem):
            return _refused(found)
        assert isinstance(found, ReadBatch)
        missing = found.missing.ids if found.missing else ()
        return Told(tuple(_shown(self.type_id, each.record) for each in found.records), missing)

    async def _call(self, access: Access) -> Answer:
        body: dict[str, object] = {
            "inputs": [{"id": each} for each in self.ids],
            "properties": told_names(self.type_id, self.names),
        }
        if self.id_property:
            body["idProperty"] = self.id_property
        query = "archived=true" if self.archived else ""
        return await self._post(access, "/batch/read", body, query=query)

    def carry_out(self, world: World) -> Expected:
        """Ids that were merged away are read forward; each record stands once."""
        found: dict[str, None] = {}
        missing = []
        for each in self.ids:
            if self.id_property is None:
                handle = world.forward(self.type_id, each)
            else:
                handle = world.holder(self.type_id, self.id_property, each)
            if handle is None or world.things[handle].is_archived != self.archived:
                missing.append(each)
            else:
                found[handle] = None
        own_names = self.asked(world, self.names)
        return Expected(_handles(found), tuple(missing), own_names=own_names)


def _handles(handles: Iterable[str]) -> tuple[tuple[str, None], ...]:
    return tuple((each, None) for each in handles)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage(Step):
    """All records of a type, only archived or only active."""

    archived: bool = False
    names: tuple[str, ...] = ()

    async def _operate(self, access: Access) -> Answer:
        found = await list_records(
            access.store,
            access.caller.portal_id,
            self.type_id,
            str(PAGE),
            None,
            archived=self.archived,
            with_history=False,
        )
        if isinstance(found, Problem):
            return _refused(found)
        assert isinstance(found, RecordPage)
        assert found.next_id is None
        return Told(tuple(_shown(self.type_id, each.record) for each in found.records))

    async def _call(self, access: Access) -> Answer:
        names = ",".join(told_names(self.type_id, self.names))
        query = f"limit={PAGE}&properties={names}&archived={str(self.archived).lower()}"
        return await self._post(access, "", None, method="GET", query=query)

    def carry_out(self, world: World) -> Expected:
        """Ascending by id."""
        found = [
            handle
            for handle, each in world.things.items()
            if each.type_id == self.type_id and each.is_archived == self.archived
        ]
        own_names = self.asked(world, self.names)
        return Expected(_handles(found), in_order=False, own_names=own_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Step):
    """A search by one filter. values: empty for operators that take none."""

    name: str
    operator: Operator
    values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    async def _operate(self, access: Access) -> Answer:
        request = SearchRequest(groups=((self._filter(),),), limit=PAGE)
        found = await search_records(
            access.store, access.caller.portal_id, self.type_id, request, self.now_ms
        )
        if isinstance(found, Problem):
            return _refused(found)
        assert isinstance(found, SearchPage)
        shown = tuple(_shown(self.type_id, each.record) for each in found.records)
        return Told(shown, total=found.total)

    def _filter(self) -> Filter:
        if self.operator == "IN":
            return Filter(self.name, "IN", values=self.values)
        return Filter(self.name, self.operator, "".join(self.values))

    async def _call(self, access: Access) -> Answer:
        one: dict[str, object] = {"propertyName": self.name, "operator": self.operator}
        if self.operator == "IN":
            one["values"] = self.values
        elif self.values:
            (one["value"],) = self.values
        body = {
            "filterGroups": [{"filters": [one]}],
            "limit": PAGE,
            "properties": told_names(self.type_id, self.names),
        }
        return await self._post(access, "/search", body)

    def carry_out(self, world: World) -> Expected:
        """Of the active records those that meet the filter, ascending by id."""
        found = [
            handle
            for handle in world.actives(self.type_id)
            if self._meets(world.things[handle].values.get(self.name, ""))
        ]
        own_names = self.asked(world, self.names)
        return Expected(_handles(found), total=len(found), in_order=False, own_names=own_names)

    def _meets(self, value: str) -> bool:
        match self.operator:
            case "HAS_PROPERTY":
                return bool(value)
            case "NOT_HAS_PROPERTY":
                return not value
            case _:
                return value in self.values


# --- associations and lists ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Associate(Step):
    """Contacts and companies are associated, or no longer. pairs: ids of (contact, company)."""

    pairs: tuple[tuple[str, str], ...]
    from_companies: bool = False
    ends: bool = False

    async def _operate(self, access: Access) -> Answer:
        types = (COMPANIES, CONTACTS) if self.from_companies else (CONTACTS, COMPANIES)
        inputs = [PairInput(*(pair[::-1] if self.from_companies else pair)) for pair in self.pairs]
        occasion = access.occasion(self)
        if self.ends:
            return _told("", await dissociate(access.store, occasion, *types, inputs))
        written = await associate(access.store, occasion, *types, inputs)
        if isinstance(written, Problem):
            return _refused(written)
        assert isinstance(written, WrittenPairs)
        return Told(problems=tuple(str(each.index) for each in written.problems))

    def carry_out(self, world: World) -> Expected:
        """Pairs of active records only; who is not there is passed over at the end of one."""
        problems = []
        for place, (contact_id, company_id) in enumerate(self.pairs):
            contact, company = world.find(CONTACTS, contact_id), world.find(COMPANIES, company_id)
            if self.ends:
                world.unlink(contact or "", company or "")
            elif contact and company and world.active(contact) and world.active(company):
                world.link(contact, company)
            else:
                problems.append(str(place))
        world.let_follow(self.now_ms)
        return Expected(problems=tuple(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMembers(Step):
    """Contacts join a list and others leave it."""

    list_id: int
    joining: tuple[str, ...]
    leaving: tuple[str, ...]

    async def _operate(self, access: Access) -> Answer:
        changed = await change_members(
            access.store, access.occasion(self), str(self.list_id), self.joining, self.leaving
        )
        if isinstance(changed, Problem):
            return _refused(changed)
        assert isinstance(changed, MembersChanged)
        return Told(
            missing=tuple(changed.missing),
            told=(tuple(sorted(changed.added)), tuple(sorted(changed.removed))),
        )

    def carry_out(self, world: World) -> Expected:
        """Only active contacts; who is asked to do both joins."""
        members = world.lists[self.list_id]
        added, removed, missing = [], [], []
        for each in dict.fromkeys([*self.joining, *self.leaving]):
            handle = world.find(CONTACTS, each)
            if handle is None or not world.active(handle):
                missing.append(each)
            elif each in self.joining:
                if handle not in members:
                    added.append(each)
                    members |= {handle}
            elif handle in members:
                removed.append(each)
                members -= {handle}
        world.lists[self.list_id] = members
        told = (tuple(sorted(added)), tuple(sorted(removed)))
        return Expected(missing=tuple(missing), told=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMembers(Step):
    """The members of a list. noted: the note that the members of a dynamic list have."""

    list_id: int
    noted: str | None = None

    async def _operate(self, access: Access) -> Answer:
        portal_id, number = access.caller.portal_id, str(self.list_id)
        page = await read_members(
            access.store, portal_id, number, None, None, None, self.now_ms, by_time=False
        )
        if isinstance(page, Problem):
            return _refused(page)
        assert isinstance(page, MemberPage)
        assert page.place is None
        members = tuple(each.record_id for each in page.members)
        return Told(total=page.total, members=members)

    def carry_out(self, world: World) -> Expected:
        """Those who joined, or those who meet the filter."""
        if self.noted is None:
            members = world.lists[self.list_id]
        else:
            members = frozenset(
                handle
                for handle in world.actives(CONTACTS)
                if world.things[handle].values.get(NOTE, "") == self.noted
            )
        return Expected(total=len(members), members=members)


# --- definitions -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Define(Step):
    """A property is defined, or archived."""

    name: str
    archives: bool = False

    async def _operate(self, access: Access) -> Answer:
        store, occasion = access.store, access.occasion(self)
        made: PropertyDefinition | Problem
        if self.archives:
            made = await archive_property(store, occasion, self.type_id, self.name)
        else:
            made = await create_property(
                store, occasion, self.type_id, own(self.name, self.type_id)
            )
        return _refused(made) if isinstance(made, Problem) else Told()

    def carry_out(self, world: World) -> Expected:
        """From then on it may be written, or no longer."""
        names = world.names[self.type_id]
        if not self.archives:
            world.names[self.type_id] = names | {self.name}
        elif self.name not in names:
            raise RefusedError("PropertyNotFound")
        else:
            world.names[self.type_id] = names - {self.name}
        return Expected()


def own(name: str, type_id: str) -> NewProperty:
    """A text property of the portal's own; `code` is unique."""
    group = "contactinformation" if type_id == CONTACTS else "companyinformation"
    return NewProperty(
        name=name,
        label=name,
        type="string",
        field_type="text",
        group_name=group,
        has_unique_value=name == CODE,
    )
