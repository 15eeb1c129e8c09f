-- New sessions have to keep it from now on; those that are there are read by the next migration.
alter table hj_session add constraint hj_session_lifetime_check check (expires_at > created_at) not valid;
