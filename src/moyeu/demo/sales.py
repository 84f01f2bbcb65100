"""What is sold: products, deals and their line items."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from moyeu.catalog.pipelines import Pipeline
from moyeu.crm.values.moment import DAY_MS, render_ms
from moyeu.demo.companies import Company, company_of
from moyeu.demo.people import people_at
from moyeu.demo.properties import SERVICE_TIERS
from moyeu.demo.words import COMPANY_LAST, LOST_REASONS, NEXT_STEPS, SERVICES
from moyeu.demo.world import (
    COMPANIES,
    CONTACTS,
    DEALS,
    LINE_ITEMS,
    PRODUCTS,
    QUARTER_HOUR_MS,
    Draft,
    World,
    given,
    staged,
    stages_of,
)

FEES: Final = {"starter": (400, 1_500), "growth": (1_500, 5_000), "enterprise": (5_000, 24_000)}
"""The least and the most that a month of each tier costs."""

_KEPT_FACTS: Final = 4_096
_OFFERS: Final = tuple(
    (kind, name, tier, label)
    for tier, label in SERVICE_TIERS
    for kind, names in SERVICES
    for name in names
)
_MONTHS: Final = (1, 3, 6, 12)
_DISCOUNTS: Final = (0, 0, 0, 10, 20)
_PRODUCT_DAYS: Final = 60
"""The products were made in the days before the story begins."""

_WON_SHARE: Final = 0.65
"""Of the later deals with a client; a company that never bought anything is a prospect."""

Outcome = Literal["open", "won", "lost"]


@dataclass(frozen=True, slots=True)
class Product:
    """What line items need to know of a product. price: of one, whole units of the currency."""

    name: str
    description: str
    sku: str
    price: int
    is_monthly: bool
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class LineItem:
    """What a deal needs to know of its line items. discount: per cent, 0 to 20."""

    product_number: int
    product: Product
    quantity: int
    discount: int

    @property
    def amount(self) -> int:
        """What it costs."""
        return self.product.price * self.quantity * (100 - self.discount) // 100


@dataclass(frozen=True, slots=True)
class Deal:
    """What other records need to know of a deal.

    progress: how much of the usual time it has taken, 0.0 to below 1, of an open one.
    closes_at_ms: when it was closed or shall be.
    """

    number: int
    company: Company
    outcome: Outcome
    progress: float
    is_first: bool
    created_at_ms: int
    closes_at_ms: int


@lru_cache(_KEPT_FACTS)
def product_of(world: World, number: int) -> Product:
    """The product with that number: a service in a tier, later ones for one industry each."""
    chance = world.chance(PRODUCTS, number)
    lap, place = divmod(number, len(_OFFERS))
    kind, service, tier, label = _OFFERS[place]
    name = f"{service}, {label}"
    if lap:
        figure, industry = divmod(lap - 1, len(COMPANY_LAST))
        name += f" for {COMPANY_LAST[industry][0]}" + (f" {figure + 1}" if figure else "")
    ahead_ms = int((number + chance.random()) / world.told[PRODUCTS] * _PRODUCT_DAYS * DAY_MS)
    return Product(
        name=name,
        description=f"{service} in the {label.lower()} plan.",
        sku=f"SVC-{number + 1:04}{world.mark}",
        price=chance.randrange(*FEES[tier], 50),
        is_monthly=kind == "MANAGED_SERVICES",
        created_at_ms=world.begin_ms - _PRODUCT_DAYS * DAY_MS + ahead_ms,
    )


def product(world: World, number: int) -> Draft:
    """The record of a product."""
    facts = product_of(world, number)
    values: dict[str, str | None] = {
        "name": facts.name,
        "description": facts.description,
        "hs_sku": facts.sku,
        "price": str(facts.price),
        "hs_cost_of_goods_sold": str(facts.price * 3 // 5),
        "hs_product_type": "service",
        "recurringbillingfrequency": "monthly" if facts.is_monthly else None,
    }
    return Draft(given(values), facts.created_at_ms)


def line_item_of(world: World, number: int) -> LineItem:
    """The line item with that number."""
    chance = world.chance(LINE_ITEMS, number)
    product_number = chance.randrange(world.told[PRODUCTS])
    facts = product_of(world, product_number)
    quantity = chance.choice(_MONTHS) if facts.is_monthly else 1
    return LineItem(product_number, facts, quantity, chance.choice(_DISCOUNTS))


def line_item(world: World, number: int) -> Draft:
    """The record of a line item."""
    facts = line_item_of(world, number)
    sold = facts.product
    family = world.family(DEALS, LINE_ITEMS)
    deal_number = family.parent_of(number)
    place = number - family.children_of(deal_number).start
    product_id = world.record_id(PRODUCTS, facts.product_number)
    values: dict[str, str | None] = {
        "name": sold.name,
        "description": sold.description,
        "hs_sku": sold.sku,
        "hs_product_id": None if product_id is None else str(product_id),
        "price": str(sold.price),
        "quantity": str(facts.quantity),
        "hs_discount_percentage": str(facts.discount) if facts.discount else None,
        "hs_position_on_quote": str(place),
        "recurringbillingfrequency": "monthly" if sold.is_monthly else None,
        "hs_recurring_billing_period": f"P{facts.quantity}M" if sold.is_monthly else None,
    }
    created_at_ms = world.later(deal_of(world, deal_number).created_at_ms, (place + 1) / 10_000)
    return Draft(given(values), created_at_ms, world.links(DEALS, deal_number))


def deals_with(world: World, company: Company) -> range:
    """The numbers of the deals with a company, oldest first."""
    return world.family(COMPANIES, DEALS).children_of(company.number)


@lru_cache(_KEPT_FACTS)
def deal_of(world: World, number: int) -> Deal:
    """The deal with that number.

    The first one with a client is won, and makes it a client. Any other one is decided after some
    weeks, and is open until then.
    """
    family = world.family(COMPANIES, DEALS)
    customer = company_of(world, family.parent_of(number))
    siblings = family.children_of(customer.number)
    place = number - siblings.start
    chance = world.chance(DEALS, number)
    is_client = customer.client is not None
    if is_client and place == 0:
        known_ms = customer.client_since_ms - customer.created_at_ms
        created_at_ms = customer.created_at_ms + int(known_ms * chance.random() / 2)
        return Deal(number, customer, "won", 0.0, True, created_at_ms, customer.client_since_ms)
    since_ms = customer.client_since_ms if is_client else customer.created_at_ms
    created_at_ms = world.later(since_ms, (place + chance.random()) / len(siblings))
    takes_ms = chance.randrange(20, 120) * DAY_MS
    age_ms = world.until_ms - created_at_ms
    outcome: Outcome = "won" if is_client and chance.random() < _WON_SHARE else "lost"
    return Deal(
        number=number,
        company=customer,
        outcome="open" if age_ms < takes_ms else outcome,
        progress=age_ms / takes_ms if age_ms < takes_ms else 0.0,
        is_first=place == 0,
        created_at_ms=created_at_ms,
        closes_at_ms=created_at_ms + takes_ms,
    )


@lru_cache(_KEPT_FACTS)
def people_in(world: World, number: int) -> range:
    """The numbers of the contacts that a deal is made with: some of its company's."""
    count = world.chance(f"{DEALS}:people", number).randint(1, 3)
    return people_at(world, deal_of(world, number).company)[:count]


