"""Associations between records, as storage has them."""

from typing import Literal, NamedTuple

AssociationCategory = Literal["HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"]
"""Who defined an association type; type ids are unique only within a category (observed)."""


class Association(NamedTuple):
    """One type of association from one record to another; its inverse is a row of its own.

    Record ids are unique within a portal; the type ids stand beside them for reading.
    """

    from_object_type_id: str
    from_record_id: int
    to_object_type_id: str
    to_record_id: int
    category: AssociationCategory
    type_id: int
