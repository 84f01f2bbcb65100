-- How much later than it was written a change is seen by searches; 0: at once.
ALTER TABLE portal ADD COLUMN search_lag_ms INTEGER NOT NULL DEFAULT 0;
