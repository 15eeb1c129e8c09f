-- hj:irreversible the constraint itself is the migration before this one
alter table hj_session validate constraint hj_session_lifetime_check;
