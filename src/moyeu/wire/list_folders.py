"""The handlers of the routes of the folders of lists: decode → operation → encode."""

from moyeu.crm.lists.folders import FolderTree
from moyeu.crm.problems import Problem
from moyeu.operations import list_folders as operations
from moyeu.wire.answering import ok
from moyeu.wire.decode import decoded
from moyeu.wire.exchange import Answer, Request
from moyeu.wire.jackson import JsonProblem
from moyeu.wire.list_answers import folder_body
from moyeu.wire.list_bodies import decode_folder, decode_move
from moyeu.wire.lists import done, refuse_list
from moyeu.wire.routes import Clock


def _answer(request: Request, found: FolderTree | Problem) -> Answer:
    if isinstance(found, Problem):
        return refuse_list(request, found)
    return ok({"folder": folder_body(found)})


async def read_folder(request: Request, _clock_ms: Clock) -> Answer:
    """`GET …/folders?folderId=`; without an id it is the root (SPEC)."""
    folder_id = request.query.last("folderId") or "0"
    found = await operations.read_folder(request.store, request.caller.portal_id, folder_id)
    return _answer(request, found)


async def create_folder(request: Request, _clock_ms: Clock) -> Answer:
    """`POST …/folders`."""
    given = await decoded(decode_folder, request.body)
    if isinstance(given, Problem | JsonProblem):
        return refuse_list(request, given)
    name, parent_id = given
    made = await operations.create_folder(request.store, request.occasion(), name, parent_id)
    return _answer(request, made)


async def rename_folder(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/folders/{folderId}/rename?newFolderName=`."""
    found = await operations.rename_folder(
        request.store,
        request.occasion(),
        request.path["folderId"],
        request.query.last("newFolderName"),
    )
    return _answer(request, found)


async def move_folder(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/folders/{folderId}/move/{newParentFolderId}`."""
    found = await operations.move_folder(
        request.store,
        request.occasion(),
        request.path["folderId"],
        request.path["newParentFolderId"],
    )
    return _answer(request, found)


async def remove_folder(request: Request, _clock_ms: Clock) -> Answer:
    """`DELETE …/folders/{folderId}`."""
    problem = await operations.remove_folder(
        request.store, request.occasion(), request.path["folderId"]
    )
    return done(request, problem)


async def move_list(request: Request, _clock_ms: Clock) -> Answer:
    """`PUT …/folders/move-list`."""
    given = await decoded(decode_move, request.body)
    if isinstance(given, Problem | JsonProblem):
        return refuse_list(request, given)
    problem = await operations.move_list(request.store, request.occasion(), *given)
    return done(request, problem)
