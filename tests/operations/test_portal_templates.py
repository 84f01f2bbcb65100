"""Portals that are made of templates, live for a time, and are removed."""

import asyncio
import secrets

import pytest

from moyeu.operations import removals
from moyeu.operations.job_runner import run_due_jobs
from moyeu.operations.jobs import LEASE_MS
from moyeu.operations.portal_templates import (
    BadPortalId,
    NewPortal,
    PortalIdInUse,
    Template,
    TemplateIsBuiltIn,
    TemplateNotFound,
    create_portal_from,
    list_templates,
    make_template,
)
from moyeu.operations.portals import (
    PORTAL_ID_MIN,
    PortalNotFound,
    expiry_of,
    hash_token,
    known_scopes,
    list_portals,
    remove_portal,
    set_expiry,
)
from moyeu.operations.snapshots import (
    SEED,
    BadSnapshotName,
    create_snapshot,
    list_snapshots,
    restore_snapshot,
)
from tests.operations.archive_scene import FULL, fill
from tests.operations.test_snapshots import digests, rows_under
from tests.storage.scene import (
    NOW_MS,
    OTHER_PORTAL,
    PORTAL,
    SERVICES,
    Database,
    add_tokens,
    insert,
    new_record_ids,
    record,
    token,
)


def asked(database: Database, template: str | None = None, **options: int | None) -> object:
    """What is answered to who wants a portal."""
    return database.run(
        create_portal_from(database.store, "Test", template, NOW_MS, secrets.randbits, **options)
    )


def created(database: Database, template: str | None = None, **options: int | None) -> NewPortal:
    """A portal that is made."""
    made = asked(database, template, **options)
    assert isinstance(made, NewPortal), made
    return made


def portal_ids(database: Database) -> set[int]:
    """The portals that there are."""
    return {each.id for each in database.run(list_portals(database.store))}


def run_due(database: Database, now_ms: int) -> int:
    """Takes over what is due."""
    return database.run(run_due_jobs(database.store, lambda: now_ms))


# --- templates --------------------------------------------------------------------------------


@pytest.mark.parametrize("template", [None, "empty"])
def test_an_empty_portal_has_a_token_for_everything(
    database: Database, template: str | None
) -> None:
    made = created(database, template)

    caller = database.run(database.store.caller_of(hash_token(made.token.text)))
    assert caller is not None
    assert (caller.portal_id, caller.scopes) == (made.portal.id, known_scopes())
    assert database.read(lambda each: each.tokens(made.portal.id)) == [made.token.token]
    assert all(each.count == 0 for each in digests(database, made.portal.id).values())
    assert made.expires_at_ms is None


def test_a_portal_of_a_template_has_what_its_model_had(database: Database) -> None:
    fill(database)
    model = digests(database, FULL)
    counters = database.read(lambda each: each.counters(FULL))
    count = model["record"].count
    kept = database.run(make_template(database.store, "full", FULL, NOW_MS))
    assert kept == Template("full", count)
    insert(database, record(70_000), portal_id=FULL)

    first, second = created(database, "full"), created(database, "full")

    for each in (first, second):
        assert digests(database, each.portal.id) == model
        assert new_record_ids(database, 1, each.portal.id)[0] == counters.next_record_id
        insert(database, record(80_000), portal_id=each.portal.id)
    assert digests(database, first.portal.id)["record"].count == count + 1


def test_a_portal_goes_back_to_its_beginning(database: Database) -> None:
    insert(database, record(1, {"hs_name": "model"}))
    database.run(make_template(database.store, "one", PORTAL, NOW_MS))
    for template in ("one", None):
        made = created(database, template)
        before = digests(database, made.portal.id)
        insert(database, record(5), portal_id=made.portal.id)

        database.run(restore_snapshot(database.store, made.portal.id, SEED, NOW_MS))

        assert digests(database, made.portal.id) == before


