"""What the clients know: which batches they sent, and which of them were answered how.

The clients live in the test's process, which survives, so the ledger is kept in memory. It is also
written line by line to a file beside the database, for a person who looks into a failed run.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Self

from moyeu.crm.records import RecordInput

Outcome = Literal["open", "applied", "refused", "unknown"]
"""open: no answer yet. unknown: cut off, or answered with 5xx."""

Verb = Literal[
    "update",
    "create",
    "upsert",
    "merge",
    "archive",
    "erase",
    "join",
    "leave",
    "add_stage",
    "remove_stage",
    "add_label",
    "remove_label",
    "associate",
    "associate_default",
    "dissociate",
    "dissociate_types",
]
"""The first three have inputs, the next five record ids (those of lists a list too), the next four
the name of a definition, the last four links."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One input of a batch. record_id: 0 for a record to be made, whose id only the server knows.

    values: what is sent, the mark included. targets: records that the new one is associated with.
    """

    given: RecordInput
    record_id: int
    mark: str
    values: dict[str, str]
    targets: tuple[int, ...] = ()


class Way(NamedTuple):
    """An association type from contacts to companies, with the id of the other direction."""

    category: str
    forth: int
    back: int


class Link(NamedTuple):
    """A contact and a company of one input, and the types that are named; none for all of them."""

    contact_id: int
    company_id: int
    ways: tuple[Way, ...] = ()


@dataclass(slots=True)
class Batch:
    """One call. sent_after: how many calls had been acknowledged when this one was sent.

    type_id: of links the one that the path begins with, contacts or companies.
    record_ids: of a merge (the primary first), an archive, an erasure, or a change of a list.
    definition: the id of a stage or the name of a label. label_id: of the label to remove.
    answered_ids: of the records of the inputs in order, of the one that a merge made, or of the
    types of a label (from contacts, from companies); empty as long as they are not known.
    """

    name: str
    type_id: str
    inputs: Sequence[Sent] = ()
    verb: Verb = "update"
    record_ids: tuple[int, ...] = ()
    definition: str = ""
    label_id: int = 0
    list_id: int = 0
    links: tuple[Link, ...] = ()
    outcome: Outcome = "open"
    sent_after: int = 0
    answered_as: int | None = None
    answered_ids: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody knows yet what became of it."""
        return self.outcome in ("open", "unknown")

    def settle(self, *, applied: bool, ids: Sequence[int] = ()) -> None:
        """Once looked at, an open outcome is known and has to stay so."""
        if self.is_open:
            self.outcome = "applied" if applied else "refused"
            self.answered_ids = tuple(ids)


class Ledger:
    """All batches in the order of their intents. Safe to use from several threads."""

    def __init__(self, path: Path | None = None) -> None:
        self.batches: list[Batch] = []
        self.acknowledged: list[Batch] = []
        self.unexpected: list[str] = []
        """Answers that the load never deserves, in words."""
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8", buffering=1) if path else None

    def intend(self, batch: Batch) -> None:
        """Before the batch is sent."""
        with self._lock:
            batch.sent_after = len(self.acknowledged)
            self.batches.append(batch)
            self._note("intent", batch)

    def acknowledge(self, batch: Batch, answered_ids: Sequence[int] = ()) -> None:
        """After a complete 2xx."""
        with self._lock:
            batch.answered_ids = tuple(answered_ids)
            batch.outcome = "applied"
            batch.answered_as = len(self.acknowledged)
            self.acknowledged.append(batch)
            self._note("ack", batch)

    def lose(self, batch: Batch, reason: str) -> None:
        """After a cut connection, a timeout or a 5xx: nobody knows."""
        with self._lock:
            batch.outcome = "unknown"
            self._note(f"unknown: {reason}", batch)

    def refuse(self, batch: Batch, answer: str) -> None:
        """After an answer that promises that nothing was changed."""
        with self._lock:
            batch.outcome = "refused"
            self._note(f"refused: {answer}", batch)

    def complain(self, sentence: str) -> None:
        """An answer that the load never deserves."""
        with self._lock:
            self.unexpected.append(sentence)

    def _note(self, what: str, batch: Batch) -> None:
        if self._file is not None:
            marks = [each.mark for each in batch.inputs]
            about = marks or batch.links or batch.record_ids or batch.definition
            line = [what, batch.name, batch.verb, batch.type_id, about, batch.answered_ids]
            self._file.write(json.dumps(line) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        if self._file is not None:
            self._file.close()
