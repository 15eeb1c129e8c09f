drop table hj_organization_invitation;
drop table hj_organization_member;
drop table hj_organization_domain;
drop table hj_organization_role;
drop table hj_organization;
