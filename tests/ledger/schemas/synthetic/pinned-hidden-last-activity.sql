-- synthetic: pinned/hidden/last_activity_at. Written after what newer code does, not by a release.
ALTER TABLE sessions ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN last_activity_at REAL;
ALTER TABLE sessions ADD COLUMN last_activity_description TEXT;
ALTER TABLE sessions ADD COLUMN last_activity_provenance TEXT;
ALTER TABLE sessions ADD COLUMN last_read_at REAL;
ALTER TABLE sessions ADD COLUMN title_source TEXT;
-- Not later than the last message, so that it changes nothing whoever looks at it.
UPDATE sessions SET last_activity_at = started_at, last_activity_description = 'reading', title_source = 'llm';
UPDATE sessions SET pinned = 1 WHERE rowid = 1;
