"""What follows from the owner of a record."""

from moyeu.crm.type_rules.draft import Draft


def ownership(draft: Draft) -> None:
    """When the owner was assigned, and the list of all owners, which is that one.

    Source: recorded creates of meetings (2022-08), notes (2026-03) and deals, an update of a task
    (2024-12). That both are cleared with the owner is a guess. `hs_user_ids_of_all_owners`, seen
    beside them, needs the owners of the portal and stays unset.
    """
    if not draft.changes("hubspot_owner_id"):
        return
    owner_id = draft.text("hubspot_owner_id")
    draft.put("hs_all_owner_ids", owner_id)
    draft.put("hubspot_owner_assigneddate", draft.now if owner_id else "")
