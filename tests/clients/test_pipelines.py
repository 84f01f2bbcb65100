"""Pipelines and stages through HubSpot's own clients: v3 and 2026-03."""

import datetime
import json
from typing import Any

import hubspot_sdk
import pytest
from hubspot.crm import pipelines  # type: ignore[import-untyped] # the package has no types

from tests.conftest import PortalUnderTest

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def _stage(label: str, order: int, **metadata: str) -> Any:
    return pipelines.PipelineStageInput(label=label, display_order=order, metadata=metadata)


def _made(v3: Any, label: str = "Renters") -> Any:
    return v3.crm.pipelines.pipelines_api.create(
        "deals",
        pipelines.PipelineInput(
            label=label,
            display_order=1,
            stages=[_stage("New", 0, probability="0.2"), _stage("Done", 1, probability="1.0")],
        ),
    )


# --- v3 --------------------------------------------------------------------------------------


def test_the_pipelines_of_a_type_are_listed_with_their_stages(v3: Any) -> None:
    (found,) = v3.crm.pipelines.pipelines_api.get_all("deals").results

    assert (found.id, found.label, found.archived) == ("default", "Sales Pipeline", False)
    assert found.created_at == EPOCH
    assert [each.id for each in found.stages][-2:] == ["closedwon", "closedlost"]
    assert found.stages[5].metadata == {"isClosed": "true", "probability": "1.0"}
    assert found.stages[5].write_permissions == "CRM_PERMISSIONS_ENFORCEMENT"


def test_a_pipeline_is_made_changed_replaced_and_deleted(v3: Any) -> None:
    api = v3.crm.pipelines.pipelines_api
    made = _made(v3)
    assert made.id.isdigit()

    changed = api.update("deals", made.id, pipelines.PipelinePatchInput(label="Tenants"))
    assert (changed.label, changed.display_order) == ("Tenants", 1)
    assert changed.updated_at >= made.updated_at

    replaced = api.replace(
        "deals",
        made.id,
        pipelines.PipelineInput(
            label="Owners", display_order=3, stages=[_stage("Only", 0, probability="0.5")]
        ),
    )
    assert [each.label for each in replaced.stages] == ["Only"]
    assert api.get_by_id("deals", made.id).label == "Owners"

    api.archive("deals", made.id)
    assert [each.id for each in api.get_all("deals").results] == ["default"]


def test_a_stage_is_made_changed_and_deleted(v3: Any) -> None:
    api = v3.crm.pipelines.pipeline_stages_api
    made = api.create("deals", "default", _stage("Half", 3, probability="0.50"))
    assert made.metadata == {"probability": "0.50"}

    stages = api.get_all("deals", "default").results
    assert [each.label for each in stages][3:5] == ["Decision Maker Bought-In", "Half"]
    assert [each.display_order for each in stages] == list(range(8))

    changed = api.update(
        "deals",
        "default",
        made.id,
        pipelines.PipelineStagePatchInput(metadata={"probability": "1"}),
    )
    assert changed.metadata == {"isClosed": "false", "probability": "1"}
    read = api.get_by_id("deals", "default", made.id)
    assert read.metadata == {"isClosed": "true", "probability": "1.0"}

    api.archive("deals", "default", made.id)
    assert len(api.get_all("deals", "default").results) == 7


def test_a_pipeline_in_use_is_refused_when_asked(v3: Any, portal: PortalUnderTest) -> None:
    record = portal.add_record("deals", {"dealname": "One", "dealstage": "closedwon"})

    with pytest.raises(pipelines.ApiException) as raised:
        v3.crm.pipelines.pipelines_api.archive(
            "deals", "default", validate_references_before_delete=True
        )

    body = json.loads(raised.value.body)
    assert (raised.value.status, body["subCategory"]) == (400, "PipelineError.STAGE_ID_IN_USE")
    assert body["context"]["objectIds"] == [f"[{record.id}]"]


def test_a_missing_pipeline_raises_404(v3: Any) -> None:
    with pytest.raises(pipelines.ApiException) as raised:
        v3.crm.pipelines.pipelines_api.get_by_id("deals", "nope")

    assert raised.value.status == 404


def test_the_audits_of_a_pipeline_and_a_stage_are_read(v3: Any) -> None:
    made = _made(v3)

    (entry,) = v3.crm.pipelines.pipeline_audits_api.get_audit("deals", made.id).results
    stage_id = made.stages[0].id
    (of_stage,) = v3.crm.pipelines.pipeline_stage_audits_api.get_audit("deals", stage_id).results

    assert (entry.action, entry.message) == ("CREATE", "Pipeline creation")
    assert json.loads(entry.raw_object)["label"] == "Renters"
    assert json.loads(of_stage.raw_object)["id"] == stage_id


# --- 2026-03 ---------------------------------------------------------------------------------


def test_pipelines_are_parsed_strictly(dated: hubspot_sdk.HubSpot) -> None:
    api = dated.crm.pipelines
    made = api.create(
        "tickets",
        label="Repairs",
        display_order=1,
        pipeline_id="repairs",
        stages=[
            {"label": "Open", "display_order": 0, "metadata": {}, "stage_id": "open"},
            {"label": "Done", "display_order": 1, "metadata": {"ticketState": "CLOSED"}},
        ],
    )
    assert (made.id, made.stages[0].id) == ("repairs", "open")

    stage = api.update_stage(
        "open", object_type="tickets", pipeline_id="repairs", metadata={}, label="Opened"
    )
    assert stage.label == "Opened"
    assert stage.metadata == {"isClosed": "false", "ticketState": "OPEN"}
    assert [each.id for each in api.list("tickets").results] == ["0", "repairs"]
    assert len(api.list_stages("repairs", object_type="tickets").results) == 2
    assert api.list_audit("repairs", object_type="tickets").results[-1].action == "CREATE"


def test_a_stage_that_must_stay_is_a_bad_request(dated: hubspot_sdk.HubSpot) -> None:
    with pytest.raises(hubspot_sdk.BadRequestError) as raised:
        dated.crm.pipelines.delete_stage("4", object_type="tickets", pipeline_id="0")

    assert isinstance(raised.value.body, dict)
    assert raised.value.body["subCategory"] == "PipelineError.MISSING_CLOSED_STAGE"
