"""A client that never runs out of batches: mixed sizes, by id and by unique value, from a seed.

Every client may write plain texts of every record, but the skus of its own share only, so that no
two clients want the same unique value and no refusal is ever deserved.
"""

import random
from collections.abc import Mapping

from moyeu.crm.records import RecordInput
from tests.faults.ledger import Batch, Sent
from tests.faults.portal import CONTACTS_ID, MARK, NOTES, SERVICES_ID, SKU

SIZES = (1, 1, 2, 5, 10, 20, 50, 100)
CREATE_SIZES = (1, 3, 10)


class Client:
    """Makes batches; told after each one what became of it.

    skus: of all records by id, as they are before the first batch.
    """

    def __init__(self, name: str, seed: int, index: int, of: int, skus: Mapping[int, str]) -> None:
        self.name = name
        self._chance = random.Random(f"{seed}-{name}")
        self._all = sorted(skus)
        self._own = {key: skus[key] for key in self._all[index::of]}
        self._count = 0

    def next_batch(self) -> Batch:
        """A new batch of a random kind."""
        self._count += 1
        name = f"{self.name}.{self._count}"
        kind = self._chance.random()
        if kind < 0.1:
            return self._creates(name)
        if kind < 0.5:
            return self._own_updates(name)
        return self._shared_updates(name)

    def applied(self, batch: Batch) -> None:
        """The batch was acknowledged."""
        for each in batch.inputs:
            if each.record_id in self._own and SKU in each.values:
                self._own[each.record_id] = each.values[SKU]

    def _creates(self, name: str) -> Batch:
        inputs = []
        for number in range(self._chance.choice(CREATE_SIZES)):
            mark = f"{name}.{number}"
            values = {MARK: mark, SKU: f"new-{mark}", "email": f"{mark}@example.com"}
            inputs.append(Sent(RecordInput("", dict(values)), 0, mark, values))
        return Batch(name, CONTACTS_ID, inputs)

    def _shared_updates(self, name: str) -> Batch:
        chosen = self._chance.sample(self._all, min(self._size(), len(self._all)))
        return self._updates(name, [(each, self._notes(), None) for each in chosen])

    def _own_updates(self, name: str) -> Batch:
        """Half of the records are named by sku; a third get a new one; some pass theirs on."""
        chosen = self._chance.sample(sorted(self._own), min(self._size(), len(self._own)))
        rows: list[tuple[int, dict[str, str], str | None]] = []
        passed_on: str | None = None
        for number, each in enumerate(chosen):
            values = self._notes()
            if passed_on is not None:
                values[SKU], passed_on = passed_on, None
                rows.append((each, values, None))
                continue
            id_property = SKU if self._chance.random() < 0.5 else None
            if self._chance.random() < 0.35:
                values[SKU] = f"{name}.{number}"
                if id_property is None and self._chance.random() < 0.5:
                    passed_on = self._own[each]
            rows.append((each, values, id_property))
        return self._updates(name, rows)

    def _updates(self, name: str, rows: list[tuple[int, dict[str, str], str | None]]) -> Batch:
        traced = self._chance.random() < 0.5
        inputs = []
        for number, (record_id, texts, id_property) in enumerate(rows):
            mark = f"{name}.{number}"
            values = texts | {MARK: mark}
            given = RecordInput(
                self._own[record_id] if id_property else str(record_id),
                dict(values),
                id_property,
                mark if traced else None,
            )
            inputs.append(Sent(given, record_id, mark, values))
        return Batch(name, SERVICES_ID, inputs)

    def _notes(self) -> dict[str, str]:
        names = self._chance.sample(NOTES, self._chance.randint(0, len(NOTES)))
        return {
            name: f"{self.name}.{self._count}.{self._chance.randrange(10**6)}" for name in names
        }

    def _size(self) -> int:
        return self._chance.choice(SIZES)
