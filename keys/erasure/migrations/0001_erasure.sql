-- The work table of shred: folded from the erasures topic, executed from leased rows.

create schema erasure;

create table erasure.positions (
    projection text not null,
    topic text not null,
    partition integer not null,
    last_offset bigint not null,
    digest bytea not null,
    primary key (projection, topic, partition)
);

create table erasure.erasures (
    erasure uuid primary key,
    tenant bytea not null,
    subject bytea not null,
    lifecycle integer not null,
    state text not null default 'requested'
        check (state in ('requested', 'approved', 'refused', 'stopped', 'fenced', 'effective')),
    request bytea not null,
    approval bytea,
    fence_offset bigint,
    directory_path text,
    owner text,
    leased_until timestamptz,
    requested_at timestamptz not null
);

create index erasures_to_execute on erasure.erasures (requested_at) where state in ('approved', 'fenced');

-- One decision a scope: whoever inserts the row may fence it.
create table erasure.fences (
    tenant bytea not null,
    subject bytea not null,
    lifecycle integer not null,
    erasure uuid not null,
    primary key (tenant, subject, lifecycle)
);
