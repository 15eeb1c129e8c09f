drop table hj_trusted_device;
drop table hj_mfa_recovery_code;
drop table hj_mfa_challenge;
drop table hj_mfa_factor;
