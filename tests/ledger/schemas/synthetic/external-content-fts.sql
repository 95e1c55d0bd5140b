-- synthetic: external-content FTS. The index holds no text of its own; written after what newer code does, not by a release.
DROP TRIGGER IF EXISTS messages_fts_insert;
DROP TRIGGER IF EXISTS messages_fts_delete;
DROP TRIGGER IF EXISTS messages_fts_update;
DROP TRIGGER IF EXISTS messages_fts_trigram_insert;
DROP TRIGGER IF EXISTS messages_fts_trigram_delete;
DROP TRIGGER IF EXISTS messages_fts_trigram_update;
DROP TABLE messages_fts;
DROP TABLE messages_fts_trigram;
CREATE VIEW messages_fts_source AS SELECT id, content, tool_name, tool_calls FROM messages;
CREATE VIRTUAL TABLE messages_fts USING fts5(content, tool_name, tool_calls, content='messages_fts_source', content_rowid='id');
INSERT INTO messages_fts(messages_fts) VALUES ('rebuild');
INSERT INTO state_meta VALUES ('fts_rebuild_pending', '1');
-- A tokenizer that only an extension knows, which is not there.
PRAGMA writable_schema = ON;
INSERT INTO sqlite_master VALUES ('table', 'messages_fts_cjk', 'messages_fts_cjk', 0,
  'CREATE VIRTUAL TABLE messages_fts_cjk USING fts5(content, tokenize=''cjk'')');
PRAGMA writable_schema = OFF;
