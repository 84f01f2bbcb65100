"""Lists, their members and their folders through HubSpot's own clients: v3 and 2026-03."""

import json
from typing import Any

import hubspot_sdk
import pytest
from hubspot.crm import lists  # type: ignore[import-untyped] # the package has no types

from tests.clients.conftest import SERVICES
from tests.conftest import PortalUnderTest, RecordKey

SERVICES_TYPE = "0-164"


def filters_on(name: str, value: str) -> dict[str, Any]:
    """An OR of one AND of one property filter, as the guide writes it."""
    operation = {
        "operationType": "MULTISTRING",
        "operator": "IS_EQUAL_TO",
        "values": [value],
        "includeObjectsWithNoValueSet": False,
    }
    group = {
        "filterBranchType": "AND",
        "filterBranchOperator": "AND",
        "filterBranches": [],
        "filters": [{"filterType": "PROPERTY", "property": name, "operation": operation}],
    }
    return {
        "filterBranchType": "OR",
        "filterBranchOperator": "OR",
        "filterBranches": [group],
        "filters": [],
    }


def made(v3: Any, name: str = "By hand") -> str:
    """The id of a new manual list."""
    given = lists.ListCreateRequest(
        name=name, object_type_id=SERVICES_TYPE, processing_type="MANUAL"
    )
    list_id: str = v3.crm.lists.lists_api.create(given).list.list_id
    return list_id


# --- v3 --------------------------------------------------------------------------------------


def test_a_list_is_made_read_renamed_deleted_and_restored(v3: Any) -> None:
    api = v3.crm.lists.lists_api
    list_id = made(v3)

    read = api.get_by_id(list_id).list
    assert (read.list_id, read.list_version, read.size) == (list_id, 1, 0)
    assert (read.processing_type, read.processing_status) == ("MANUAL", "COMPLETE")
    assert api.get_by_name("By hand", SERVICES_TYPE).list.list_id == list_id
    assert api.update_name(list_id, list_name="Renamed").updated_list.name == "Renamed"

    api.remove(list_id)
    assert api.get_by_id(list_id).list.deleted_at is not None
    assert api.do_search(lists.ListSearchRequest()).total == 0

    api.restore(list_id)
    assert api.get_by_id(list_id).list.deleted_at is None
    assert [each.name for each in api.get_all(list_ids=[list_id]).lists] == ["Renamed"]


def test_members_join_and_leave(v3: Any, services: list[RecordKey]) -> None:
    api = v3.crm.lists.memberships_api
    list_id = made(v3)
    one, two, three = (each.id for each in services[:3])

    added = api.add(list_id, request_body=[one, two, "987654321987"])
    assert (added.records_ids_added, added.record_ids_missing) == ([one, two], ["987654321987"])
    change = lists.MembershipChangeRequest(record_ids_to_add=[three], record_ids_to_remove=[one])
    changed = api.add_and_remove(list_id, change)
    assert (changed.records_ids_added, changed.record_ids_removed) == ([three], [one])

    page = api.get_page(list_id, limit=1)
    rest = api.get_page(list_id, limit=1, after=page.paging.next.after)
    assert [each.record_id for each in page.results + rest.results] == [two, three]
    joined = api.get_page_ordered_by_added_to_list_date(list_id).results
    assert [each.record_id for each in joined] == [two, three]
    of_record = api.get_lists(SERVICES_TYPE, two).results
    assert [each.list_id for each in of_record] == [list_id]

    assert api.remove(list_id, request_body=[two]).record_ids_removed == [two]
    api.remove_all(list_id)
    assert api.get_page(list_id).total == 0


def test_members_are_taken_from_another_list(v3: Any, services: list[RecordKey]) -> None:
    api = v3.crm.lists.memberships_api
    source, target = made(v3, "Source"), made(v3, "Target")
    api.add(source, request_body=[each.id for each in services])

    api.add_all_from_list(target, source)

    assert api.get_page(target).total == len(services)


def test_a_missing_list_raises_404(v3: Any) -> None:
    with pytest.raises(lists.ApiException) as raised:
        v3.crm.lists.lists_api.get_by_id("-1")

    body = json.loads(raised.value.body)
    assert (raised.value.status, body["message"]) == (404, "List does not exist with ID -1.")


