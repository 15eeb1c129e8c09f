drop table hj_webhook_delivery;
drop table hj_webhook_event;
drop table hj_webhook;
