"""What is done for clients: partner clients, their services and their tickets."""

import random
from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.values.moment import DAY_MS, render_day, render_ms
from moyeu.demo.companies import client_company
from moyeu.demo.people import people_at, person_of
from moyeu.demo.properties import CHANNELS, SERVICE_TIERS, UNIQUE
from moyeu.demo.sales import FEES
from moyeu.demo.words import LEADS, NOTE_TEXTS, SERVICES, TICKET_SUBJECTS
from moyeu.demo.world import (
    COMPANIES,
    CONTACTS,
    PARTNER_CLIENTS,
    PARTNER_SERVICES,
    QUARTER_HOUR_MS,
    TICKETS,
    Draft,
    World,
    given,
    staged,
    stages_of,
)

_HOUR_MS: Final = 3_600_000
_TIER_WEIGHTS: Final = (5, 3, 1)
_STATUSES: Final = ("ACTIVE", "PAUSED", "ENDED")
_STATUS_WEIGHTS: Final = (7, 1, 2)
_PRIORITIES: Final = ("LOW", "MEDIUM", "HIGH", "URGENT")
_PRIORITY_WEIGHTS: Final = (3, 5, 2, 1)
_SOURCES: Final = ("CHAT", "EMAIL", "FORM", "PHONE")
_RESOLUTIONS: Final = ("ISSUE_FIXED", "ISSUE_FIXED", "ISSUE_FIXED", "NO_RESPONSE", "DUPLICATE")
_PIPELINE: Final = ("hs_pipeline", "hs_pipeline_stage")


def partner_client(world: World, number: int) -> Draft:
    """The record of a partner client: one for each company that is a client."""
    client = client_company(world, number)
    chance = world.chance(PARTNER_CLIENTS, number)
    values: dict[str, str | None] = {
        "hs_name": client.name,
        "hs_client_domain": client.domain,
        "hs_relationship_status": "ENDED" if client.has_left else "ACTIVE",
        "hubspot_owner_id": client.owner_id,
    }
    stage = _partner_stage(world.pipeline(PARTNER_CLIENTS, chance), has_ended=client.has_left)
    links = world.links(COMPANIES, client.number)
    return Draft(given(values) | stage, client.client_since_ms, links)


def partner_service(world: World, number: int) -> Draft:
    """The record of a partner service: HubSpot's properties and the agency's own."""
    family = world.family(PARTNER_CLIENTS, PARTNER_SERVICES)
    client_number = family.parent_of(number)
    siblings = family.children_of(client_number)
    client = client_company(world, client_number)
    chance = world.chance(PARTNER_SERVICES, number)
    share = (number - siblings.start + chance.random()) / len(siblings)
    created_at_ms = world.later(client.client_since_ms, share)
    kickoff_ms = created_at_ms - created_at_ms % DAY_MS + chance.randrange(3, 45) * DAY_MS
    tier = chance.choices([value for value, _ in SERVICE_TIERS], _TIER_WEIGHTS)[0]
    drawn = chance.choices(_STATUSES, _STATUS_WEIGHTS)[0]
    status = "ENDED" if client.has_left else drawn
    end_ms = kickoff_ms + chance.randrange(30, 400) * DAY_MS
    kind, names = chance.choice(SERVICES)
    values: dict[str, str | None] = {
        "hs_name": f"{chance.choice(names)} for {client.name}",
        "hs_description": f"{client.name}, {tier} plan.",
        "hs_partner_service_type": kind,
        "hs_status": status,
        "hs_start_date": render_day(kickoff_ms),
        "hs_end_date": render_day(end_ms) if status == "ENDED" else None,
        "hubspot_owner_id": world.owner_id(chance),
        UNIQUE: f"ext{world.mark}-{number + 1}",
        "account_lead": chance.choice(LEADS),
        "engagement_notes": chance.choice(NOTE_TEXTS),
        "monthly_fee": str(chance.randrange(*FEES[tier], 50)),
        "hours_per_month": str(chance.randrange(4, 120, 2)),
        "service_tier": tier,
        "channels": _channels(chance),
        "kickoff_date": render_day(kickoff_ms),
        "next_review_at": render_ms(_review_at_ms(kickoff_ms, chance)),
        "is_retainer": "true" if kind == "MANAGED_SERVICES" else "false",
    }
    pipeline = world.pipeline(PARTNER_SERVICES, chance)
    stage = _partner_stage(pipeline, has_ended=status == "ENDED")
    links = world.links(PARTNER_CLIENTS, client_number) + world.links(COMPANIES, client.number)
    return Draft(given(values) | stage, created_at_ms, links)


def ticket(world: World, number: int) -> Draft:
    """The record of a ticket: somebody at a client asks for something."""
    family = world.family(PARTNER_CLIENTS, TICKETS)
    client_number = family.parent_of(number)
    siblings = family.children_of(client_number)
    client = client_company(world, client_number)
    people = people_at(world, client)
    chance = world.chance(TICKETS, number)
    share = (number - siblings.start + chance.random()) / len(siblings)
    created_at_ms = world.later(client.client_since_ms, share)
    closed_at_ms = created_at_ms + chance.randrange(2, 400) * _HOUR_MS
    is_closed = closed_at_ms < world.until_ms and chance.random() < 0.95
    subject, category = chance.choice(TICKET_SUBJECTS)
    asking = chance.choice(people) if people else None
    name = client.name if asking is None else person_of(world, asking).name
    values: dict[str, str | None] = {
        "subject": subject,
        "content": f"{name}: {subject}",
        "hs_ticket_category": category,
        "hs_ticket_priority": chance.choices(_PRIORITIES, _PRIORITY_WEIGHTS)[0],
        "source_type": chance.choice(_SOURCES),
        "hs_resolution": chance.choice(_RESOLUTIONS) if is_closed else None,
        "closed_date": render_ms(closed_at_ms) if is_closed else None,
        "hubspot_owner_id": client.owner_id,
    }
    pipeline = world.pipeline(TICKETS, chance)
    stages = stages_of(pipeline, isClosed="true" if is_closed else "false")
    links = world.links(COMPANIES, client.number, primary=True)
    if asking is not None:
        links += world.links(CONTACTS, asking)
    stage = staged(_PIPELINE, pipeline, stages, chance.random())
    return Draft(given(values) | stage, created_at_ms, links)


def _partner_stage(pipeline: Pipeline | None, *, has_ended: bool) -> dict[str, str]:
    """The last stage for what has ended, the first one otherwise.

    Stages of these types do not tell whether they are closed.
    """
    stages = () if pipeline is None else pipeline.stages
    return staged(_PIPELINE, pipeline, stages[-1:] if has_ended else stages, 0.0)


def _review_at_ms(kickoff_ms: int, chance: random.Random) -> int:
    """A quarter of an hour within working hours, one to six months after the kickoff."""
    day_ms = kickoff_ms + chance.randrange(30, 180) * DAY_MS
    return day_ms + chance.randrange(9 * 4, 17 * 4) * QUARTER_HOUR_MS


def _channels(chance: random.Random) -> str:
    """One to all channels in the order of the options."""
    chosen = set(chance.sample(CHANNELS, chance.randint(1, len(CHANNELS))))
    return ";".join(value for value, label in CHANNELS if (value, label) in chosen)
