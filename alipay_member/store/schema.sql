-- SPDX-License-Identifier: MIT-0
-- Members and sessions. Times are UTC seconds. A change of this file is a new VERSION in database.py.

CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL
);

-- One row for each person in one app. Either id may be missing, not both: new apps get open_id,
-- old ones user_id, and both arrive while Alipay moves an app from one to the other.
CREATE TABLE IF NOT EXISTS members (
    id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL,
    open_id TEXT,
    user_id TEXT,
    union_id TEXT,
    nick_name TEXT,
    avatar TEXT,
    gender TEXT,
    province TEXT,
    city TEXT,
    user_type TEXT,
    user_status TEXT,
    is_certified TEXT,
    is_student_certified TEXT,
    first_seen BIGINT NOT NULL,
    profile_at BIGINT,  -- when the profile was fetched; NULL: ids only
    UNIQUE (app_id, open_id),
    UNIQUE (app_id, user_id),
    CHECK (open_id IS NOT NULL OR user_id IS NOT NULL)
);

-- One row for each login, found by the SHA-256 of the session token that only the client has.
CREATE TABLE IF NOT EXISTS sessions (
    token_hash TEXT PRIMARY KEY,
    member_id TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    started_at DOUBLE PRECISION NOT NULL,  -- a consent withdrawn later ends the session
    access_token TEXT NOT NULL,
    refresh_token TEXT NOT NULL,
    access_expires_at BIGINT NOT NULL,
    refresh_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    refreshing_until DOUBLE PRECISION NOT NULL DEFAULT 0  -- until then one request may refresh
);

CREATE INDEX IF NOT EXISTS sessions_member ON sessions (member_id);
-- ended ones are purged as new ones are made
CREATE INDEX IF NOT EXISTS sessions_end ON sessions (expires_at);
