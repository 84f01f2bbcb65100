"""Loading records: all of them, or none and every reason."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.object_schemas import ObjectSchema
from moyeu.crm.problems import (
    InvalidNumber,
    InvalidValues,
    Problem,
    ReadOnlyProperty,
    RequiredPropertiesMissing,
    UnknownProperty,
)
from moyeu.crm.records import RecordInput, StoredRecord
from moyeu.crm.schema_problems import UnknownObjectType
from moyeu.operations.loading import (
    PROBLEMS_MAX,
    InvalidRecordId,
    LineProblem,
    Loaded,
    LoadedValueTaken,
    LoadRow,
    RecordIdTaken,
    load_records,
)
from moyeu.operations.portals import create_portal
from moyeu.operations.records import create_records
from moyeu.storage.contract import Store, WriteTransaction

NOW_MS = 1_795_000_000_250
SERVICES, ORDERS = "0-164", "0-123"
SKU = PropertyDefinition(
    name="sku",
    label="SKU",
    type="string",
    field_type="text",
    group_name="partner_service_information",
    has_unique_value=True,
)
FEE = PropertyDefinition(
    name="fee",
    label="Fee",
    type="number",
    field_type="number",
    group_name="partner_service_information",
)
CARS = ObjectSchema(
    object_type_id="2-77",
    name="cars",
    label="Car",
    label_plural="Cars",
    primary_display_property="plate",
    required_properties=("plate",),
    created_at_ms=NOW_MS,
    updated_at_ms=NOW_MS,
)
PLATE = replace(SKU, name="plate", group_name="cars_information")


class Scene:
    """A portal with cars, in which partner services have a unique `sku` and a number `fee`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        portal = asyncio.run(create_portal(store, "Loaded", NOW_MS))
        self.portal_id = portal.id
        self.occasion = Occasion(Caller(portal.id, portal.app_id, None, frozenset()), NOW_MS, "c")

        def define(transaction: WriteTransaction) -> None:
            for each in (SKU, FEE):
                transaction.put_property(portal.id, SERVICES, each)
            transaction.put_schema(portal.id, CARS)
            transaction.put_property(portal.id, CARS.object_type_id, PLATE)

        asyncio.run(store.write(define))

    def load(self, *rows: LoadRow) -> Loaded | list[LineProblem]:
        """Loads rows."""
        return asyncio.run(load_records(self.store, self.occasion, rows))

    def records(self, type_id: str = SERVICES) -> list[StoredRecord]:
        """All active records of a type."""
        return asyncio.run(
            self.store.read(lambda tx: tx.page(self.portal_id, type_id, 0, 10_000, archived=False))
        )


@pytest.fixture
def loading(open_store: Callable[[Path], Store], tmp_path: Path) -> Scene:
    return Scene(open_store(tmp_path))


def _row(line: int, record_id: str | None = None, **properties: str | None) -> LoadRow:
    return LoadRow(line, "partner_services", properties, record_id)


def test_records_of_several_types_are_loaded_with_their_history(loading: Scene) -> None:
    order = LoadRow(2, "order", {"hs_order_name": "Books"})

    loaded = loading.load(_row(1, sku="a", fee="12.50"), order, _row(3, fee=None))

    assert loaded == Loaded({"partner_services": 2, "orders": 1})
    first, second = loading.records()
    assert (first.properties["sku"], first.properties["fee"]) == ("a", "12.50")
    assert "fee" not in second.properties
    assert first.created_at_ms == NOW_MS
    assert [each.properties["hs_order_name"] for each in loading.records(ORDERS)] == ["Books"]
    history = asyncio.run(
        loading.store.read(lambda tx: tx.history(loading.portal_id, SERVICES, [first]))
    )
    assert [each.changed["sku"] for each in history[first.record_id]] == ["a"]


@pytest.mark.parametrize("name", ["2-77", "p_cars"])
def test_records_of_custom_types_are_loaded_too(loading: Scene, name: str) -> None:
    assert loading.load(LoadRow(1, name, {"plate": "A 1"})) == Loaded({"cars": 1})

    (car,) = loading.records("2-77")
    assert car.properties["plate"] == "A 1"


def test_a_given_time_of_creation_is_that_of_the_record(loading: Scene) -> None:
    deal = LoadRow(1, "deals", {"dealname": "A", "createdate": "2020-01-02T03:04:05Z"})

    loading.load(deal)

    (record,) = loading.records("0-3")
    assert record.created_at_ms == 1_577_934_245_000
    assert record.properties["createdate"] == "2020-01-02T03:04:05Z"