def test_a_template_that_is_made_again_changes_no_portal(database: Database) -> None:
    insert(database, record(1))
    database.run(make_template(database.store, "one", PORTAL, NOW_MS))
    old = created(database, "one")
    insert(database, record(2))

    database.run(make_template(database.store, "one", PORTAL, NOW_MS))
    new = created(database, "one")
    database.run(restore_snapshot(database.store, old.portal.id, SEED, NOW_MS))

    assert digests(database, old.portal.id)["record"].count == 1
    assert digests(database, new.portal.id)["record"].count == 2
    assert database.run(list_templates(database.store)) == [
        Template("empty", 0),
        Template("one", 2),
    ]


def test_what_is_no_template_is_refused(database: Database) -> None:
    store = database.store
    assert asked(database, "none") == TemplateNotFound("none")
    assert database.run(make_template(store, "empty", PORTAL, NOW_MS)) == TemplateIsBuiltIn("empty")
    assert database.run(make_template(store, "No", PORTAL, NOW_MS)) == BadSnapshotName("No")
    assert database.run(make_template(store, "no", 5, NOW_MS)) == PortalNotFound(5)
    assert portal_ids(database) == {PORTAL, OTHER_PORTAL}


def test_an_id_can_be_chosen_and_must_be_free(database: Database) -> None:
    assert created(database, portal_id=777).portal.id == 777
    assert asked(database, portal_id=777) == PortalIdInUse(777)
    assert asked(database, portal_id=PORTAL) == PortalIdInUse(PORTAL)
    for wrong in (0, -1, 2**53):
        assert asked(database, portal_id=wrong) == BadPortalId(wrong)
    assert created(database, portal_id=2**53 - 1).portal.id == 2**53 - 1
    assert [created(database).portal.id for _ in range(2)] == [PORTAL_ID_MIN, PORTAL_ID_MIN + 1]


def test_portals_that_are_made_at_once_are_different_ones(database: Database) -> None:
    insert(database, record(1))
    database.run(make_template(database.store, "one", PORTAL, NOW_MS))

    async def many() -> list[object]:
        return list(
            await asyncio.gather(
                *(
                    create_portal_from(database.store, "P", "one", NOW_MS, secrets.randbits)
                    for _ in range(6)
                )
            )
        )

    made = database.run(many())

    ids = {each.portal.id for each in made if isinstance(each, NewPortal)}
    assert len(ids) == 6
    assert all(digests(database, each)["record"].count == 1 for each in ids)


def test_templates_that_are_made_at_once_do_not_mix(database: Database) -> None:
    insert(database, record(1))
    insert(database, record(1), record(2), portal_id=OTHER_PORTAL)

    async def many() -> list[object]:
        return list(
            await asyncio.gather(
                make_template(database.store, "same", PORTAL, NOW_MS),
                make_template(database.store, "same", OTHER_PORTAL, NOW_MS),
                make_template(database.store, "a", PORTAL, NOW_MS),
                make_template(database.store, "b", OTHER_PORTAL, NOW_MS),
            )
        )

    database.run(many())

    a, b, _, same = database.run(list_templates(database.store))
    assert (a, b) == (Template("a", 1), Template("b", 2))
    assert same.record_count in (1, 2)
    for each in (a, b, same):
        made = created(database, each.name)
        assert digests(database, made.portal.id)["record"].count == each.record_count
    kept = database.read(lambda each: each.snapshots(0))
    assert len({each.contents_id for each in kept}) == 3


# --- removal ----------------------------------------------------------------------------------


def test_a_removed_portal_is_gone_with_its_snapshots(database: Database) -> None:
    fill(database)
    add_tokens(database, token(portal_id=FULL))
    made = database.run(create_snapshot(database.store, FULL, "one", NOW_MS))
    before = digests(database, PORTAL)

    assert database.run(remove_portal(database.store, FULL, NOW_MS)) is None

    assert portal_ids(database) == {PORTAL, OTHER_PORTAL}
    assert rows_under(database, made.contents_id) == 0  # type: ignore[union-attr]  # it was not refused
    assert rows_under(database, FULL) == 0
    assert database.run(database.store.caller_of(token().hash)) is None
    assert database.run(remove_portal(database.store, FULL, NOW_MS)) == PortalNotFound(FULL)
    assert database.run(list_snapshots(database.store, FULL)) == PortalNotFound(FULL)
    assert digests(database, PORTAL) == before


