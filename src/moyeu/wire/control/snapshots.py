"""The control plane's routes of snapshots and templates."""

from typing import Final

from moyeu.crm.problems import Problem
from moyeu.operations import portal_templates as templates
from moyeu.operations import snapshots as operations
from moyeu.storage.contract import Snapshot
from moyeu.wire.answering import ok
from moyeu.wire.bodies import Json, moment
from moyeu.wire.control.bodies import TemplateBody, read_body_as
from moyeu.wire.control.routes import ControlRequest, ControlRoute
from moyeu.wire.control.words import refuse
from moyeu.wire.exchange import NO_CONTENT, Answer


def _snapshot_body(snapshot: Snapshot) -> Json:
    return {
        "name": snapshot.name,
        "recordCount": snapshot.record_count,
        "createdAt": moment(snapshot.created_at_ms),
    }


def _told(request: ControlRequest, result: Snapshot | Problem) -> Answer:
    if isinstance(result, Problem):
        return refuse(request, result)
    return ok(_snapshot_body(result))


async def list_snapshots(request: ControlRequest) -> Answer:
    """`GET /portals/{portalId}/snapshots`, by name."""
    found = await operations.list_snapshots(request.store, request.portal_id)
    if isinstance(found, Problem):
        return refuse(request, found)
    return ok({"results": [_snapshot_body(each) for each in found]})


async def put_snapshot(request: ControlRequest) -> Answer:
    """`PUT /portals/{portalId}/snapshots/{name}`."""
    made = await operations.create_snapshot(
        request.store, request.portal_id, request.path["name"], request.now_ms
    )
    return _told(request, made)


async def restore_snapshot(request: ControlRequest) -> Answer:
    """`POST /portals/{portalId}/snapshots/{name}/restore`."""
    return await _restored(request, request.path["name"])


async def reset(request: ControlRequest) -> Answer:
    """`POST /portals/{portalId}/reset`: the snapshot of its beginning."""
    return await _restored(request, operations.SEED)


async def _restored(request: ControlRequest, name: str) -> Answer:
    restored = await operations.restore_snapshot(
        request.store, request.portal_id, name, request.now_ms
    )
    return _told(request, restored)


async def delete_snapshot(request: ControlRequest) -> Answer:
    """`DELETE /portals/{portalId}/snapshots/{name}`: 204."""
    problem = await operations.delete_snapshot(
        request.store, request.portal_id, request.path["name"], request.now_ms
    )
    return NO_CONTENT if problem is None else refuse(request, problem)


def _template_body(template: templates.Template) -> Json:
    return {"name": template.name, "recordCount": template.record_count}


async def list_templates(request: ControlRequest) -> Answer:
    """`GET /templates`, by name."""
    found = await templates.list_templates(request.store)
    return ok({"results": [_template_body(each) for each in found]})


async def put_template(request: ControlRequest) -> Answer:
    """`PUT /templates/{name}`."""
    given = read_body_as(request.body, TemplateBody)
    if isinstance(given, Problem):
        return refuse(request, given)
    made = await templates.make_template(
        request.store, request.path["name"], given.portal_id, request.now_ms
    )
    return refuse(request, made) if isinstance(made, Problem) else ok(_template_body(made))


_ONE: Final = "/portals/{portalId}/snapshots/{name}"

SNAPSHOT_ROUTES: Final = (
    ControlRoute(
        "GET", "/portals/{portalId}/snapshots", "List the snapshots of a portal.", list_snapshots
    ),
    ControlRoute("PUT", _ONE, "Keep all that a portal has under a name.", put_snapshot),
    ControlRoute("POST", f"{_ONE}/restore", "Give a portal what a snapshot has.", restore_snapshot),
    ControlRoute("DELETE", _ONE, "Remove a snapshot.", delete_snapshot),
    ControlRoute(
        "POST", "/portals/{portalId}/reset", "Restore a portal as it was when it was made.", reset
    ),
    ControlRoute("GET", "/templates", "List what portals can be made of.", list_templates),
    ControlRoute(
        "PUT",
        "/templates/{name}",
        "Make a template of a portal.",
        put_template,
        reads_body=True,
    ),
)
