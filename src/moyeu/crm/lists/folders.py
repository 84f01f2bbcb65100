"""The tree of folders that lists lie in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moyeu.catalog.limits import LIST_FOLDER_DEPTH_MAX
from moyeu.crm.lists.changes import check_name
from moyeu.crm.lists.definitions import ROOT_FOLDER, ListDefinition, ListFolder
from moyeu.crm.lists.problems import (
    FolderNameTaken,
    FolderNotEmpty,
    FolderNotFound,
    FoldersTooDeep,
    FolderWithinItself,
)
from moyeu.crm.problems import Problem


@dataclass(frozen=True, slots=True)
class FolderTree:
    """A folder with what is in it; folder: None for the root. lists: ids, ascending."""

    folder: ListFolder | None
    folders: tuple["FolderTree", ...]
    lists: tuple[int, ...]


class Folders:
    """The folders of a portal."""

    def __init__(self, folders: Iterable[ListFolder]) -> None:
        self.by_id = {each.id: each for each in folders}
        self._inside: defaultdict[int, list[ListFolder]] = defaultdict(list)
        for folder_id in sorted(self.by_id):
            self._inside[self.by_id[folder_id].parent_id].append(self.by_id[folder_id])

    def find(self, folder_id: int | None, text: str) -> ListFolder | FolderNotFound | None:
        """The folder with an id, None for the root; text: the id as sent."""
        if folder_id == ROOT_FOLDER:
            return None
        return self.by_id.get(-1 if folder_id is None else folder_id) or FolderNotFound(text)

    def children(self, folder_id: int) -> list[ListFolder]:
        """The folders in a folder, by id."""
        return self._inside.get(folder_id, [])

    def tree(self, folder_id: int, lists: Sequence[ListDefinition]) -> FolderTree:
        """A folder with all that is in it; lists: those of the portal, by id."""
        inside: defaultdict[int, list[int]] = defaultdict(list)
        for each in lists:
            inside[each.folder_id].append(each.id)
        return self._tree(folder_id, inside)

    def _tree(self, folder_id: int, lists: Mapping[int, Sequence[int]]) -> FolderTree:
        return FolderTree(
            self.by_id.get(folder_id),
            tuple(self._tree(each.id, lists) for each in self.children(folder_id)),
            tuple(lists.get(folder_id, ())),
        )

    def misplaced(self) -> ListFolder | None:
        """The first folder that lies too deep or in none up to the root, None for none."""
        for folder in self.by_id.values():
            around: ListFolder | None = folder
            for _ in range(LIST_FOLDER_DEPTH_MAX - 1):
                if around is not None and around.parent_id != ROOT_FOLDER:
                    around = self.by_id.get(around.parent_id)
            if around is None or around.parent_id != ROOT_FOLDER:
                return folder
        return None

    def depth(self, folder_id: int) -> int:
        """How many folders lie around what is in a folder; 0 for the root."""
        count = 0
        while folder_id != ROOT_FOLDER:
            folder_id = self.by_id[folder_id].parent_id
            count += 1
        return count

    def height(self, folder_id: int) -> int:
        """How many folders lie inside of each other in a folder, itself counted."""
        return 1 + max((self.height(each.id) for each in self.children(folder_id)), default=0)

    def contains(self, folder_id: int, inner_id: int) -> bool:
        """Whether a folder is, or lies somewhere in, another."""
        while inner_id not in (ROOT_FOLDER, folder_id):
            inner_id = self.by_id[inner_id].parent_id
        return inner_id == folder_id

    def check_new(self, name: str, parent_id: int) -> Problem | None:
        """Why there cannot be a new folder in that parent, which exists."""
        return self._check_place(name, parent_id, 1, None)

    def check_move(self, folder: ListFolder, parent_id: int) -> Problem | None:
        """Why a folder cannot move into that parent, which exists."""
        if self.contains(folder.id, parent_id):
            return FolderWithinItself(str(folder.id))
        return self._check_place(folder.name, parent_id, self.height(folder.id), folder.id)

    def check_rename(self, folder: ListFolder, name: str) -> Problem | None:
        """Why a folder cannot have that name."""
        return self._check_place(name, folder.parent_id, self.height(folder.id), folder.id)

    def _check_place(
        self, name: str, parent_id: int, height: int, folder_id: int | None
    ) -> Problem | None:
        if invalid := check_name(name):
            return invalid
        for each in self.children(parent_id):
            if each.name == name and each.id != folder_id:
                return FolderNameTaken(name)
        if self.depth(parent_id) + height > LIST_FOLDER_DEPTH_MAX:
            return FoldersTooDeep(LIST_FOLDER_DEPTH_MAX)
        return None

    def check_removal(
        self, folder: ListFolder, lists: Sequence[ListDefinition]
    ) -> FolderNotEmpty | None:
        """Why a folder cannot be removed: something is in it (a guess).

        lists: those that are not deleted. One that is restored later comes to the root.
        """
        tree = self.tree(folder.id, lists)
        return FolderNotEmpty(str(folder.id)) if tree.folders or tree.lists else None