def test_a_large_portal_goes_in_parts_tokens_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(database, *map(record, range(1, 30)))
    add_tokens(database, token())
    database.run(create_snapshot(database.store, PORTAL, "one", NOW_MS))
    monkeypatch.setattr(removals, "PART_ROWS", 7)
    begun = database.write(lambda each: removals.begin_portal_removal(each, PORTAL, NOW_MS))

    assert begun is not None
    assert database.run(database.store.caller_of(token().hash)) is None
    assert PORTAL in portal_ids(database)
    assert database.run(set_expiry(database.store, PORTAL, None)) == PortalNotFound(PORTAL)
    assert run_due(database, NOW_MS + LEASE_MS - 1) == 0, "whoever began may still come back"
    assert run_due(database, NOW_MS + LEASE_MS) == 1

    assert portal_ids(database) == {OTHER_PORTAL}
    assert database.read(lambda each: each.due_jobs(NOW_MS * 2, 9)) == []
    assert rows_under(database, PORTAL) == 0


def test_a_removal_goes_on_where_it_was_cut_off(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(database, *map(record, range(1, 30)))
    monkeypatch.setattr(removals, "PART_ROWS", 7)
    database.write(lambda each: removals.begin_portal_removal(each, PORTAL, NOW_MS))

    assert database.run(remove_portal(database.store, PORTAL, NOW_MS + 1)) is None

    assert portal_ids(database) == {OTHER_PORTAL}


# --- time to live -----------------------------------------------------------------------------


def test_a_portal_lives_for_its_time(database: Database) -> None:
    made = created(database, ttl_ms=60_000)
    portal_id = made.portal.id
    assert made.expires_at_ms == NOW_MS + 60_000
    assert database.run(expiry_of(database.store, portal_id)) == NOW_MS + 60_000
    insert(database, record(1), portal_id=portal_id)
    database.run(restore_snapshot(database.store, portal_id, SEED, NOW_MS))

    assert run_due(database, NOW_MS + 59_999) == 0
    assert portal_id in portal_ids(database)
    assert run_due(database, NOW_MS + 60_000) == 1

    assert portal_id not in portal_ids(database)
    assert database.run(database.store.caller_of(hash_token(made.token.text))) is None


def test_its_time_can_be_changed(database: Database) -> None:
    store = database.store
    assert database.run(expiry_of(store, PORTAL)) is None

    assert database.run(set_expiry(store, PORTAL, NOW_MS)) is None
    assert database.run(set_expiry(store, PORTAL, None)) is None
    assert run_due(database, NOW_MS * 2) == 0
    assert database.run(set_expiry(store, 5, NOW_MS)) == PortalNotFound(5)
    assert database.run(set_expiry(store, PORTAL, NOW_MS + 7)) is None
    assert database.run(expiry_of(store, PORTAL)) == NOW_MS + 7
    assert run_due(database, NOW_MS + 7) == 1

    assert portal_ids(database) == {OTHER_PORTAL}


def test_a_portal_begins_anew_under_the_id_of_one_that_is_gone(database: Database) -> None:
    first = created(database, portal_id=777)
    insert(database, record(1), portal_id=777)
    database.run(remove_portal(database.store, 777, NOW_MS))

    second = created(database, portal_id=777)

    assert first.token.text != second.token.text
    assert database.run(database.store.caller_of(hash_token(first.token.text))) is None
    assert rows_under(database, 777) == 0
    insert(database, record(1), portal_id=777)
    found = database.read(lambda each: each.page(777, SERVICES, 0, 9, archived=False))
    assert [each.record_id for each in found] == [1]
