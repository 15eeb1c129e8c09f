drop table hj_webauthn_challenge;
drop table hj_webauthn_relying_party;
