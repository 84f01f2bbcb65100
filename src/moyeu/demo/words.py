"""The words that demo records are made of. People and companies are invented."""

from typing import Final, NamedTuple

OWNERS: Final = (
    ("Amara", "Okafor"),
    ("Bruno", "Lindqvist"),
    ("Chloé", "Marchetti"),
    ("Dev", "Raman"),
    ("Esra", "Yılmaz"),
    ("Finn", "O'Leary"),
)
"""First and last names of the portal's owners."""

TEAMS: Final = ("Client success", "New business")
"""The teams that the owners are in by turns."""

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

COMPANY_FIRST: Final = (
    *("Alder", "Birchway", "Cobalt", "Driftwood", "Ember", "Fernhill", "Granite", "Harbour"),
    *("Indigo", "Juniper", "Kestrel", "Lantern", "Meridian", "Northgate", "Orchard", "Pinecrest"),
    *("Quarry", "Redwood", "Saffron", "Tidewater", "Umber", "Verdant", "Willow", "Zephyr"),
)

COMPANY_LAST: Final = (
    ("Dental", "MEDICAL_PRACTICE"),
    ("Logistics", "LOGISTICS_AND_SUPPLY_CHAIN"),
    ("Outdoors", "SPORTING_GOODS"),
    ("Robotics", "INDUSTRIAL_AUTOMATION"),
    ("Foods", "FOOD_PRODUCTION"),
    ("Legal", "LEGAL_SERVICES"),
    ("Energy", "RENEWABLES_ENVIRONMENT"),
    ("Travel", "LEISURE_TRAVEL_TOURISM"),
    ("Interiors", "DESIGN"),
    ("Software", "COMPUTER_SOFTWARE"),
    ("Clinics", "HOSPITAL_HEALTH_CARE"),
    ("Cycles", "SPORTING_GOODS"),
    ("Capital", "FINANCIAL_SERVICES"),
    ("Learning", "E_LEARNING"),
    ("Textiles", "TEXTILES"),
    ("Brewing", "FOOD_BEVERAGES"),
    ("Hotels", "HOSPITALITY"),
    ("Press", "PUBLISHING"),
    ("Optics", "MEDICAL_DEVICES"),
    ("Architects", "ARCHITECTURE_PLANNING"),
    ("Insurance", "INSURANCE"),
    ("Farms", "FARMING"),
    ("Games", "COMPUTER_GAMES"),
    ("Furniture", "FURNITURE"),
)
"""What companies do, with the option of HubSpot's `industry`."""


class City(NamedTuple):
    """A city with its country and the beginning of its telephone numbers."""

    name: str
    country: str
    dial: str


CITIES: Final = (
    City("Lisbon", "Portugal", "+351 21"),
    City("Porto", "Portugal", "+351 22"),
    City("Madrid", "Spain", "+34 91"),
    City("Bilbao", "Spain", "+34 94"),
    City("Lyon", "France", "+33 4"),
    City("Nantes", "France", "+33 2"),
    City("Ghent", "Belgium", "+32 9"),
    City("Utrecht", "Netherlands", "+31 30"),
    City("Hamburg", "Germany", "+49 40"),
    City("Leipzig", "Germany", "+49 341"),
    City("Graz", "Austria", "+43 316"),
    City("Basel", "Switzerland", "+41 61"),
    City("Turin", "Italy", "+39 011"),
    City("Aarhus", "Denmark", "+45 86"),
    City("Gothenburg", "Sweden", "+46 31"),
    City("Bergen", "Norway", "+47 55"),
    City("Cork", "Ireland", "+353 21"),
    City("Leeds", "United Kingdom", "+44 113"),
    City("Bristol", "United Kingdom", "+44 117"),
    City("Gdansk", "Poland", "+48 58"),
    City("Portland", "United States", "+1 503"),
    City("Austin", "United States", "+1 512"),
    City("Halifax", "Canada", "+1 902"),
    City("Wellington", "New Zealand", "+64 4"),
)

PERSON_FIRST: Final = (
    *("Ada", "Alejandro", "Anouk", "Beatriz", "Bilal", "Camille", "Daniel", "Elif", "Emeka"),
    *("Fatima", "Gustavo", "Hannah", "Igor", "Isla", "Jakub", "Joana", "Kaito", "Lars"),
    *("Leila", "Magnus", "Maya", "Nikolai", "Noor", "Oscar", "Paula", "Quentin", "Rosa"),
    *("Samuel", "Sofia", "Tariq", "Ulla", "Vera", "Wanjiru", "Xavier", "Yasmin", "Zoë"),
)

