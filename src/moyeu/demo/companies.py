"""The companies: the agency's clients, and those that may become clients."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from moyeu.crm.values.moment import DAY_MS, render_ms
from moyeu.demo.words import CITIES, COMPANY_FIRST, COMPANY_LAST, City
from moyeu.demo.world import COMPANIES, DEALS, PARTNER_CLIENTS, Draft, World, given

_KEPT_FACTS: Final = 4_096
"""Records that belong together have numbers close to each other."""

_NAMES: Final = len(COMPANY_FIRST) * len(COMPANY_LAST)
_NAME_STRIDE: Final = 211
"""Has no divisor in common with the number of names, so that each is taken once a round."""

_YOUNGEST_DAYS: Final = 14
_LEAD_STAGES: Final = ("lead", "marketingqualifiedlead", "salesqualifiedlead")
_LEAD_STATUSES: Final = ("NEW", "OPEN", "IN_PROGRESS", "ATTEMPTED_TO_CONTACT", "CONNECTED")
_SIZES: Final = ((5, 40), (40, 250), (250, 1_500))
_STAYING_SHARE: Final = 0.85
_NOT_IN_DOMAINS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Company:
    """What other records need to know of a company.

    client: the number of its partner client, None of a prospect. client_since_ms: when it became
    one. has_left: whether it is no client any more.
    """

    number: int
    name: str
    domain: str
    industry: str
    city: City
    phone: str
    employees: int
    owner_id: str | None
    lifecycle_stage: str
    created_at_ms: int
    client: int | None
    client_since_ms: int
    has_left: bool


@lru_cache(_KEPT_FACTS)
def company_of(world: World, number: int) -> Company:
    """The company with that number."""
    chance = world.chance(COMPANIES, number)
    count = world.told[COMPANIES]
    slice_ms = (world.until_ms - _YOUNGEST_DAYS * DAY_MS - world.begin_ms) / count
    created_at_ms = world.begin_ms + int((number + chance.random()) * slice_ms)
    name, industry, city = _name(world.seed, number)
    city = city or chance.choice(CITIES)
    client = _client_of(world, number)
    client_share = chance.uniform(0.05, 0.35)
    return Company(
        number=number,
        name=name,
        domain=f"{slug(name)}{world.mark}.example.com",
        industry=industry,
        city=city,
        phone=telephone(city, chance.randrange(10_000)),
        employees=chance.randrange(*chance.choice(_SIZES)),
        owner_id=world.owner_id(chance),
        lifecycle_stage=_lifecycle_stage(world, number, client, chance.choice(_LEAD_STAGES)),
        created_at_ms=created_at_ms,
        client=client,
        client_since_ms=world.later(created_at_ms, client_share),
        has_left=client is not None and chance.random() >= _STAYING_SHARE,
    )


def client_company(world: World, client: int) -> Company:
    """The company of the partner client with that number."""
    return company_of(world, client * world.told[COMPANIES] // world.told[PARTNER_CLIENTS])


def company(world: World, number: int) -> Draft:
    """The record of a company."""
    facts = company_of(world, number)
    chance = world.chance(f"{COMPANIES}:record", number)
    is_client = facts.client is not None
    values: dict[str, str | None] = {
        "name": facts.name,
        "domain": facts.domain,
        "industry": facts.industry,
        "city": facts.city.name,
        "country": facts.city.country,
        "phone": facts.phone,
        "numberofemployees": str(facts.employees),
        "annualrevenue": str(facts.employees * chance.randrange(80, 200) * 1_000),
        "founded_year": str(chance.randrange(1950, 2021)),
        "description": f"{facts.name} is at home in {facts.city.name}, {facts.city.country}.",
        "lifecyclestage": facts.lifecycle_stage,
        "closedate": render_ms(facts.client_since_ms) if is_client else None,
        "type": None if is_client else "PROSPECT",
        "hs_lead_status": None if is_client else chance.choice(_LEAD_STATUSES),
        "hubspot_owner_id": facts.owner_id,
    }
    return Draft(given(values), facts.created_at_ms)


def slug(text: str) -> str:
    """The text as a part of a domain or an e-mail address: `zoe` for `Zoë`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NOT_IN_DOMAINS.sub("-", plain.lower()).strip("-")


def telephone(city: City, number: int) -> str:
    """A telephone number in a city; number: below 10,000."""
    return f"{city.dial} 555 {number:04}"


def _client_of(world: World, number: int) -> int | None:
    """Clients are spread evenly among the companies; the inverse of `client_company`."""
    clients, companies = world.told[PARTNER_CLIENTS], world.told[COMPANIES]
    client = -(-number * clients // companies)
    return client if client < clients and client * companies // clients == number else None


def _name(seed: int, number: int) -> tuple[str, str, City | None]:
    """A name that no other company of the story has, an industry, and the city in the name.

    Plain names come first, then those with a city, then those with a city and a figure.
    """
    lap, place = divmod(number, _NAMES)
    place = (place * _NAME_STRIDE + seed * 97) % _NAMES
    last, industry = COMPANY_LAST[place // len(COMPANY_FIRST)]
    name = f"{COMPANY_FIRST[place % len(COMPANY_FIRST)]} {last}"
    if lap == 0:
        return name, industry, None
    figure, city_place = divmod(lap - 1, len(CITIES))
    city = CITIES[city_place]
    return f"{name} {city.name}" + (f" {figure + 1}" if figure else ""), industry, city


def _lifecycle_stage(world: World, number: int, client: int | None, otherwise: str) -> str:
    if client is not None:
        return "customer"
    has_deals = bool(world.family(COMPANIES, DEALS).children_of(number))
    return "opportunity" if has_deals else otherwise
