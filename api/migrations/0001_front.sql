-- What api needs to answer a repeated request with the first one's result. Kept for a day, and deleted by a fence.

create schema front;

create table front.requests (
    tenant bytea not null,
    idempotency_key text not null,
    body_tag bytea not null,
    subject bytea not null,
    lifecycle integer not null,
    events bytea[] not null,
    generations uuid[] not null,
    created_at timestamptz not null default now(),
    primary key (tenant, idempotency_key)
);

create index requests_by_age on front.requests (created_at);
create index requests_by_subject on front.requests (tenant, subject, lifecycle);