PERSON_LAST: Final = (
    *("Abebe", "Almeida", "Andersen", "Bakker", "Bianchi", "Castillo", "Cohen", "Dubois"),
    *("Eriksson", "Fischer", "Fontaine", "Garcia", "Hughes", "Ivanov", "Jansen", "Kamau"),
    *("Keller", "Kowalski", "Larsen", "Martins", "Mensah", "Moreau", "Murphy", "Nguyen"),
    *("Novak", "Olsen", "Park", "Pereira", "Quinn", "Rahman", "Rossi", "Santos"),
    *("Schmidt", "Silva", "Singh", "Suzuki", "Taylor", "Vargas", "Walsh", "Zhang"),
)

JOBS: Final = (
    ("Founder", "entrepreneurship", "owner", "DECISION_MAKER"),
    ("Marketing Director", "marketing", "director", "BUDGET_HOLDER"),
    ("Marketing Manager", "marketing", "manager", "CHAMPION"),
    ("Head of Sales", "sales", "director", "INFLUENCER"),
    ("Sales Operations Manager", "operations", "manager", "END_USER"),
    ("Content Specialist", "marketing", "employee", "END_USER"),
    ("Finance Manager", "finance", "manager", "LEGAL_AND_COMPLIANCE"),
    ("Customer Service Lead", "customer_service", "senior", "END_USER"),
)
"""Titles with the options of `hs_role`, `hs_seniority` and `hs_buying_role`."""

SOURCES: Final = (
    *("ORGANIC_SEARCH", "PAID_SEARCH", "EMAIL_MARKETING", "SOCIAL_MEDIA", "REFERRALS"),
    *("DIRECT_TRAFFIC", "OFFLINE", "PAID_SOCIAL"),
)
"""Where contacts come from: options of `hs_analytics_source`."""

SERVICES: Final = (
    ("ONBOARDING", ("CRM onboarding", "Marketing onboarding", "Sales onboarding")),
    ("IMPLEMENTATION", ("Website rebuild", "Data migration", "Reporting setup")),
    ("CONSULTING", ("Pipeline review", "Content strategy", "Lifecycle audit")),
    ("MANAGED_SERVICES", ("Demand generation", "Paid media", "SEO retainer")),
)
"""The service types of HubSpot's placeholder property, with names of such services."""

NOTE_TEXTS: Final = (
    "Prefers a short call on Mondays; decisions go through the founder.",
    "Second brand joins in autumn: plan the migration of its contacts first.",
    "Reports in euros. The finance team wants invoices before the 25th.",
    "Asked for a content calendar twice; send the draft with the next review.",
    "Very happy with the new dashboards. Good candidate for a case study.",
    "Budget is frozen until the board meets; keep hours below the plan.",
    "The old agency still has access to the ad accounts: ask again.",
    "Wants fewer, longer articles.\nTone: plain, no exclamation marks.",
)

TASK_SUBJECTS: Final = (
    ("Send the proposal", "EMAIL", "HIGH"),
    ("Call back about the budget", "CALL", "HIGH"),
    ("Prepare the quarterly review", "TODO", "MEDIUM"),
    ("Ask for a testimonial", "EMAIL", "LOW"),
    ("Check the tracking codes", "TODO", "MEDIUM"),
    ("Agree on the content calendar", "CALL", "NONE"),
    ("Clean up duplicate contacts", "TODO", "LOW"),
)
"""Subjects with the options of `hs_task_type` and `hs_task_priority`."""

CALL_TITLES: Final = (
    ("Discovery call", "Wants to know what an onboarding takes and who does the work."),
    ("Weekly check-in", "Went through the open points; the next report comes on Friday."),
    ("Budget call", "The plan fits until summer; two more channels after that."),
    ("Kickoff", "Met the team, agreed on goals for the first ninety days."),
    ("Follow-up", "Had a few questions about the proposal. Decision next week."),
)
"""Titles with what was said."""

TICKET_SUBJECTS: Final = (
    ("Report shows last month only", "PRODUCT_ISSUE"),
    ("Form does not create contacts", "PRODUCT_ISSUE"),
    ("Invoice has the old address", "BILLING_ISSUE"),
    ("Please split the invoice by brand", "BILLING_ISSUE"),
    ("Can we have a dashboard for partners?", "FEATURE_REQUEST"),
    ("Who replaces our account lead in August?", "GENERAL_INQUIRY"),
    ("Access for a new colleague", "GENERAL_INQUIRY"),
)
"""Subjects with the option of `hs_ticket_category`."""

LOST_REASONS: Final = (
    "Chose an agency nearer by.",
    "No budget this year.",
    "Hired somebody instead.",
    "No answer after the proposal.",
)

NEXT_STEPS: Final = (
    "Send the revised proposal.",
    "Meet the finance team.",
    "Wait for the signature.",
    "Show the reporting demo.",
)
