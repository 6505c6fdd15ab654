-- The rights of every login, whole: first everything is taken, then each role gets what its work needs.
-- The shape follows the rule that a package owns one schema, and that across packages only views and positions are read.
REVOKE ALL ON ALL TABLES IN SCHEMA read, work, erasure, front FROM
    intaglio_api, intaglio_dispatch, intaglio_work, intaglio_project, intaglio_shred, intaglio_reader;

GRANT USAGE ON SCHEMA front, read, work TO intaglio_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA front TO intaglio_api;
GRANT SELECT ON ALL TABLES IN SCHEMA read TO intaglio_api;
GRANT SELECT ON work.progress TO intaglio_api;

GRANT USAGE ON SCHEMA work TO intaglio_dispatch;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA work TO intaglio_dispatch;

GRANT USAGE ON SCHEMA work TO intaglio_work;
GRANT SELECT, UPDATE ON work.jobs TO intaglio_work;
GRANT SELECT ON work.fences TO intaglio_work;

GRANT USAGE ON SCHEMA read TO intaglio_project;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA read TO intaglio_project;

-- Batches and rebuilds are staged in temporary tables.
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO intaglio_project', current_database()); END $$;

GRANT USAGE ON SCHEMA erasure, work, read TO intaglio_shred;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA erasure TO intaglio_shred;
GRANT SELECT ON work.progress, work.positions, read.positions TO intaglio_shred;

GRANT USAGE ON SCHEMA front, read, work, erasure TO intaglio_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA front, read, work, erasure TO intaglio_reader;
