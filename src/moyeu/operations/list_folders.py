"""The operations on the folders that lists lie in."""

from collections.abc import Callable
from dataclasses import replace

from moyeu.crm.callers import Occasion
from moyeu.crm.lists.definitions import ROOT_FOLDER, ListDefinition, ListFolder
from moyeu.crm.lists.filters import read_list_id
from moyeu.crm.lists.folders import Folders, FolderTree
from moyeu.crm.lists.problems import FolderNotFound, RootFolderStays
from moyeu.crm.problems import Problem
from moyeu.operations.lists import find_active_list
from moyeu.operations.turns import write_in_turn
from moyeu.storage.contract import ReadTransaction, Store, WriteTransaction


async def read_folder(store: Store, portal_id: int, folder_id: str) -> FolderTree | FolderNotFound:
    """A folder with all that is in it; `0` is the root."""

    def work(transaction: ReadTransaction) -> FolderTree | FolderNotFound:
        return _tree(transaction, portal_id, folder_id)

    return await store.read(work)


def _tree(
    transaction: ReadTransaction, portal_id: int, folder_id: str
) -> FolderTree | FolderNotFound:
    folders = Folders(transaction.list_folders(portal_id))
    found = folders.find(read_list_id(folder_id), folder_id)
    if isinstance(found, FolderNotFound):
        return found
    number = ROOT_FOLDER if found is None else found.id
    return folders.tree(number, transaction.active_lists(portal_id))


async def create_folder(
    store: Store, occasion: Occasion, name: str, parent_id: str
) -> FolderTree | Problem:
    """A new folder in another one.

    Refused: FolderNotFound, ListNameInvalid, FolderNameTaken, FoldersTooDeep.
    """
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms

    def work(transaction: WriteTransaction) -> FolderTree | Problem:
        folders = Folders(transaction.list_folders(portal_id))
        parent = folders.find(read_list_id(parent_id), parent_id)
        if isinstance(parent, FolderNotFound):
            return parent
        number = ROOT_FOLDER if parent is None else parent.id
        if problem := folders.check_new(name, number):
            return problem
        made = ListFolder(
            transaction.new_list_folder_id(portal_id),
            name,
            number,
            now_ms,
            now_ms,
            now_ms,
            occasion.caller.user_id,
        )
        transaction.put_list_folder(portal_id, made)
        _touch(transaction, portal_id, parent, now_ms)
        return FolderTree(made, (), ())

    return await write_in_turn(store, work)


def _touch(
    transaction: WriteTransaction, portal_id: int, folder: ListFolder | None, now_ms: int
) -> None:
    """Keeps with a folder that something came into it or went out of it."""
    if folder is not None:
        transaction.put_list_folder(portal_id, replace(folder, contents_updated_at_ms=now_ms))


_Change = Callable[[WriteTransaction, Folders, ListFolder], ListFolder | Problem]


async def rename_folder(
    store: Store, occasion: Occasion, folder_id: str, name: str | None
) -> FolderTree | Problem:
    """A folder under another name; without one it keeps its own (a guess).

    Refused: FolderNotFound, RootFolderStays, ListNameInvalid, FolderNameTaken.
    """

    def change(
        _transaction: WriteTransaction, folders: Folders, folder: ListFolder
    ) -> ListFolder | Problem:
        wanted = folder.name if name is None else name
        if problem := folders.check_rename(folder, wanted):
            return problem
        return replace(folder, name=wanted, updated_at_ms=occasion.now_ms)

    return await _change_folder(store, occasion, folder_id, change)


async def move_folder(
    store: Store, occasion: Occasion, folder_id: str, parent_id: str
) -> FolderTree | Problem:
    """A folder with all that is in it in another one.

    Refused: FolderNotFound, RootFolderStays, FolderWithinItself, FolderNameTaken, FoldersTooDeep.
    """
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms

    def change(
        transaction: WriteTransaction, folders: Folders, folder: ListFolder
    ) -> ListFolder | Problem:
        parent = folders.find(read_list_id(parent_id), parent_id)
        if isinstance(parent, FolderNotFound):
            return parent
        number = ROOT_FOLDER if parent is None else parent.id
        if problem := folders.check_move(folder, number):
            return problem
        _touch(transaction, portal_id, folders.by_id.get(folder.parent_id), now_ms)
        _touch(transaction, portal_id, parent, now_ms)
        return replace(folder, parent_id=number, updated_at_ms=now_ms)

    return await _change_folder(store, occasion, folder_id, change)


async def _change_folder(
    store: Store, occasion: Occasion, folder_id: str, change: _Change
) -> FolderTree | Problem:
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> FolderTree | Problem:
        folders = Folders(transaction.list_folders(portal_id))
        folder = _find_own(folders, folder_id)
        if isinstance(folder, Problem):
            return folder
        changed = change(transaction, folders, folder)
        if isinstance(changed, Problem):
            return changed
        transaction.put_list_folder(portal_id, changed)
        return _tree(transaction, portal_id, folder_id)

    return await write_in_turn(store, work)


def _find_own(folders: Folders, folder_id: str) -> ListFolder | Problem:
    """A folder that somebody made."""
    found = folders.find(read_list_id(folder_id), folder_id)
    return RootFolderStays() if found is None else found


async def remove_folder(store: Store, occasion: Occasion, folder_id: str) -> Problem | None:
    """Removes an empty folder. Refused: FolderNotFound, RootFolderStays, FolderNotEmpty."""
    portal_id = occasion.caller.portal_id

    def work(transaction: WriteTransaction) -> Problem | None:
        folders = Folders(transaction.list_folders(portal_id))
        folder = _find_own(folders, folder_id)
        if isinstance(folder, Problem):
            return folder
        if problem := folders.check_removal(folder, transaction.active_lists(portal_id)):
            return problem
        transaction.remove_list_folder(portal_id, folder.id)
        parent = folders.by_id.get(folder.parent_id)
        _touch(transaction, portal_id, parent, occasion.now_ms)
        return None

    return await write_in_turn(store, work)


async def move_list(
    store: Store, occasion: Occasion, list_id: str, folder_id: str
) -> Problem | None:
    """Puts a list into a folder. Refused: ListNotFound, FolderNotFound."""
    portal_id, now_ms = occasion.caller.portal_id, occasion.now_ms

    def work(transaction: WriteTransaction) -> Problem | None:
        found = find_active_list(transaction, portal_id, list_id, now_ms)
        if not isinstance(found, ListDefinition):
            return found
        folders = Folders(transaction.list_folders(portal_id))
        folder = folders.find(read_list_id(folder_id), folder_id)
        if isinstance(folder, FolderNotFound):
            return folder
        number = ROOT_FOLDER if folder is None else folder.id
        if number != found.folder_id:
            _touch(transaction, portal_id, folders.by_id.get(found.folder_id), now_ms)
            _touch(transaction, portal_id, folder, now_ms)
            transaction.put_list(portal_id, replace(found, folder_id=number))
        return None

    return await write_in_turn(store, work)
