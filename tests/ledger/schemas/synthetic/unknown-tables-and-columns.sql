-- synthetic: unknown tables and columns. What nobody knows yet.
ALTER TABLE sessions ADD COLUMN something_new TEXT DEFAULT 'x';
ALTER TABLE messages ADD COLUMN something_new BLOB DEFAULT x'00ff';
ALTER TABLE session_model_usage ADD COLUMN something_new REAL DEFAULT 1.5;
ALTER TABLE messages ADD COLUMN "with space" TEXT;
ALTER TABLE messages ADD COLUMN derived TEXT GENERATED ALWAYS AS (role || '!') VIRTUAL;
CREATE TABLE session_turn_leases (conversation_id TEXT PRIMARY KEY, holder TEXT, acquired_at REAL, expires_at REAL, epoch INTEGER);
INSERT INTO session_turn_leases VALUES ('a', 'host pid=1', 1.0, 2.0, 1);
CREATE TABLE gateway_heartbeats (backend_id TEXT, pid INTEGER, started_at REAL, last_heartbeat REAL);
CREATE TABLE "odd ""name" (a) ;
CREATE TABLE without_rowid (a TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIEW recent AS SELECT * FROM sessions;
CREATE TRIGGER something_new AFTER UPDATE ON sessions BEGIN SELECT 1; END;
