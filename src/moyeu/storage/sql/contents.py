"""The part of a transaction that copies, clears and removes portals, and keeps snapshots."""

from typing import Final

import msgspec

from moyeu.storage.contract import Counters, Snapshot
from moyeu.storage.sql.definition_writes import DefinitionWrites
from moyeu.storage.sql.portals import PortalWrites
from moyeu.storage.sql.rows import SqlRows, json_text

_read_counters: Final = msgspec.json.Decoder(Counters).decode


class ContentReads(SqlRows):
    """The reads of snapshots."""

    def snapshots(self, portal_id: int) -> list[Snapshot]:
        """See the contract."""
        rows = self._rows(self._sql.SNAPSHOTS, {"portal_id": portal_id})
        return [
            Snapshot(row[0], row[1], row[2], row[3], row[4], _read_counters(row[5])) for row in rows
        ]


class ContentWrites(PortalWrites, DefinitionWrites, ContentReads):
    """The writes of all that a portal has."""

    def remove_portal(self, portal_id: int) -> None:
        """See the contract."""
        for each in self.tokens(portal_id):
            self.remove_token(portal_id, each.hash)
        self.clear_portal(portal_id)
        for statement in self._sql.REMOVE_PORTAL:
            self._run(statement, {"portal_id": portal_id})
        self._numbers_restored(portal_id)

    def clear_portal(self, portal_id: int) -> None:
        """See the contract."""
        if portal_id > 0:
            self._run(self._sql.KEEP_LAST_WRITE, {"portal_id": portal_id})
        self._contents_change(portal_id)
        for statement in self._sql.CLEAR_CONTENTS:
            self._run(statement, {"portal_id": portal_id})

    def clear_part(self, portal_id: int, count_max: int) -> bool:
        """See the contract."""
        if portal_id > 0:
            self._run(self._sql.KEEP_LAST_WRITE, {"portal_id": portal_id})
        self._contents_change(portal_id)
        left = count_max
        for statement in self._sql.CLEAR_PARTS:
            left -= self._count(statement, {"portal_id": portal_id, "count_max": left})
            if left <= 0:
                return True
        self.clear_portal(portal_id)
        return False

    def copy_contents(self, from_id: int, to_id: int) -> int:
        """See the contract."""
        self._contents_change(to_id)
        records, *others = self._sql.COPY_CONTENTS
        ids = {"portal_id": from_id, "to_id": to_id}
        count = self._count(records, ids)
        for statement in others:
            self._run(statement, ids)
        return count

    def set_counters(self, portal_id: int, counters: Counters) -> None:
        """See the contract."""
        values = {
            "portal_id": portal_id,
            "next_record_id": counters.next_record_id,
            "next_object_type": counters.next_object_type,
            "next_list": counters.next_list,
            "next_list_folder": counters.next_list_folder,
            "next_association_type": counters.next_association_type,
            "last_write": counters.last_write,
        }
        self._run(self._sql.SET_COUNTERS, values)
        self._numbers_restored(portal_id)

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """See the contract."""
        self._run(
            self._sql.PUT_SNAPSHOT,
            {
                "portal_id": snapshot.portal_id,
                "name": snapshot.name,
                "contents_id": snapshot.contents_id,
                "created_at_ms": snapshot.created_at_ms,
                "record_count": snapshot.record_count,
                "counters": json_text(snapshot.counters),
            },
        )

    def remove_snapshot(self, portal_id: int, name: str) -> None:
        """See the contract."""
        self._run(self._sql.REMOVE_SNAPSHOT, {"portal_id": portal_id, "name": name})

    def _contents_change(self, portal_id: int) -> None:
        """Forgets what is remembered of the contents. Nothing remembers those of a negative id."""
        if portal_id > 0:
            self.changed_types.add(portal_id)
            self._group.types.pop(portal_id, None)
            self._definitions_changed(portal_id, None)
            self._note_other_contents(portal_id)
