-- hj:transaction off

-- Nullable and without a check: sessions that are open already have none, and a check would scan them all under a lock.
alter table hj_session add column device_fingerprint text;

-- Most sessions are over: the list of a user's devices reads only those that are not.
create index concurrently idx_hj_session_user_id_active on hj_session (user_id) where revoked_at is null;
