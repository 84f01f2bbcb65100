"""What a demo record says: a pure function of the seed and the number of the record."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.values.moment import DAY_MS, render_day, render_ms
from moyeu.demo.properties import CHANNELS, SERVICE_TIERS
from moyeu.demo.words import CLIENT_FIRST, CLIENT_LAST, LEADS, NOTES, SERVICES

HISTORY_DAYS: Final = 730
"""The records were made over that many days."""

_TIER_WEIGHTS: Final = (5, 3, 1)
_FEES: Final = {"starter": (400, 1_500), "growth": (1_500, 5_000), "enterprise": (5_000, 24_000)}
_STATUSES: Final = ("ACTIVE", "PAUSED", "ENDED")
_STATUS_WEIGHTS: Final = (7, 1, 2)
_QUARTER_HOUR_MS: Final = 900_000


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """The values that a client would send for a record, and when it was made."""

    values: dict[str, str]
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class DemoSetting:
    """What all records of a demo portal have in common.

    count: how many there are. until_ms: all were made before it, a UTC midnight. owner_ids and
    pipelines: those of the portal, at least one each.
    """

    seed: int
    count: int
    until_ms: int
    owner_ids: Sequence[str]
    pipelines: Sequence[Pipeline]


def demo_record(setting: DemoSetting, number: int) -> DemoRecord:
    """The record with this number, counted from 1; a higher number was made later."""
    chance = random.Random(f"{setting.seed}:{number}")  # noqa: S311 — no secret is drawn here
    created_at_ms = _created_at_ms(setting, number, chance)
    kickoff_ms = created_at_ms - created_at_ms % DAY_MS + chance.randrange(3, 45) * DAY_MS
    tier = chance.choices([value for value, _ in SERVICE_TIERS], _TIER_WEIGHTS)[0]
    status = chance.choices(_STATUSES, _STATUS_WEIGHTS)[0]
    kind, names = chance.choice(SERVICES)
    pipeline = chance.choice(setting.pipelines)
    client = f"{chance.choice(CLIENT_FIRST)} {chance.choice(CLIENT_LAST)}"
    values = {
        "hs_name": f"{chance.choice(names)} for {client}",
        "hs_description": f"{client}, {tier} plan.",
        "hs_partner_service_type": kind,
        "hs_status": status,
        "hs_start_date": render_day(kickoff_ms),
        "hs_pipeline": pipeline.id,
        "hs_pipeline_stage": _stage_id(pipeline, status),
        "hubspot_owner_id": chance.choice(setting.owner_ids),
        "external_id": f"ext-{number}",
        "account_lead": chance.choice(LEADS),
        "engagement_notes": chance.choice(NOTES),
        "monthly_fee": str(chance.randrange(*_FEES[tier], 50)),
        "hours_per_month": str(chance.randrange(4, 120, 2)),
        "service_tier": tier,
        "channels": _channels(chance),
        "kickoff_date": render_day(kickoff_ms),
        "next_review_at": render_ms(_review_at_ms(kickoff_ms, chance)),
        "is_retainer": "true" if kind == "MANAGED_SERVICES" else "false",
    }
    if status == "ENDED":
        values["hs_end_date"] = render_day(kickoff_ms + chance.randrange(30, 400) * DAY_MS)
    return DemoRecord(values, created_at_ms)


def _created_at_ms(setting: DemoSetting, number: int, chance: random.Random) -> int:
    """A moment within the record's own slice of the history, so that the order is by number."""
    begin_ms = setting.until_ms - HISTORY_DAYS * DAY_MS
    slice_ms = HISTORY_DAYS * DAY_MS / setting.count
    return begin_ms + int((number - 1 + chance.random()) * slice_ms)


def _review_at_ms(kickoff_ms: int, chance: random.Random) -> int:
    """A quarter of an hour within working hours, one to six months after the kickoff."""
    day_ms = kickoff_ms + chance.randrange(30, 180) * DAY_MS
    return day_ms + chance.randrange(9 * 4, 17 * 4) * _QUARTER_HOUR_MS


def _channels(chance: random.Random) -> str:
    """One to all channels in the order of the options."""
    chosen = set(chance.sample(CHANNELS, chance.randint(1, len(CHANNELS))))
    return ";".join(value for value, label in CHANNELS if (value, label) in chosen)


def _stage_id(pipeline: Pipeline, status: str) -> str:
    """The last stage for what has ended, the first one otherwise."""
    return pipeline.stages[-1 if status == "ENDED" else 0].id
