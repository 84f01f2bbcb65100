"""The pipelines API where a conformance case cannot reach: custom types, writers side by side."""

import asyncio
import http.client
import inspect
import json
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from moyeu.catalog.object_types import find_object_type
from moyeu.catalog.versions import RECORD_VERSIONS
from moyeu.crm import pipeline_problems
from moyeu.crm.callers import Caller, Occasion
from moyeu.crm.object_schemas import ObjectSchema
from moyeu.crm.pipeline_inputs import GivenPipeline, GivenStage, StageChange
from moyeu.crm.problems import Problem, RecordsLocked
from moyeu.operations import pipelines as operations
from moyeu.wire.endpoints import APIS
from moyeu.wire.pipeline_words import PIPELINE_WORDS
from moyeu.wire.pipelines import PIPELINE_ROUTES
from moyeu.wire.record_words import RECORD_WORDS
from tests.conftest import START_MS, PortalUnderTest

V3 = "/crm/v3/pipelines"
LATE = "/crm/pipelines/2026-09"
OPEN = {"label": "Open", "displayOrder": 0, "metadata": {}}


@dataclass(frozen=True)
class Reply:
    """Status and body of an answer, None where it has none."""

    status: int
    body: Any


def call(
    portal: PortalUnderTest, method: str, path: str, body: Any = None, token: str | None = None
) -> Reply:
    """One request to the running server."""
    address = urlsplit(portal.url)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {token or portal.token}",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return Reply(answer.status, json.loads(text) if text else None)


def add_cars(portal: PortalUnderTest) -> str:
    """A custom object type without pipelines; its id."""

    def work(transaction: Any) -> str:
        type_id: str = transaction.new_object_type_id(portal.portal_id)
        schema = ObjectSchema(
            object_type_id=type_id,
            name="cars",
            label="Car",
            label_plural="Cars",
            primary_display_property="hs_object_id",
            created_at_ms=START_MS,
            updated_at_ms=START_MS,
        )
        transaction.put_schema(portal.portal_id, schema)
        return type_id

    type_id: str = portal.server.write(work)
    return type_id


# --- custom types ----------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", [V3, "/crm/pipelines/2026-09-beta"])
def test_a_custom_type_gets_pipelines_and_its_records_stand_in_them(
    portal: PortalUnderTest, prefix: str
) -> None:
    type_id = add_cars(portal)
    assert call(portal, "GET", f"{prefix}/p_cars").body == {"results": []}
    assert call(portal, "GET", f"/crm/v3/properties/{type_id}/hs_pipeline_stage").status == 404

    closed = {
        "stageId": "sold",
        "label": "Sold",
        "displayOrder": 1,
        "metadata": {"state": "CLOSED"},
    }
    stages = [{"stageId": "lot", **OPEN}, closed]
    made = call(
        portal,
        "POST",
        f"{prefix}/{type_id}",
        {"pipelineId": "sales", "label": "Sales", "displayOrder": 0, "stages": stages},
    )
    assert made.status == 201

    (listed,) = call(portal, "GET", f"{prefix}/p_cars").body["results"]
    assert [each["metadata"] for each in listed["stages"]] == [
        {"isClosed": "false", "state": "OPEN"},
        {"isClosed": "true", "state": "CLOSED"},
    ]
    defined = call(portal, "GET", f"/crm/v3/properties/{type_id}/hs_pipeline_stage")
    assert (defined.status, defined.body["externalOptions"]) == (200, True)

    car = call(portal, "POST", f"/crm/v3/objects/{type_id}", {"properties": {}})
    assert car.status == 201
    path = f"/crm/v3/objects/{type_id}/{car.body['id']}"
    read = call(portal, "GET", f"{path}?properties=hs_pipeline,hs_pipeline_stage").body
    assert (read["properties"]["hs_pipeline"], read["properties"]["hs_pipeline_stage"]) == (
        "sales",
        "lot",
    )
    moved = call(portal, "PATCH", path, {"properties": {"hs_pipeline_stage": "sold"}})
    assert moved.status == 200
    lost = call(portal, "PATCH", path, {"properties": {"hs_pipeline_stage": "nowhere"}})
    assert lost.status == 400


def test_the_properties_of_a_custom_type_stay_when_its_last_pipeline_goes(
    portal: PortalUnderTest,
) -> None:
    type_id = add_cars(portal)
    sent = {"pipelineId": "sales", "label": "Sales", "displayOrder": 0, "stages": [OPEN]}
    assert call(portal, "POST", f"{V3}/{type_id}", sent).status == 201

    assert call(portal, "DELETE", f"{V3}/{type_id}/sales").status == 204

    assert call(portal, "GET", f"{V3}/{type_id}").body == {"results": []}
    assert call(portal, "GET", f"/crm/v3/properties/{type_id}/hs_pipeline_stage").status == 200


def test_a_state_of_a_custom_type_is_told_with_its_name(portal: PortalUnderTest) -> None:
    add_cars(portal)
    bad = {**OPEN, "metadata": {"state": "open"}}

    refused = call(
        portal, "POST", f"{V3}/p_cars", {"label": "L", "displayOrder": 0, "stages": [bad]}
    )

    assert refused.status == 400
    assert refused.body["message"] == "Failed to deserialize metadata for object type cars"


# --- lifecycle stages ------------------------------------------------------------------------


