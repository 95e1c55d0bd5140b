-- synthetic: system_prompts table. Prompts move to a table of their own; written after what newer code does, not by a release.
CREATE TABLE system_prompts (hash TEXT PRIMARY KEY, prompt TEXT NOT NULL, created_at REAL);
ALTER TABLE sessions ADD COLUMN system_prompt_hash TEXT;
INSERT INTO system_prompts SELECT 'h-' || id, 'You are helpful.', started_at FROM sessions;
UPDATE sessions SET system_prompt_hash = 'h-' || id, system_prompt = NULL;
CREATE INDEX idx_sessions_prompt_hash ON sessions(system_prompt_hash);
