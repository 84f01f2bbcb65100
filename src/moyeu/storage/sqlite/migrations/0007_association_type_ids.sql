-- The association type ids of a portal's own that are never given out again: all below this one.

ALTER TABLE portal ADD COLUMN next_association_type INTEGER NOT NULL DEFAULT 1;