def test_lists_lie_in_folders(v3: Any) -> None:
    api = v3.crm.lists.folders_api
    list_id = made(v3)
    outer = api.create(lists.ListFolderCreateRequest(name="Outer")).folder
    inner = api.create(
        lists.ListFolderCreateRequest(name="Inner", parent_folder_id=str(outer.id))
    ).folder

    api.move_list(lists.ListMoveRequest(list_id=list_id, new_folder_id=str(inner.id)))

    tree = api.get_all().folder
    assert [each.name for each in tree.child_nodes] == ["Outer"]
    assert [each.child_lists for each in tree.child_nodes[0].child_nodes] == [[int(list_id)]]
    assert api.rename(str(inner.id), new_folder_name="Other").folder.name == "Other"
    moved = api.move(str(inner.id), "0").folder
    assert int(moved.parent_folder_id) == 0
    api.remove(str(outer.id))


# --- 2026-03 ---------------------------------------------------------------------------------


def test_a_dynamic_list_is_parsed_strictly(
    dated: hubspot_sdk.HubSpot, portal: PortalUnderTest, services: list[RecordKey]
) -> None:
    api = dated.crm.lists
    branch: Any = filters_on("city", "lyon")
    new = api.create(
        name="In Lyon",
        object_type_id=SERVICES_TYPE,
        processing_type="DYNAMIC",
        filter_branch=branch,
    ).list
    assert (new.size, new.processing_status) == (len(services), "COMPLETE")

    other = portal.add_record(SERVICES, {"hs_name": "other", "city": "Lyon"})
    read = api.get(new.list_id, include_filters=True).list
    assert read.size == len(services) + 1
    assert read.filter_branch is not None
    assert read.filter_branch.filter_branch_type == "OR"

    members = list(api.list_memberships(new.list_id, limit=2))
    assert [each.record_id for each in members] == [each.id for each in (*services, other)]
    portal.archive(SERVICES, other.id)
    assert api.get(new.list_id).list.size == len(services)

    branch = filters_on("city", "Bern")
    changed = api.update_list_filters(new.list_id, filter_branch=branch).updated_list
    assert changed is not None
    assert (changed.list_version, changed.size) == (2, 0)


def test_memberships_searches_and_conversions_are_parsed_strictly(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    api = dated.crm.lists
    branch: Any = filters_on("city", "Lyon")
    new = api.create(
        name="In Lyon",
        object_type_id=SERVICES_TYPE,
        processing_type="DYNAMIC",
        filter_branch=branch,
    ).list

    found = api.list_by_search(list_ids=[], offset=0, processing_types=[], query="lyon")
    assert [each.list_id for each in found.lists] == [new.list_id]
    batch = api.batch_read_memberships(
        inputs=[{"object_type_id": SERVICES_TYPE, "record_id": services[0].id}]
    )
    assert [each.list_id for each in batch.results[0].record_list_memberships] == [new.list_id]
    asked = api.update_schedule_conversion(
        new.list_id, conversion_type="CONVERSION_DATE", year=2099, month=1, day=31
    )
    assert asked.requested_conversion_time is not None
    assert api.get_schedule_conversion(new.list_id).converted_at is None
    api.schedule_conversion(new.list_id)
    assert api.get_schedule_conversion(new.list_id).requested_conversion_time is None
    history = api.get_size_and_edits_history_between(new.list_id)
    assert [each.size for each in history.size_history] == [len(services)]


def test_a_dynamic_list_takes_no_members(
    dated: hubspot_sdk.HubSpot, services: list[RecordKey]
) -> None:
    branch: Any = filters_on("city", "Lyon")
    new = dated.crm.lists.create(
        name="In Lyon",
        object_type_id=SERVICES_TYPE,
        processing_type="DYNAMIC",
        filter_branch=branch,
    ).list

    with pytest.raises(hubspot_sdk.BadRequestError):
        dated.crm.lists.add_memberships(new.list_id, body=[services[0].id])
