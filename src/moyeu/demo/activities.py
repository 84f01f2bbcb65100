"""What the owners wrote down: notes, tasks and calls."""

import random
from dataclasses import dataclass
from typing import Final

from moyeu.crm.values.moment import DAY_MS, render_ms
from moyeu.demo.companies import Company, company_of, telephone
from moyeu.demo.people import Person, people_at, person_of
from moyeu.demo.sales import deal_of, deals_with
from moyeu.demo.words import CALL_TITLES, CITIES, NOTE_TEXTS, TASK_SUBJECTS
from moyeu.demo.world import (
    CALLS,
    COMPANIES,
    CONTACTS,
    DEALS,
    NOTES,
    TASKS,
    Draft,
    Link,
    World,
    given,
)

_WORKING_HOURS_MS: Final = (8 * 3_600_000, 18 * 3_600_000)
_DEAL_SHARE: Final = 0.4
_DONE_SHARE: Final = 0.85
_CONNECTED: Final = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
_NO_ANSWER: Final = "73a0d17f-1163-4015-bdd5-ec830791da20"
"""HubSpot's own call outcomes: options of `hs_call_disposition`."""


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """When something was done, with whom, and by whom."""

    at_ms: int
    company: Company
    person: Person | None
    owner_id: str | None
    links: tuple[Link, ...]

    @property
    def name(self) -> str:
        """Of the person, or of the company where nobody is known."""
        return self.company.name if self.person is None else self.person.name


def note(world: World, number: int) -> Draft:
    """The record of a note."""
    chance = world.chance(NOTES, number)
    what = _occurrence(world, NOTES, number, chance)
    text = chance.choice(NOTE_TEXTS).replace("\n", "<br>")
    values: dict[str, str | None] = {
        "hs_timestamp": render_ms(what.at_ms),
        "hs_note_body": f"<p>{what.name}: {text}</p>",
        "hubspot_owner_id": what.owner_id,
    }
    return Draft(given(values), what.at_ms, what.links)


def task(world: World, number: int) -> Draft:
    """The record of a task: most of those that are due are done."""
    chance = world.chance(TASKS, number)
    what = _occurrence(world, TASKS, number, chance)
    due_ms = what.at_ms + chance.randrange(1, 15) * DAY_MS
    subject, kind, priority = chance.choice(TASK_SUBJECTS)
    is_done = due_ms < world.until_ms and chance.random() < _DONE_SHARE
    waiting = chance.choice(("NOT_STARTED", "NOT_STARTED", "IN_PROGRESS", "WAITING"))
    values: dict[str, str | None] = {
        "hs_timestamp": render_ms(due_ms),
        "hs_task_subject": f"{subject}: {what.company.name}",
        "hs_task_body": f"<p>For {what.name}.</p>",
        "hs_task_type": kind,
        "hs_task_priority": priority,
        "hs_task_status": "COMPLETED" if is_done else waiting,
        "hubspot_owner_id": what.owner_id,
    }
    return Draft(given(values), what.at_ms, what.links)


def call(world: World, number: int) -> Draft:
    """The record of a call; one in five is not answered."""
    chance = world.chance(CALLS, number)
    what = _occurrence(world, CALLS, number, chance)
    title, said = chance.choice(CALL_TITLES)
    is_answered = chance.random() < 0.8
    theirs = what.company.phone if what.person is None else what.person.phone
    ours = telephone(CITIES[0], 100)
    is_inbound = chance.random() < 0.3
    values: dict[str, str | None] = {
        "hs_timestamp": render_ms(what.at_ms),
        "hs_call_title": f"{title} with {what.name}",
        "hs_call_body": f"<p>{said}</p>" if is_answered else None,
        "hs_call_direction": "INBOUND" if is_inbound else "OUTBOUND",
        "hs_call_from_number": theirs if is_inbound else ours,
        "hs_call_to_number": ours if is_inbound else theirs,
        "hs_call_status": "COMPLETED" if is_answered else "NO_ANSWER",
        "hs_call_disposition": _CONNECTED if is_answered else _NO_ANSWER,
        "hs_call_duration": str(chance.randrange(60, 2_400) * 1_000) if is_answered else None,
        "hubspot_owner_id": what.owner_id,
    }
    return Draft(given(values), what.at_ms, what.links)


def _occurrence(
    world: World, object_type_id: str, number: int, chance: random.Random
) -> _Occurrence:
    """Somebody at a company is met, maybe about a deal that there is by then."""
    company = company_of(world, world.family(COMPANIES, object_type_id).parent_of(number))
    people = people_at(world, company)
    person = person_of(world, chance.choice(people)) if people else None
    since_ms = company.created_at_ms if person is None else person.created_at_ms
    day_ms = world.later(since_ms, chance.random()) // DAY_MS * DAY_MS
    at_ms = max(since_ms, day_ms + chance.randrange(*_WORKING_HOURS_MS))
    links = world.links(COMPANIES, company.number)
    if person is not None:
        links = world.links(CONTACTS, person.number) + links
    about_deal = chance.random() < _DEAL_SHARE
    known = [
        each
        for each in deals_with(world, company)
        if about_deal and deal_of(world, each).created_at_ms <= at_ms
    ]
    links += world.links(DEALS, *known[-1:])
    by_somebody_else = chance.random() < 0.15
    owner_id = world.owner_id(chance) if by_somebody_else else company.owner_id
    return _Occurrence(at_ms, company, person, owner_id, links)
