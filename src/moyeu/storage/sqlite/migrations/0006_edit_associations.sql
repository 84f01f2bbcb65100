-- Who may change associations, and which association types of a portal's own are in use.

-- The Edit Associations permission of the user that a token acts for.
ALTER TABLE token ADD COLUMN may_edit_associations INTEGER NOT NULL DEFAULT 1;

-- Finds out whether a type may be removed without a walk over all associations in the writer's
-- turn. HubSpot's own types, most of the rows, are never removed and cost nothing here.
CREATE INDEX association_own_type ON association (portal_id, category, type_id)
WHERE category <> 'HUBSPOT_DEFINED';
