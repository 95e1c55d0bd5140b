-- synthetic: display_kind. Written after what newer code does, not by a release.
ALTER TABLE messages ADD COLUMN _compressed_summary INTEGER;
ALTER TABLE messages ADD COLUMN display_kind TEXT;
ALTER TABLE messages ADD COLUMN display_metadata TEXT;
ALTER TABLE messages ADD COLUMN display_identity TEXT;
ALTER TABLE messages ADD COLUMN display_order REAL;
UPDATE messages SET display_kind = 'notice' WHERE role = 'user';
