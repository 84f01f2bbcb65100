"""The contacts: people who work at the companies."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from moyeu.crm.values.moment import render_ms
from moyeu.demo.companies import Company, company_of, slug, telephone
from moyeu.demo.words import JOBS, PERSON_FIRST, PERSON_LAST, SOURCES
from moyeu.demo.world import COMPANIES, CONTACTS, Draft, World, given

_KEPT_FACTS: Final = 4_096
_NAMES: Final = len(PERSON_FIRST) * len(PERSON_LAST)
_NAME_STRIDE: Final = 677
"""Has no divisor in common with the number of names: colleagues have different ones."""


@dataclass(frozen=True, slots=True)
class Person:
    """What other records need to know of a contact."""

    number: int
    company: Company
    first_name: str
    last_name: str
    phone: str
    created_at_ms: int

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        """An address at the company, nobody else's."""
        return f"{slug(self.first_name)}.{slug(self.last_name)}@{self.company.domain}"


@lru_cache(_KEPT_FACTS)
def person_of(world: World, number: int) -> Person:
    """The contact with that number."""
    family = world.family(COMPANIES, CONTACTS)
    employer = company_of(world, family.parent_of(number))
    colleagues = family.children_of(employer.number)
    place = number - colleagues.start
    chance = world.chance(CONTACTS, number)
    name = (employer.number * 389 + place * _NAME_STRIDE + world.seed * 31) % _NAMES
    # The first ones come with the company, the others later and later.
    share = ((place + chance.random()) / len(colleagues)) ** 2
    return Person(
        number=number,
        company=employer,
        first_name=PERSON_FIRST[name // len(PERSON_LAST)],
        last_name=PERSON_LAST[name % len(PERSON_LAST)],
        phone=telephone(employer.city, chance.randrange(10_000)),
        created_at_ms=world.later(employer.created_at_ms, share),
    )


def people_at(world: World, company: Company) -> range:
    """The numbers of those who work there, oldest first."""
    return world.family(COMPANIES, CONTACTS).children_of(company.number)


def contact(world: World, number: int) -> Draft:
    """The record of a contact."""
    person = person_of(world, number)
    employer = person.company
    chance = world.chance(f"{CONTACTS}:record", number)
    title, role, seniority, buying_role = chance.choice(JOBS)
    links = world.links(COMPANIES, employer.number, primary=True)
    customer_since_ms = max(person.created_at_ms, employer.client_since_ms)
    values: dict[str, str | None] = {
        "firstname": person.first_name,
        "lastname": person.last_name,
        "email": person.email,
        "phone": person.phone,
        "jobtitle": title,
        "hs_role": role,
        "hs_seniority": seniority,
        "hs_buying_role": buying_role,
        "company": employer.name,
        "website": employer.domain,
        "city": employer.city.name,
        "country": employer.city.country,
        "associatedcompanyid": str(links[0].record_id) if links else None,
        "lifecyclestage": employer.lifecycle_stage,
        "closedate": None if employer.client is None else render_ms(customer_since_ms),
        "hs_analytics_source": chance.choice(SOURCES),
        "hubspot_owner_id": employer.owner_id,
    }
    return Draft(given(values), person.created_at_ms, links)