def test_given_ids_are_kept_and_new_ones_come_after_them(loading: Scene) -> None:
    loading.load(_row(1, "90000000000", sku="a"), _row(2, sku="b"), _row(3, "7", sku="c"))

    by_sku = {each.properties["sku"]: each.record_id for each in loading.records()}
    assert by_sku == {"a": 90_000_000_000, "b": 90_000_000_001, "c": 7}


def test_a_loaded_unique_value_belongs_to_its_record(loading: Scene) -> None:
    loading.load(_row(1, "7", sku="a"))

    owners = asyncio.run(
        loading.store.read(lambda tx: tx.value_owners(loading.portal_id, SERVICES, [("sku", "a")]))
    )

    assert owners == {("sku", "a"): 7}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (_row(2, fee="many"), InvalidValues((InvalidNumber("fee", "many"),))),
        (
            _row(2, nonsense="1", fee="x"),
            InvalidValues((UnknownProperty("nonsense", None), InvalidNumber("fee", "x"))),
        ),
        (
            _row(2, hs_object_id="1"),
            InvalidValues((ReadOnlyProperty("hs_object_id", "1"),)),
        ),
        (LoadRow(2, "orders", {}), RequiredPropertiesMissing(("hs_order_name",))),
        (LoadRow(2, "spaceships", {}), UnknownObjectType("spaceships")),
        (LoadRow(2, "p_cars", {}), RequiredPropertiesMissing(("plate",), "cars")),
        (_row(2, "07"), InvalidRecordId("07")),
        (_row(2, "x"), InvalidRecordId("x")),
        (_row(2, ""), InvalidRecordId("")),
        (_row(2, "7"), RecordIdTaken("7", 1)),
        (_row(2, "8"), RecordIdTaken("8", None)),
        (_row(2, sku="first"), LoadedValueTaken("sku", "first", None, 1)),
        (_row(2, sku="stored"), LoadedValueTaken("sku", "stored", 8, None)),
    ],
)
def test_a_bad_line_is_told_and_nothing_is_loaded(
    loading: Scene, row: LoadRow, expected: Problem
) -> None:
    loading.load(_row(1, "8", sku="stored"))

    outcome = loading.load(_row(1, "7", sku="first"), row, _row(3, sku="third"))

    assert outcome == [LineProblem(2, expected)]
    assert [each.record_id for each in loading.records()] == [8]


def test_problems_come_in_the_order_of_lines_whatever_the_type(loading: Scene) -> None:
    outcome = loading.load(
        _row(1, fee="x"), LoadRow(2, "orders", {}), _row(3, fee="x"), LoadRow(4, "x", {})
    )

    assert isinstance(outcome, list)
    assert [each.line for each in outcome] == [1, 2, 3, 4]


@pytest.mark.parametrize("bad", [PROBLEMS_MAX, PROBLEMS_MAX + 1])
def test_at_most_a_hundred_problems_are_told(loading: Scene, bad: int) -> None:
    outcome = loading.load(*(_row(line, fee="x") for line in range(1, bad + 1)))

    assert isinstance(outcome, list)
    assert [each.line for each in outcome] == list(range(1, PROBLEMS_MAX + 1))


def test_an_id_of_a_merged_record_is_taken(loading: Scene) -> None:
    loading.load(_row(1, "7"), _row(2, "8"))
    asyncio.run(loading.store.write(lambda tx: tx.merge_away(loading.portal_id, SERVICES, 7, 8)))

    assert loading.load(_row(1, "7")) == [LineProblem(1, RecordIdTaken("7", None))]


def test_records_made_after_a_load_get_ids_above_the_loaded_ones(loading: Scene) -> None:
    loading.load(_row(1, "90000000000"))

    plan = asyncio.run(
        create_records(
            loading.store,
            loading.occasion,
            SERVICES,
            [RecordInput("", {})],
            dates_normalised=False,
        )
    )

    assert not isinstance(plan, Problem)
    assert plan.results[0].record.record_id == 90_000_000_001


def test_progress_tells_of_every_row_once_checked_and_once_inserted(loading: Scene) -> None:
    told: list[int] = []

    rows = [_row(line) for line in range(1, 5_002)]
    asyncio.run(load_records(loading.store, loading.occasion, rows, told.append))

    assert told == [5_000, 1, 5_000, 1]
    assert len(loading.records()) == 5_001
