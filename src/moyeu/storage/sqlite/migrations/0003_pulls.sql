-- How far a portal is copied from another side; written together with what was copied.
CREATE TABLE pull (
    portal_id INTEGER PRIMARY KEY,
    state TEXT NOT NULL
) STRICT;
