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

SEARCH_WILDCARD_WORDS_MAX: Final = 20
"""Words with wildcards in the value of one filter, each of which is compared with all words of a
record. GUESS: no source speaks of more than one."""

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

ASSOCIATIONS_LIMIT_MAX: Final = 500
"""Largest `limit` of a page of associations. OBSERVED 2023 (1000 is refused)."""

ASSOCIATIONS_PER_INPUT_MAX: Final = 100
"""Associated records of each input of a batch read. DOCUMENTED for v3, a GUESS for others."""

ASSOCIATION_ARCHIVE_RECORDS_MAX: Final = 100
"""From-records of one batch that ends associations. DOCUMENTED at second hand."""

ASSOCIATED_RECORDS_MAX: Final = 50_000
"""Records of one object type that a record may be associated with. GUESS: the guide's example."""

ASSOCIATION_LABELS_MAX: Final = 10
"""Labels of a pair of object types. DOCUMENTED 2026-03 (older pages: 50 on higher plans)."""

ASSOCIATION_LIMIT_INPUTS_MAX: Final = 100
"""Inputs of one batch of limits for associations. GUESS: as for records."""

ASSOCIATION_LIMIT_MAX: Final = 10_000
"""Largest limit for associations that a portal may set. DOCUMENTED, knowledge base 2026-01."""

ASSOCIATIONS_NEAR_LIMIT_PERCENT: Final = 80
"""From where on a record is near its limit of associations. SPEC, of the high usage report."""

CROWDED_RECORDS_TOLD_MAX: Final = 10
"""Records near or at their limit of associations that the limits API names. GUESS."""

# Lists

LISTS_MAX: Final = 1_500
"""Lists of a portal that are not deleted. GUESS, of the order of the plans' numbers."""

LIST_NAME_CHARACTERS_MAX: Final = 200
"""Characters of the name of a list or folder. GUESS."""

LIST_RESTORABLE_DAYS: Final = 90
"""Days for which a deleted list may be restored. DOCUMENTED."""

LIST_MEMBERS_LIMIT_DEFAULT: Final = 100
"""Members of a page when `limit` is absent. SPEC."""

LIST_MEMBERS_LIMIT_MAX: Final = 250
"""Largest `limit` of a page of members. GUESS."""

LIST_RECORD_IDS_MAX: Final = 100_000
"""Record ids that one write of members may name. GUESS."""

LIST_EMPTIED_MEMBERS_MAX: Final = 100_000
"""From how many members on a list is not emptied by one call. DOCUMENTED."""

LISTS_FOUND_DEFAULT: Final = 20
"""Lists that a search answers when `count` is absent. SPEC."""

LISTS_FOUND_MAX: Final = 500
"""Largest `count` of a search of lists. SPEC."""

LIST_MEMBERSHIP_INPUTS_MAX: Final = 100
"""Records of a batch read of memberships. GUESS."""

LIST_FILTER_DEPTH_MAX: Final = 10
"""Filter branches inside of each other. GUESS."""

LIST_FILTERS_MAX: Final = 250
"""Filters of a list. GUESS."""

LIST_FILTER_VALUES_MAX: Final = 1_000
"""Values that the filters of a list compare with, all together. GUESS."""

LIST_FOLDER_DEPTH_MAX: Final = 5
"""Folders of lists inside of each other. GUESS."""

LIST_EDITS_KEPT_MAX: Final = 1_000
"""Changes of its name and filters that a list tells. GUESS."""

LIST_SIZES_KEPT_MAX: Final = 1_000
"""Days of which a list keeps its size. GUESS."""

# What the limits API tells beside the above

CALCULATED_PROPERTIES_MAX: Final = 200
"""Calculated custom properties of a portal. GUESS: the number of the Enterprise plan."""

RECORDS_MAX: Final = 500_000
"""Records of one object type. DOCUMENTED for appointments (limits guide, 2025-12); else a GUESS."""

CUSTOM_RECORDS_MAX: Final = 500_000
"""Records of all custom object types together. GUESS."""

PIPELINES_BY_TYPE_MAX: Final = {"0-3": 100, "0-5": 100, "0-123": 50}
"""Pipelines beyond the default by object type id. OBSERVED in the answer of the limits API."""
