"""The words that demo records are made of. People and companies are invented."""

from typing import Final

OWNERS: Final = (
    ("Amara", "Okafor"),
    ("Bruno", "Lindqvist"),
    ("Chloé", "Marchetti"),
    ("Dev", "Raman"),
    ("Esra", "Yılmaz"),
    ("Finn", "O'Leary"),
)
"""First and last names of the portal's owners."""

LEADS: Final = (
    "Grace Adeyemi",
    "Henrik Sørensen",
    "Ines Carvalho",
    "Jonas Weber",
    "Keiko Tanaka",
    "Lucía Herrera",
    "Mateusz Nowak",
    "Nadia Haddad",
    "Owen Pritchard",
    "Priya Nair",
)

CLIENT_FIRST: Final = (
    *("Alder", "Birchway", "Cobalt", "Driftwood", "Ember", "Fernhill", "Granite", "Harbour"),
    *("Indigo", "Juniper", "Kestrel", "Lantern", "Meridian", "Northgate", "Orchard", "Pinecrest"),
    *("Quarry", "Redwood", "Saffron", "Tidewater", "Umber", "Verdant", "Willow", "Zephyr"),
)
CLIENT_LAST: Final = (
    *("Dental", "Logistics", "Outdoors", "Robotics", "Foods", "Legal", "Energy", "Travel"),
    *("Interiors", "Software", "Clinics", "Cycles", "Capital", "Learning", "Textiles", "Brewing"),
)

SERVICES: Final = (
    ("ONBOARDING", ("CRM onboarding", "Marketing onboarding", "Sales onboarding")),
    ("IMPLEMENTATION", ("Website rebuild", "Data migration", "Reporting setup")),
    ("CONSULTING", ("Pipeline review", "Content strategy", "Lifecycle audit")),
    ("MANAGED_SERVICES", ("Demand generation", "Paid media", "SEO retainer")),
)
"""The service types of HubSpot's placeholder property, with names of such services."""

NOTES: Final = (
    "Prefers a short call on Mondays; decisions go through the founder.",
    "Second brand joins in autumn: plan the migration of its contacts first.",
    "Reports in euros. The finance team wants invoices before the 25th.",
    "Asked for a content calendar twice; send the draft with the next review.",
    "Very happy with the new dashboards. Good candidate for a case study.",
    "Budget is frozen until the board meets; keep hours below the plan.",
    "The old agency still has access to the ad accounts: ask again.",
    "Wants fewer, longer articles.\nTone: plain, no exclamation marks.",
)
