-- The read models: what the log says, as rows. Everything here can be dropped and folded again from offset 0.
-- A column is null until the event that fills it; which of two events counts is in projections/*.py, not in constraints.

create schema read;

create table read.positions (
    projection text not null,
    topic text not null,
    partition integer not null,
    last_offset bigint not null,
    digest bytea not null,
    primary key (projection, topic, partition)
);

create table read.generations (
    generation uuid not null,
    submitted_event uuid,
    tenant bytea,
    subject bytea,
    lifecycle integer,
    batch uuid,
    month integer,
    tree integer,
    leaf integer,
    kind text,
    model_digest bytea,
    adapter text,
    shape_bucket text,
    submitted_at timestamptz,
    submitted_by bytea,
    correlation uuid,
    prompt_sealed bytea,
    depicts bytea[],
    submitted_topic text,
    submitted_partition integer,
    submitted_offset bigint,
    started_at timestamptz,
    started_epoch integer,
    cancel_requested_at timestamptz,
    cancel_requested_by bytea,
    outcome_event uuid,
    outcome text,
    outcome_at timestamptz,
    epoch integer,
    device_ms bigint,
    reason text,
    steps_done integer,
    media_type text,
    sealed_size_bytes bigint,
    ciphertext_sha256 bytea,
    outcome_sealed bytea,
    marks text[],
    outcome_model_digest bytea,
    outcome_adapter text,
    outcome_shape_bucket text,
    environment text,
    replay_class text,
    trace_widths integer[],
    trace_steps integer[],
    outcome_partition integer,
    outcome_offset bigint,
    primary key (generation)
);

create table read.outcomes (
    event uuid not null,
    generation uuid,
    tenant bytea,
    outcome text,
    epoch integer,
    device_ms bigint,
    at timestamptz,
    primary key (event)
);

create table read.accesses (
    event uuid not null,
    tenant bytea,
    subject bytea,
    lifecycle integer,
    generation uuid,
    content text,
    credential bytea,
    person bytea,
    role text,
    ground text,
    minute timestamptz,
    recorded_at timestamptz,
    primary key (event)
);

create table read.log_reads (
    event uuid not null,
    tenant bytea,
    session uuid,
    credential bytea,
    person bytea,
    role text,
    raw boolean,
    recorded_at timestamptz,
    primary key (event)
);

create table read.erasures (
    erasure uuid not null,
    requested_at timestamptz,
    tenant bytea,
    scope_kind text,
    scope_subject bytea,
    scope_lifecycle integer,
    ground text,
    plan_digest bytea,
    salt_commitment bytea,
    note bytea,
    requested_by bytea,
    requested_credential bytea,
    requested_role text,
    requested_offset bigint,
    approved_at timestamptz,
    approved_by bytea,
    approved_credential bytea,
    approved_plan_digest bytea,
    refused_at timestamptz,
    refused_by bytea,
    refused_credential bytea,
    refused_plan_digest bytea,
    fenced_at timestamptz,
    fenced_offset bigint,
    exceptions uuid[],
    effective_at timestamptz,
    effective_offset bigint,
    read_backs integer,
    objects_swept bigint,
    certificate bytea,
    stopped_at timestamptz,
    stopped_reason text,
    primary key (erasure)
);

create table read.fences (
    tenant bytea not null,
    subject bytea not null,
    lifecycle integer not null,
    erasure uuid,
    fenced_at timestamptz,
    exceptions uuid[],
    effective_at timestamptz,
    primary key (tenant, subject, lifecycle)
);

create table read.tenants (
    tenant bytea not null,
    name text,
    subject_required boolean,
    created_at timestamptz,
    created_offset bigint,
    primary key (tenant)
);

create table read.subjects (
    tenant bytea not null,
    subject bytea not null,
    lifecycle integer not null,
    registered_at timestamptz,
    registered_by bytea,
    month integer,
    tree integer,
    leaf integer,
    sealed bytea,
    anew boolean,
    synthetic boolean,
    registered_offset bigint,
    primary key (tenant, subject, lifecycle)
);

create table read.credentials (
    credential bytea not null,
    issued_at timestamptz,
    tenant bytea,
    person bytea,
    role text,
    key_hash bytea,
    expires_at timestamptz,
    issued_by bytea,
    issued_offset bigint,
    revoked_at timestamptz,
    revoked_by bytea,
    primary key (credential)
);

create table read.models (
    model_digest bytea not null,
    adapter text,
    size_bytes bigint,
    registered_at timestamptz,
    registered_by bytea,
    registered_offset bigint,
    primary key (model_digest)
);

create table read.aliases (
    alias text not null,
    model_digest bytea,
    named_at timestamptz,
    named_offset bigint,
    primary key (alias)
);

create index generations_by_tenant on read.generations (tenant, generation desc);
create index generations_by_subject on read.generations (tenant, subject, lifecycle);
create index outcomes_by_tenant on read.outcomes (tenant, at);
create index accesses_by_tenant on read.accesses (tenant, event desc);
create index accesses_by_generation on read.accesses (generation);
create index erasures_by_tenant on read.erasures (tenant, erasure desc);
create index tenants_by_name on read.tenants (name);
create index credentials_by_tenant on read.credentials (tenant, credential);

-- Spans two topics, so it is a view: generations know nothing of fences.
create view read.generation_status as
select
    g.*,
    case
        when f.fenced_at is not null and not (g.generation = any (f.exceptions)) then 'erased'
        when g.outcome is not null then g.outcome
        when g.started_at is not null then 'running'
        else 'queued'
    end as status
from read.generations g
left join read.fences f
    on f.tenant = g.tenant and f.subject = g.subject and f.lifecycle = g.lifecycle;

create view read.erasure_status as
select
    e.*,
    case
        when e.effective_at is not null then 'effective'
        when e.fenced_at is not null then 'fenced'
        when e.stopped_at is not null then 'stopped'
        when e.refused_at is not null then 'refused'
        when e.approved_at is not null then 'approved'
        else 'requested'
    end as state
from read.erasures e;

-- The tenant pays for the outcome that counts, the operator for every one.
create view read.usage as
select
    o.tenant,
    (o.at at time zone 'UTC')::date as day,
    coalesce(sum(o.device_ms) filter (where g.outcome_event = o.event), 0)::bigint as tenant_device_ms,
    sum(o.device_ms)::bigint as operator_device_ms
from read.outcomes o
left join read.generations g on g.generation = o.generation
group by o.tenant, (o.at at time zone 'UTC')::date;
