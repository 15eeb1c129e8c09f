drop table hj_passkey_credential;
