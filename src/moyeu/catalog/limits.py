"""Numbers that the API refuses to go beyond, each with its source.

Bounds are inclusive unless the name says otherwise. Marks: OBSERVED, DOCUMENTED, SPEC, GUESS.
"""

from typing import Final

# Record batches

BATCH_INPUTS_MAX: Final = 100
"""Inputs of one batch of records. OBSERVED on create, read, update and upsert (101 is refused)."""

BATCH_READ_HISTORY_INPUTS_MAX: Final = 50
"""Inputs of a batch read that asks for histories. OBSERVED 2024 to 2026."""

PROPERTY_BATCH_INPUTS_MAX: Final = 100
"""Inputs of one batch of property definitions. GUESS: as for records."""

# Record lists

LIST_LIMIT_DEFAULT: Final = 10
"""Records of a list page when `limit` is absent. OBSERVED."""

LIST_LIMIT_MAX: Final = 100
"""Largest `limit` of a list. OBSERVED (101 is refused)."""

LIST_LIMIT_HISTORY_MAX: Final = 50
"""Largest `limit` of a list that asks for histories. OBSERVED."""

# Search: search guide of 2026; the count of filter groups is OBSERVED too (6 is refused).

SEARCH_LIMIT_DEFAULT: Final = 10
"""Records of a search page when `limit` is absent. DOCUMENTED."""

SEARCH_LIMIT_MAX: Final = 200
"""Largest `limit` of a search. DOCUMENTED (100 before September 2024)."""

SEARCH_WINDOW_MAX: Final = 10_000
"""Largest `after` + `limit` of a search. DOCUMENTED; OBSERVED that 9999 + 1 works."""

SEARCH_FILTER_GROUPS_MAX: Final = 5
"""Filter groups of a search. DOCUMENTED, OBSERVED; the description's prose says 6."""

SEARCH_FILTERS_PER_GROUP_MAX: Final = 6
"""Filters of a filter group. DOCUMENTED, OBSERVED 2024-12 and 2026-09."""

SEARCH_FILTERS_MAX: Final = 18
"""Filters of all groups of a search together. DOCUMENTED."""

SEARCH_SORTS_MAX: Final = 1
"""Sorts of a search. DOCUMENTED."""

SEARCH_QUERY_CHARACTERS_MAX: Final = 3_000
"""Characters of `query`. SPEC; the guide counts the body, which real integrations exceed."""

# Property definitions and values

PROPERTY_NAME_CHARACTERS_MAX: Final = 99
"""Characters of a property name among record properties. OBSERVED: "less than 100 characters"."""

PROPERTY_DEFINITION_NAME_CHARACTERS_MAX: Final = 100
"""Characters of the name of a new property. GUESS."""

UNIQUE_PROPERTIES_MAX: Final = 10
"""Properties with `hasUniqueValue` of one object type. DOCUMENTED."""

CUSTOM_PROPERTIES_MAX: Final = 1_000
"""Custom properties of one object type. OBSERVED in the answer of the limits API."""

CUSTOM_PROPERTIES_PORTAL_MAX: Final = 10_000
"""Custom properties of all object types of a portal. OBSERVED in the answer of the limits API."""

TEXT_VALUE_CHARACTERS_MAX: Final = 65_536
"""Characters of a text value. DOCUMENTED."""

FORMULA_ARGUMENTS_MAX: Final = 100
"""Arguments of `max`, `min` and `concatenate` in a calculation; at least 2. DOCUMENTED."""

FORMULA_CHARACTERS_MAX: Final = 65_536
"""Characters of a calculation, as sent and as kept. GUESS: as of a text value."""

# Validation rules: property validations guide of 2026-03, changelog of December 2025.

RULE_DOMAINS_MAX: Final = 20
"""Domains that one rule may name. DOCUMENTED."""

RULE_DECIMALS_MAX: Final = 20
"""Largest number of decimal places that a rule may allow. DOCUMENTED."""

RULE_LENGTH_MAX: Final = 10_000
"""Largest length that a rule may ask for or allow. DOCUMENTED for the longest; else a GUESS."""

RULE_MESSAGE_CHARACTERS_MAX: Final = 100
"""Characters of what is said of a value that does not match a pattern. DOCUMENTED."""

PATTERN_VALUE_CHARACTERS_MAX: Final = 1_000
"""Characters of a value that has to match a pattern. DOCUMENTED."""

# Custom object types

OBJECT_TYPE_NAME_CHARACTERS_MAX: Final = 50
"""Characters of the name and of each label of a custom object type. OBSERVED 2026-10-05."""

CUSTOM_OBJECT_TYPES_MAX: Final = 10
"""Custom object types of a portal on most plans. DOCUMENTED (20 on a test account, OBSERVED)."""

SECONDARY_DISPLAY_PROPERTIES_MAX: Final = 2
"""Secondary display properties of a custom object type. OBSERVED 2026-10-05."""

SEARCHABLE_PROPERTIES_MAX: Final = 20
"""Searchable properties of a custom object type. DOCUMENTED."""

# Pipelines

PIPELINE_ID_CHARACTERS_MAX: Final = 36
"""Characters of a pipeline id given by a client. OBSERVED."""

STAGE_ID_CHARACTERS_MAX: Final = 100
"""Characters of a stage id given by a client. OBSERVED."""

PIPELINES_MAX: Final = 100
"""Pipelines of one object type on the Enterprise plan. DOCUMENTED."""

STAGES_MAX: Final = 100
"""Stages of a pipeline of deals, tickets and custom object types. DOCUMENTED."""

STAGES_OF_OTHER_TYPES_MAX: Final = 30
"""Stages of a pipeline of any other object type. DOCUMENTED."""

RECORDS_NAMED_MAX: Final = 100
"""Records that the refusal of a deletion names. GUESS."""

# Owners

OWNERS_LIMIT_DEFAULT: Final = 100
"""Owners of a page when `limit` is absent. SPEC."""

OWNERS_LIMIT_MAX: Final = 500
"""Largest `limit` of a page of owners. GUESS."""

# Associations

ASSOCIATION_READ_INPUTS_MAX: Final = 1_000
"""Inputs of a batch read of associations. DOCUMENTED."""

ASSOCIATION_CREATE_INPUTS_MAX: Final = 2_000
"""Inputs of a batch create of associations. DOCUMENTED."""

ASSOCIATIONS_LIMIT_DEFAULT: Final = 500
"""Associations of a page when `limit` is absent. SPEC."""

ASSOCIATION_LABELS_MAX: Final = 10
"""Labels of a pair of object types. DOCUMENTED 2026-03 (older pages: 50 on higher plans)."""

# What the limits API tells beside the above

CALCULATED_PROPERTIES_MAX: Final = 200
"""Calculated custom properties of a portal. GUESS: the number of the Enterprise plan."""

RECORDS_MAX: Final = 500_000
"""Records of one object type. DOCUMENTED for appointments (limits guide, 2025-12); else a GUESS."""

CUSTOM_RECORDS_MAX: Final = 500_000
"""Records of all custom object types together. GUESS."""

PIPELINES_BY_TYPE_MAX: Final = {"0-3": 100, "0-5": 100, "0-123": 50}
"""Pipelines beyond the default by object type id. OBSERVED in the answer of the limits API."""