def test_lifecycle_stages_are_the_options_of_their_property(portal: PortalUnderTest) -> None:
    stages = f"{V3}/contacts/contacts-lifecycle-pipeline/stages"
    path = "/crm/v3/properties/contacts/lifecyclestage"

    made = call(portal, "POST", stages, {"label": "Champion", "displayOrder": 2})
    assert made.status == 201
    options = call(portal, "GET", path).body["options"]
    assert options[3]["value"] == made.body["id"]
    assert options[3]["label"] == "Champion"

    assert call(portal, "DELETE", f"{stages}/{made.body['id']}").status == 204
    options = call(portal, "GET", path).body["options"]
    assert made.body["id"] not in [each["value"] for each in options]


# --- ids -------------------------------------------------------------------------------------


def test_a_number_that_a_client_gave_is_not_given_out_again(portal: PortalUnderTest) -> None:
    record = portal.add_record("deals", {"dealname": "One"})
    taken = str(int(record.id) + 1)
    stage = {"label": "A", "displayOrder": 30, "metadata": {"probability": "0.5"}}
    assert (
        call(portal, "POST", f"{V3}/deals/default/stages", {"stageId": taken, **stage}).status
        == 201
    )

    made = call(portal, "POST", f"{V3}/deals/default/stages", {**stage, "label": "B"})

    assert made.status == 201
    assert int(made.body["id"]) > int(taken)


def test_no_id_is_given_out_twice_after_a_deletion(portal: PortalUnderTest) -> None:
    sent = {"label": "A", "displayOrder": 30, "metadata": {"probability": "0.5"}}
    stages = f"{V3}/deals/default/stages"
    first = call(portal, "POST", stages, sent).body["id"]
    call(portal, "DELETE", f"{stages}/{first}")

    assert call(portal, "POST", stages, sent).body["id"] != first


# --- writers side by side --------------------------------------------------------------------


def occasion(portal: PortalUnderTest) -> Occasion:
    """A write of the portal's app."""
    caller = Caller(portal.portal_id, portal.app_id, 77, frozenset())
    return Occasion(caller, START_MS, "00000000-0000-7000-8000-000000000000")


def test_stages_made_at_once_take_places_of_their_own(portal: PortalUnderTest) -> None:
    deals = find_object_type("deals")
    assert deals is not None

    async def make_all() -> list[Any]:
        return await asyncio.gather(
            *(
                operations.create_stage(
                    portal.server.store,
                    occasion(portal),
                    deals.id,
                    "default",
                    GivenStage(f"S{number}", 3, {"probability": "0.5"}),
                )
                for number in range(12)
            )
        )

    made = portal.server.run(make_all())

    assert len({each.id for each in made}) == 12
    stages = call(portal, "GET", f"{V3}/deals/default/stages").body["results"]
    assert [each["displayOrder"] for each in stages] == list(range(19))


def test_a_record_and_the_deletion_of_its_stage_never_both_succeed(
    portal: PortalUnderTest,
) -> None:
    stages = f"{LATE}/deals/default/stages"
    for number in range(8):
        stage = f"s{number}"
        sent = {
            "stageId": stage,
            "label": stage,
            "displayOrder": 50,
            "metadata": {"probability": "0.5"},
        }
        assert call(portal, "POST", stages, sent).status == 201
        answers: dict[str, int] = {}
        record = {"properties": {"dealname": stage, "dealstage": stage}}

        def make(record: Any = record, answers: dict[str, int] = answers) -> None:
            answers["make"] = call(portal, "POST", "/crm/objects/2026-09/deals", record).status

        making = threading.Thread(target=make)
        making.start()
        deleted = call(portal, "DELETE", f"{stages}/{stage}").status
        making.join()

        assert (answers["make"], deleted) in {(201, 400), (400, 204)}


def test_a_write_that_gets_no_turn_is_locked(portal: PortalUnderTest) -> None:
    given = GivenPipeline("P", 1, (GivenStage("A", 0, {"probability": "0.5"}),))
    with portal.writer_held():
        made = portal.server.run(
            operations.create_pipeline(portal.server.store, occasion(portal), "0-3", given)
        )

    assert made == RecordsLocked()


def test_the_user_who_changed_a_stage_stands_in_its_audit(portal: PortalUnderTest) -> None:
    portal.server.run(
        operations.update_stage(
            portal.server.store,
            occasion(portal),
            "0-3",
            "default",
            "closedwon",
            StageChange(label="Won"),
        )
    )

    (entry,) = call(portal, "GET", f"{V3}/deals/default/stages/closedwon/audit").body["results"]

    assert entry["fromUserId"] == 77
    assert json.loads(entry["rawObject"])["label"] == "Won"


# --- words and routes ------------------------------------------------------------------------


def test_every_problem_of_pipelines_has_words() -> None:
    problems = {
        each
        for _, each in inspect.getmembers(pipeline_problems, inspect.isclass)
        if issubclass(each, Problem) and each.__module__ == pipeline_problems.__name__
    }

    assert problems == set(PIPELINE_WORDS)
    assert problems.isdisjoint(RECORD_WORDS)


def test_pipelines_are_served_in_every_version() -> None:
    (api,) = [each for each in APIS if each.routes is PIPELINE_ROUTES]

    assert all(api.prefixes(version) for version in RECORD_VERSIONS)


@pytest.mark.parametrize(
    ("method", "path", "scope", "status"),
    [
        ("GET", "/deals", "crm.schemas.deals.read", 200),
        ("GET", "/deals", "crm.schemas.tickets.write", 403),
        ("DELETE", "/deals/default/stages/nope", "crm.schemas.deals.write", 204),
        ("DELETE", "/deals/default/stages/nope", "crm.objects.deals.read", 403),
    ],
)
def test_scopes_are_those_of_definitions(
    portal: PortalUnderTest, method: str, path: str, scope: str, status: int
) -> None:
    token = portal.token_with([scope])

    assert call(portal, method, f"{V3}{path}", token=token).status == status
