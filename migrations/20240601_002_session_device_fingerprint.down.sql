-- hj:transaction off

drop index concurrently idx_hj_session_user_id_active;

alter table hj_session drop column device_fingerprint;
