"""Pipelines, stages and audits as HubSpot writes them: key order and absences as recorded."""

from typing import Final

from moyeu.catalog.pipelines import STAGE_WRITE_PERMISSIONS, Pipeline, Stage
from moyeu.crm.values.moment import render_ms
from moyeu.operations.pipelines import Audited
from moyeu.wire.bodies import Json, encode_json, present

# `Pipeline update` is documented, the other texts are after it.
_MESSAGES: Final = {"CREATE": "creation", "UPDATE": "update", "DELETE": "deletion"}


def pipeline_body(pipeline: Pipeline) -> Json:
    """A pipeline, in the recorded key order."""
    return {
        "label": pipeline.label,
        "displayOrder": pipeline.display_order,
        "id": pipeline.id,
        "stages": [stage_body(each) for each in pipeline.stages],
        "createdAt": render_ms(pipeline.created_at_ms),
        "updatedAt": render_ms(pipeline.updated_at_ms),
        "archived": False,
    }


def stage_body(stage: Stage) -> Json:
    """A stage, in the recorded key order."""
    return {
        "label": stage.label,
        "displayOrder": stage.display_order,
        "metadata": dict(stage.metadata),
        "id": stage.id,
        "createdAt": render_ms(stage.created_at_ms),
        "updatedAt": render_ms(stage.updated_at_ms),
        "writePermissions": STAGE_WRITE_PERMISSIONS,
        "archived": False,
    }


def audit_body(portal_id: int, audited: Audited) -> Json:
    """One entry of an audit: keys, the identifier and the text in `rawObject` are documented.

    The identifier of a stage is a guess after that of a pipeline. A user id is absent where an app
    acted for itself.
    """
    entry, subject = audited.entry, audited.subject
    is_stage = isinstance(subject, Stage)
    raw = stage_body(subject) if isinstance(subject, Stage) else pipeline_body(subject)
    noun = "Pipeline stage" if is_stage else "Pipeline"
    return present(
        {
            "portalId": portal_id,
            "identifier": f"{portal_id}:{entry.stage_id or entry.pipeline_id}",
            "action": entry.action,
            "timestamp": render_ms(entry.at_ms),
            "message": f"{noun} {_MESSAGES[entry.action]}",
            "rawObject": encode_json(raw).decode(),
            "fromUserId": entry.user_id,
        }
    )
