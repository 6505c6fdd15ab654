-- Jobs: what the log asks for, who holds it, and how it ended. Folded from the log; leases are the only thing that is not in it.

create schema work;

create table work.positions (
    projection text not null,
    topic text not null,
    partition integer not null,
    last_offset bigint not null,
    digest bytea not null,
    primary key (projection, topic, partition)
);

create table work.jobs (
    generation uuid primary key,
    tenant bytea not null,
    subject bytea not null,
    lifecycle integer not null,
    month integer not null,
    tree integer not null,
    leaf integer not null,
    model_digest bytea not null,
    adapter text not null,
    shape_bucket text not null,
    sealed bytea,
    submitted_at timestamptz not null,
    submitted_event uuid not null,
    correlation uuid not null,
    state text not null default 'queued' check (state in ('queued', 'running', 'stopped', 'done')),
    epoch integer not null default 0,
    attempts integer not null default 0,
    owner text,
    leased_until timestamptz,
    not_before timestamptz,
    cancel_requested boolean not null default false,
    steps_done integer not null default 0,
    steps_total integer,
    device_ms bigint not null default 0,
    outcome text,
    outcome_epoch integer,
    cancel_leased_until timestamptz,
    sweep_due timestamptz
);

create index jobs_waiting on work.jobs (submitted_at, generation) where state in ('queued', 'running', 'stopped');
create index jobs_to_sweep on work.jobs (sweep_due) where sweep_due is not null;
create index jobs_by_subject on work.jobs (tenant, subject, lifecycle);

create table work.fences (
    tenant bytea not null,
    subject bytea not null,
    lifecycle integer not null,
    erasure uuid not null,
    primary key (tenant, subject, lifecycle)
);

create view work.progress as
select
    generation, tenant, subject, lifecycle, state, epoch, steps_done, steps_total, outcome,
    state in ('running', 'stopped') and leased_until > now() as lease_alive
from work.jobs;
