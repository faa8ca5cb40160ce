-- The gateway's role and database, made at the first start. The role owns its tables and may make the one role that the
-- migrations need, and is no superuser: row-level security holds for it.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/database_password`
CREATE ROLE cerebro LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE cerebro OWNER cerebro;
REVOKE CONNECT ON DATABASE cerebro FROM PUBLIC;
GRANT CONNECT ON DATABASE cerebro TO cerebro;