def deal(world: World, number: int) -> Draft:
    """The record of a deal."""
    facts = deal_of(world, number)
    customer = facts.company
    chance = world.chance(f"{DEALS}:record", number)
    pipeline = world.pipeline(DEALS, chance)
    items = [
        line_item_of(world, each) for each in world.family(DEALS, LINE_ITEMS).children_of(number)
    ]
    amount = sum(each.amount for each in items) or chance.randrange(1_000, 20_000, 500)
    subject = items[0].product.name if items else chance.choice(_OFFERS)[1]
    is_open = facts.outcome == "open"
    values: dict[str, str | None] = {
        "dealname": f"{customer.name} – {subject}",
        "amount": str(amount),
        "closedate": render_ms(facts.closes_at_ms - facts.closes_at_ms % QUARTER_HOUR_MS),
        "dealtype": "newbusiness" if facts.is_first else "existingbusiness",
        "hs_priority": chance.choice(("low", "medium", "high")),
        "hs_next_step": chance.choice(NEXT_STEPS) if is_open else None,
        "closed_lost_reason": chance.choice(LOST_REASONS) if facts.outcome == "lost" else None,
        "hubspot_owner_id": customer.owner_id,
    }
    links = world.links(COMPANIES, customer.number, primary=True)
    return Draft(
        given(values) | _stage(pipeline, facts),
        facts.created_at_ms,
        links + world.links(CONTACTS, *people_in(world, number)),
    )


_STAGE_METADATA: Final[dict[Outcome, dict[str, str]]] = {
    "open": {"isClosed": "false"},
    "won": {"isClosed": "true", "probability": "1.0"},
    "lost": {"isClosed": "true", "probability": "0.0"},
}


def _stage(pipeline: Pipeline | None, facts: Deal) -> dict[str, str]:
    stages = stages_of(pipeline, **_STAGE_METADATA[facts.outcome])
    return staged(("pipeline", "dealstage"), pipeline, stages, facts.progress)
