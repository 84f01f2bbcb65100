"""A pull copies the portal that the other side has, however the way there is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moyeu.pull.client import TRIES_MAX, DailyLimitError, OtherSideError, TokenRefusedError
from moyeu.pull.copying import PullRefusedError
from moyeu.storage.contract import Store
from tests.pull import conftest as scene
from tests.pull.conftest import (
    COPY,
    TYPES,
    Copier,
    Fault,
    KilledError,
    Proxy,
    Source,
    copier_into,
    of_copy,
    of_source,
)

EVERYTHING = (*TYPES, "car")


def test_definitions_alone_are_copied_when_no_records_are_asked_for(
    copier: Copier, source: Source
) -> None:
    report = copier.run()

    copied, original = of_copy(copier, source), of_source(source)
    for type_id in scene.own_type_ids(source):
        assert copied[type_id]["records"] == []
        for kind in ("properties", "groups", "pipelines", "validations"):
            assert copied[type_id][kind] == original[type_id][kind], (type_id, kind)
    assert copied["owners"] == original["owners"]
    for kind in ("schemas", "association types", "association limits"):
        assert copied[kind] == original[kind], kind
    assert report.owners == 2
    assert {each.name for each in report.types.values()} >= set(EVERYTHING)


def test_records_and_their_associations_are_copied(copier: Copier, source: Source) -> None:
    report = copier.run(EVERYTHING)

    assert of_copy(copier, source) == of_source(source)
    by_name = {each.name: (each.active, each.archived) for each in report.types.values()}
    assert {name: by_name[name] for name in EVERYTHING} == {
        "contacts": (4, 1), "companies": (1, 0), "partner_services": (1, 0), "car": (1, 0)
    }  # fmt: skip
    assert (report.associations, report.unknown_types) == (4, 0)
    assert {each.kind for each in report.skipped} == {"object types"}


def test_all_means_every_type_that_answers(copier: Copier, source: Source) -> None:
    copier.run(None)

    assert of_copy(copier, source) == of_source(source)


def test_unique_values_lead_to_their_records(copier: Copier, source: Source) -> None:
    copier.run(("contacts",))

    found = copier.read(
        lambda tx: tx.value_owners(
            COPY, "0-1", [("sku", "S-1"), ("email", "c1@corp-example.com"), ("sku", "S-4")]
        )
    )
    record_id = int(source.ids["contact1"])
    assert found == {("sku", "S-1"): record_id, ("email", "c1@corp-example.com"): record_id}


def test_new_records_and_types_get_ids_of_their_own(copier: Copier, source: Source) -> None:
    copier.run(EVERYTHING)

    counters = copier.read(lambda tx: tx.counters(COPY))

    assert counters.next_record_id > max(map(int, source.ids.values()))
    assert counters.next_object_type > int(source.car.removeprefix("2-"))


def test_types_without_a_scope_are_skipped_and_told(copier: Copier) -> None:
    report = copier.run()

    skipped = {each.name: each.reason for each in report.skipped if each.kind == "object types"}
    assert "deals" in skipped
    assert skipped["deals"].startswith("403 ")


def test_a_guess_of_the_catalog_goes_where_the_other_side_has_no_such_property(
    copier: Copier, source: Source
) -> None:
    portal = source.portal
    portal.server.write(
        lambda tx: tx.remove_standard_property(portal.portal_id, "0-164", "hs_name")
    )
    own = copier.read(lambda tx: tx.definitions(COPY, "0-164").properties)
    assert own["hs_name"].guessed

    copier.run()

    assert "hs_name" not in copier.read(lambda tx: tx.definitions(COPY, "0-164").properties)


def test_too_many_properties_for_an_address_are_asked_in_a_body(
    copier: Copier, source: Source, proxy: Proxy
) -> None:
    for number in range(90):
        name = f"long_name_{number}_{'x' * 80}"
        source.portal.define("contacts", {"name": name, "type": "string", "fieldType": "text"})
    source.portal.add_record("contacts", {name: "last"})

    copier.run(("contacts",))

    assert of_copy(copier, source)["0-1"] == of_source(source)["0-1"]
    assert any("/contacts/batch/read" in each for each in proxy.paths)
    assert max(map(len, proxy.paths)) < 8_000


def test_several_pages_are_followed(copier: Copier, source: Source) -> None:
    for number in range(230):
        source.portal.add_record("companies", {"name": f"Company {number}"})

    copier.run(("companies",))

    assert of_copy(copier, source)["0-2"] == of_source(source)["0-2"]


@pytest.mark.parametrize("version", ["v3", "2025-09", "2026-09"])
def test_every_version_that_has_all_apis_can_be_asked(
    copier: Copier, source: Source, version: str
) -> None:
    copier.run(("contacts",), version=version)

    assert of_copy(copier, source)["0-1"] == of_source(source)["0-1"]


def test_a_record_merged_away_there_leads_to_the_survivor_here(
    copier: Copier, source: Source
) -> None:
    portal = source.portal
    survivor, gone = (int(source.ids[each]) for each in ("contact0", "contact1"))

    def note(tx: Any) -> None:
        record = tx.records(portal.portal_id, "0-1", [survivor])[survivor]
        tx.erase_records(portal.portal_id, "0-1", [survivor, gone])
        record.properties["hs_merged_object_ids"] = str(gone)
        tx.restore_records(portal.portal_id, "0-1", [record])

    portal.server.write(note)

    copier.run(("contacts",))

    assert copier.read(lambda tx: tx.merged_into(COPY, "0-1", [gone])) == {gone: survivor}


FAULTS: list[tuple[str, Fault]] = [
    ("ten seconds", scene.limited("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly…")),
    ("a second", scene.limited("SECONDLY", "You have reached your secondly limit.")),
    ("unknown policy", scene.limited("HOURLY", "slower, please")),
    ("500", scene.failing(500)),
    ("502", scene.failing(502)),
    ("503 with a time", scene.failing(503, **{"retry-after": "7"})),
    ("423", scene.failing(423)),
    ("408", scene.failing(408)),
    ("cut short", scene.cut_short),
    ("reset", scene.reset),
    ("truncated", scene.truncated),
    ("page", scene.page),
]


@pytest.mark.parametrize(("name", "fault"), FAULTS, ids=[name for name, _ in FAULTS])
def test_a_fault_in_every_third_answer_changes_nothing(
    copier: Copier, source: Source, proxy: Proxy, name: str, fault: Fault
) -> None:
    proxy.faults = dict.fromkeys(range(1, 1_000, 3), fault)

    copier.run(EVERYTHING)

    assert of_copy(copier, source) == of_source(source)


@pytest.mark.parametrize(
    ("fault", "wait_s"),
    [
        (scene.limited("TEN_SECONDLY_ROLLING", "x"), 10.0),
        (scene.limited("SECONDLY", "x"), 1.0),
        (scene.limited("TEN_SECONDLY_ROLLING", "x", **{"retry-after": "3"}), 3.0),
        (scene.failing(503, **{"retry-after": "7"}), 7.0),
    ],
)
def test_a_pause_is_as_long_as_the_other_side_says(
    copier: Copier, proxy: Proxy, fault: Fault, wait_s: float
) -> None:
    proxy.faults = {2: fault}

    copier.run()

    assert copier.waited == [wait_s]


def test_pauses_after_failures_grow(copier: Copier, proxy: Proxy) -> None:
    proxy.faults = {number: scene.failing(500) for number in range(5)}

    copier.run()

    assert len(copier.waited) == 5
    for number, each in enumerate(copier.waited):
        assert 0.25 * 2**number <= each <= 0.5 * 2**number


def test_the_headers_of_the_other_side_set_the_pace(copier: Copier, proxy: Proxy) -> None:
    def tell(handler: Any, answer: Any) -> None:
        answer.headers.update(
            {
                "x-hubspot-ratelimit-interval-milliseconds": "10000",
                "x-hubspot-ratelimit-max": "100",
                "x-hubspot-ratelimit-remaining": "50",
            }
        )
        handler.give(answer)

    proxy.faults = dict.fromkeys(range(1000), tell)

    copier.run()

    # Ten at once, then eight a second, however fast the answers come.
    assert sum(copier.waited) == pytest.approx((proxy.count - 1 - 10) / 8, abs=0.2)


STOPS: list[tuple[Callable[[], dict[int, Fault]], type[Exception], str]] = [
    (
        lambda: {3: scene.limited("DAILY", "You have reached your daily limit.")},
        DailyLimitError,
        "midnight",
    ),
    (lambda: {3: scene.refusing(401, "Authentication credentials not found.")}, TokenRefusedError,
     "credentials not found"),
    (lambda: dict.fromkeys(range(3, 3 + TRIES_MAX), scene.failing(502)), OtherSideError, "502"),
    (lambda: {3: scene.failing(477, **{"retry-after": "86400"})}, OtherSideError, "1,440 minutes"),
    (lambda: {3: scene.failing(302)}, OtherSideError, "302"),
    (
        lambda: {3: lambda handler, _answer: handler.give(scene._json({"results": 7}))},
        OtherSideError,
        "another shape",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("faults", "error", "words"), STOPS)
def test_what_no_other_try_cures_stops_the_pull_which_can_go_on_later(
    copier: Copier,
    source: Source,
    proxy: Proxy,
    faults: Callable[[], dict[int, Fault]],
    error: type[Exception],
    words: str,
) -> None:
    proxy.faults = faults()

    with pytest.raises(error, match=words):
        copier.run(EVERYTHING)

    proxy.faults = {}
    copier.run(EVERYTHING)
    assert of_copy(copier, source) == of_source(source)


def test_a_stop_leaves_no_trace_of_the_token(copier: Copier, proxy: Proxy) -> None:
    proxy.faults = {3: scene.refusing(401, "no")}

    with pytest.raises(TokenRefusedError) as stopped:
        copier.run()

    assert copier.token not in str(stopped.value)
    assert proxy.seen_tokens == {f"Bearer {copier.token}"}


def test_a_run_killed_before_any_request_goes_on_to_the_same_end(
    source: Source,
    proxy: Proxy,
    open_store: Callable[[Path], Store],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    wanted = of_source(source)
    copier_into(open_store(tmp_path_factory.mktemp("whole")), proxy).run(EVERYTHING)
    # Definitions are read anew by every run, so a few ends among them are enough; of the others,
    # which are alike, every ninth one.
    ends = [
        number
        for number, each in enumerate(proxy.paths)
        if number % 60 == 0 or "/crm/objects/" in each or each.endswith("/batch/read")
    ]
    for number in ends[::9]:
        copier = copier_into(open_store(tmp_path_factory.mktemp("killed")), proxy)
        copier.dies_at = number
        with pytest.raises(KilledError):
            copier.run(EVERYTHING)
        copier.dies_at = -1

        report = copier.run(EVERYTHING)

        assert of_copy(copier, source) == wanted, number
        assert sum(each.active + each.archived for each in report.types.values()) == 8
        assert report.associations == 4


def test_what_was_committed_is_not_asked_again(
    copier: Copier, source: Source, proxy: Proxy
) -> None:
    for number in range(230):
        source.portal.add_record("companies", {"name": f"Company {number}"})
    first = _requests_of_records(copier, proxy)
    copier.dies_at = first[2]
    with pytest.raises(KilledError):
        copier.run(("companies",))
    copier.dies_at = -1
    proxy.paths.clear()

    copier.run(("companies",))

    pages = [each for each in proxy.paths if "/crm/objects/2026-03/companies?" in each]
    assert "after=" in pages[0]


def _requests_of_records(copier: Copier, proxy: Proxy) -> list[int]:
    """Which requests of an undisturbed run ask for pages of records."""
    copier.run(("companies",))
    return [n for n, each in enumerate(proxy.paths) if "/crm/objects/" in each]


def test_a_finished_pull_copies_everything_anew(copier: Copier, source: Source) -> None:
    copier.run(EVERYTHING)
    source.portal.archive("contacts", source.ids["contact3"])
    source.portal.server.write(
        lambda tx: tx.erase_records(source.portal.portal_id, "0-1", [int(source.ids["contact2"])])
    )
    new = source.portal.add_record("contacts", {"email": "c2@corp-example.com", "sku": "S-2"})

    copier.run(EVERYTHING)

    assert of_copy(copier, source) == of_source(source)
    found = copier.read(lambda tx: tx.value_owners(COPY, "0-1", [("sku", "S-2")]))
    assert found == {("sku", "S-2"): int(new.id)}


def test_definitions_copied_anew_leave_the_records(copier: Copier, source: Source) -> None:
    copier.run(EVERYTHING)
    source.portal.define("contacts", {"name": "later", "type": "string", "fieldType": "text"})

    copier.run()

    assert of_copy(copier, source) == of_source(source)


def test_types_can_be_added_one_after_the_other(copier: Copier, source: Source) -> None:
    for each in EVERYTHING:
        copier.run((each,))

    assert of_copy(copier, source) == of_source(source)


def test_a_run_for_definitions_does_not_end_an_unfinished_pull(
    copier: Copier, source: Source, proxy: Proxy
) -> None:
    for number in range(230):
        source.portal.add_record("companies", {"name": f"Company {number}"})
    copier.run(("companies",))
    second = next(
        n for n, each in enumerate(proxy.paths) if "companies?" in each and "after=" in each
    )
    copier.dies_at = second
    with pytest.raises(KilledError):
        copier.run(("companies",))
    copier.dies_at = -1

    copier.run()
    assert len(of_copy(copier, source)["0-2"]["records"]) == 100
    copier.run(("companies",))

    assert of_copy(copier, source)["0-2"] == of_source(source)["0-2"]


def test_a_record_that_is_archived_while_it_is_copied_stands_once(
    copier: Copier, source: Source, proxy: Proxy
) -> None:
    listed = _number_of(copier, proxy, "archived=true", "/objects/2026-03/contacts")

    def archive(handler: Any, _answer: Any) -> None:
        # Between the list of active ones and that of archived ones.
        source.portal.archive("contacts", source.ids["contact0"])
        handler.give(proxy.answer("GET", handler.path, f"Bearer {source.token}", b""))

    proxy.faults = {proxy.count + listed: archive}

    copier.run(("contacts",))

    assert of_copy(copier, source)["0-1"] == of_source(source)["0-1"]


def test_a_unique_value_that_passes_on_while_it_is_copied_is_the_last_ones(
    copier: Copier, source: Source, proxy: Proxy
) -> None:
    for number in range(100):
        source.portal.add_record("contacts", {"firstname": f"Extra {number}"})
    portal, late = source.portal, source.portal.add_record("contacts", {"firstname": "Late"})
    second = _number_of(copier, proxy, "after=", "/objects/2026-03/contacts")

    def pass_on(handler: Any, _answer: Any) -> None:
        def work(tx: Any) -> None:
            key = int(source.ids["contact0"])
            records = tx.records(portal.portal_id, "0-1", [key, int(late.id)])
            tx.erase_records(portal.portal_id, "0-1", list(records))
            records[int(late.id)].properties["sku"] = records[key].properties.pop("sku")
            tx.restore_records(portal.portal_id, "0-1", list(records.values()))

        portal.server.write(work)
        handler.give(proxy.answer("GET", handler.path, f"Bearer {source.token}", b""))

    proxy.faults = {proxy.count + second: pass_on}

    copier.run(("contacts",))

    found = copier.read(lambda tx: tx.value_owners(COPY, "0-1", [("sku", "S-0")]))
    assert found == {("sku", "S-0"): int(late.id)}


def _number_of(copier: Copier, proxy: Proxy, *parts: str) -> int:
    """Which request of a run has all these parts in its address; the copy is made by it."""
    before = proxy.count
    copier.run(("contacts",))
    paths = proxy.paths[before:]
    return next(n for n, each in enumerate(paths) if all(part in each for part in parts))


def test_records_are_not_mixed_with_those_of_the_portals_own(
    copier: Copier, source: Source
) -> None:
    copier.run(("companies",))
    records = copier.read(lambda tx: tx.page(COPY, "0-2", 0, 10, archived=False))
    source.portal.server.run(
        copier.store.write(lambda tx: tx.restore_records(COPY, "0-1", records))
    )

    with pytest.raises(PullRefusedError, match="contacts of its own"):
        copier.run(("contacts",))


def test_two_places_are_not_mixed(copier: Copier, proxy: Proxy) -> None:
    copier.run()
    copier.url = proxy.url.replace("127.0.0.1", "localhost")

    with pytest.raises(PullRefusedError, match="is a copy of http://127"):
        copier.run()


def test_an_unknown_type_is_refused_before_anything_is_copied(copier: Copier) -> None:
    with pytest.raises(PullRefusedError, match="no object type 'butterflies'"):
        copier.run(("butterflies",))

    assert copier.read(lambda tx: tx.own_definitions(COPY)) == []


def test_a_custom_type_can_be_named_in_every_way(copier: Copier, source: Source) -> None:
    for name in (source.car, "car", "p_car", f"p{source.portal.portal_id}_CAR"):
        report = copier.run((name,))

        assert report.types[source.car].active == 1


def test_labels_are_as_they_are_there_after_every_run(copier: Copier, source: Source) -> None:
    copier.run(EVERYTHING)
    path = "/crm/associations/2026-03/contacts/companies/labels"
    told = scene.ask(source.portal, "GET", path, None)["results"]
    labels = {each["label"]: each["typeId"] for each in told}
    changed = {"associationTypeId": labels["Chief of"], "label": "Boss of", "inverseLabel": "Under"}
    scene.ask(source.portal, "PUT", path, changed)
    scene.ask(source.portal, "DELETE", f"{path}/{labels['Advises']}", None)

    copier.run()

    assert of_copy(copier, source) == of_source(source)


def test_a_limit_that_is_lifted_there_is_lifted_here(copier: Copier, source: Source) -> None:
    copier.run()
    path = "/crm/associations/2026-03/definitions/configurations/contacts/companies/batch/purge"
    spec = {"category": "HUBSPOT_DEFINED", "typeId": 279}
    scene.ask(source.portal, "POST", path, {"inputs": [spec]})

    copier.run()

    limits = of_copy(copier, source)["association limits"]
    assert limits == of_source(source)["association limits"]
    assert list(limits.values()) == [3]


def test_a_label_that_was_deleted_there_stays_while_records_have_it(
    copier: Copier, source: Source, proxy: Proxy
) -> None:
    copier.run(EVERYTHING)
    before = of_copy(copier, source)
    proxy.answer = emptied(proxy.answer, "/labels")  # type: ignore[assignment,method-assign] # it

    copier.run()

    after = of_copy(copier, source)
    assert after["associations"] == before["associations"]
    assert {each.name for each in before["association types"]} - {
        each.name for each in after["association types"]
    } == {"advisor"}


Answer = Callable[[str, str, str, bytes], scene.Forwarded]


def emptied(answer: Answer, end: str) -> Answer:
    """Answers without results where the path ends so."""

    def without(method: str, target: str, token: str, body: bytes) -> scene.Forwarded:
        found = answer(method, target, token, body)
        if target.partition("?")[0].endswith(end):
            return scene.Forwarded(200, found.headers, b'{"results":[]}')
        return found

    return without


def test_records_with_many_associations_are_asked_until_all_is_told(
    copier: Copier, source: Source, proxy: Proxy
) -> None:
    portal = source.portal
    inputs = [
        {"from": {"id": source.ids[contact]}, "to": {"id": portal.add_record("companies", {}).id}}
        for contact, count in (("contact0", 230), ("contact1", 120), ("contact2", 100))
        for _ in range(count)
    ]
    path = "/crm/associations/2026-03/contacts/companies/batch/associate/default"
    scene.ask(portal, "POST", path, {"inputs": inputs})

    report = copier.run(("contacts", "companies"))

    # A page of a record tells of 100: three for the first contact, two for the second.
    reads = [each for each in proxy.paths if each.endswith("/contacts/companies/batch/read")]
    assert len(reads) == 3
    assert report.associations == len(inputs) + 2
    assert of_copy(copier, source)["associations"] == [
        each
        for each in of_source(source)["associations"]
        if {each.from_object_type_id, each.to_object_type_id} <= {"0-1", "0-2"}
    ]
