"""Work in parts goes on when whoever began it does not come back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from moyeu.catalog.properties import PropertyDefinition
from moyeu.crm.definition_inputs import NewProperty
from moyeu.crm.records import StoredRecord
from moyeu.operations import definitions
from moyeu.operations.definitions import create_property
from moyeu.operations.job_runner import JobRunner, run_due_jobs
from moyeu.operations.jobs import LEASE_MS, Fill, read_state
from moyeu.storage.contract import ReadTransaction
from tests.storage.scene import (
    NOW_MS,
    PORTAL,
    SERVICES,
    Database,
    DeliberateError,
    insert,
    occasion,
    record,
    text_property,
)

RECORDS = range(1, 8)
DOUBLE = NewProperty(
    name="double_fee",
    label="Double",
    type="number",
    field_type="calculation_equation",
    group_name="partner_service_information",
    calculation_formula="monthly_fee * 2",
)


def cut_after(parts: int, do_part: Callable[..., Any]) -> Callable[..., Any]:
    """A part of a job that raises when it was done so often, as if the process had ended."""
    done = 0

    def part(*arguments: Any) -> Any:
        nonlocal done
        done += 1
        if done > parts:
            raise DeliberateError
        return do_part(*arguments)

    return part


@pytest.fixture
def services(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database with some partner services that have a fee, filled two at a time."""
    monkeypatch.setattr(definitions, "FILL_PART_RECORDS_MAX", 2)
    fee = replace(text_property("monthly_fee"), type="number", field_type="number")
    database.write(lambda each: each.put_property(PORTAL, SERVICES, fee))
    insert(database, *(record(each, {"monthly_fee": str(each)}) for each in RECORDS))
    return database


def begin_and_die(database: Database, monkeypatch: pytest.MonkeyPatch, parts: int = 2) -> None:
    """Creates the property in a process that ends after some parts of its fill."""
    with monkeypatch.context() as patch:
        patch.setattr(definitions, "fill_next", cut_after(parts, definitions.fill_next))
        with pytest.raises(DeliberateError):
            database.run(create_property(database.store, occasion(), SERVICES, DOUBLE))


def doubled(database: Database) -> dict[int, str | None]:
    """The calculated value of each record."""

    def work(transaction: ReadTransaction) -> list[StoredRecord]:
        return transaction.page(PORTAL, SERVICES, 0, 100, archived=False)

    found = database.read(work)
    return {each.record_id: each.properties.get("double_fee") for each in found}


def run_due(database: Database, now_ms: int) -> int:
    """Takes over what is due."""
    return database.run(run_due_jobs(database.store, lambda: now_ms))


def jobs(database: Database) -> int:
    """How many jobs are left."""
    return len(database.read(lambda each: each.due_jobs(NOW_MS * 2, 100)))


ALL = {each: str(each * 2) for each in RECORDS}


def test_a_fill_that_ends_leaves_no_job(services: Database) -> None:
    made = services.run(create_property(services.store, occasion(), SERVICES, DOUBLE))

    assert isinstance(made, PropertyDefinition), made
    assert doubled(services) == ALL
    assert jobs(services) == 0


def test_a_fill_that_was_cut_off_is_finished_by_another(
    services: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(services, monkeypatch)
    assert [each for each in RECORDS if doubled(services)[each]] == [1, 2, 3, 4]

    assert run_due(services, NOW_MS + LEASE_MS - 1) == 0, "whoever began may still come back"
    assert run_due(services, NOW_MS + 2 * LEASE_MS) == 1

    assert doubled(services) == ALL
    assert jobs(services) == 0


def test_what_was_written_once_is_not_written_again(
    services: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(services, monkeypatch)

    run_due(services, NOW_MS + 2 * LEASE_MS)

    writes = services.read(lambda each: each.writes_after(PORTAL, 0, 100))
    filled = [each.record_id for each in writes if "double_fee" in each.changed]
    assert filled == list(RECORDS)
    assert {each.correlation_id for each in writes} == {occasion().correlation_id}


def test_two_who_look_at_once_do_each_part_once(
    services: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_and_die(services, monkeypatch, parts=0)

    async def both() -> list[int]:
        due = NOW_MS + 2 * LEASE_MS
        return list(
            await asyncio.gather(
                run_due_jobs(services.store, lambda: due), run_due_jobs(services.store, lambda: due)
            )
        )

    assert sorted(services.run(both())) == [0, 1]
    writes = services.read(lambda each: each.writes_after(PORTAL, 0, 100))
    assert [each.record_id for each in writes if "double_fee" in each.changed] == list(RECORDS)


def test_a_job_that_fails_is_tried_again_when_it_is_due_again(
    services: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begin_and_die(services, monkeypatch)
    due = NOW_MS + 2 * LEASE_MS
    with monkeypatch.context() as patch:
        patch.setattr("moyeu.operations.job_runner.fill_next", cut_after(0, definitions.fill_next))
        assert run_due(services, due) == 0
    assert "job fill/0-164/" in caplog.text

    assert run_due(services, due + 1) == 0
    assert run_due(services, due + 2 * LEASE_MS) == 1
    assert doubled(services) == ALL


def test_a_job_says_where_it_goes_on(services: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_and_die(services, monkeypatch)

    (left,) = services.read(lambda each: each.due_jobs(NOW_MS * 2, 100))

    state = read_state(left.state)
    assert isinstance(state, Fill)
    assert (state.type_id, state.names, state.from_id) == (SERVICES, ("double_fee",), 5)


def test_a_server_looks_by_itself(services: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    begin_and_die(services, monkeypatch)

    async def serve() -> None:
        runner = JobRunner(services.store, lambda: NOW_MS + 2 * LEASE_MS, pause_s=0.01)
        await runner.start()
        async with asyncio.timeout(20):
            # As another process would see it.
            while await services.store.read(lambda each: each.due_jobs(NOW_MS * 2, 9)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await runner.stop()

    services.run(serve())

    assert doubled(services) == ALL
