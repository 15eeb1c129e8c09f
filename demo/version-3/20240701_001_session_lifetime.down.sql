alter table hj_session drop constraint hj_session_lifetime_check;
