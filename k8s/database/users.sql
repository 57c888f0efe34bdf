-- Schemas, users and grants: the only file that makes them, for `./qungong up`, the tests and the cluster alike.
-- Run as an administrator of the server. Running it again changes nothing, or sets new passwords.
--
-- Each service s owns one schema and has two users in it and nowhere else:
--   s_app   the service itself: rows only;
--   s_ddl   its migrations: tables and rows; no GRANT OPTION, no stored programs, no LOCK TABLES.
--
-- Passwords come at run time: every ${NAME} below is replaced by text (envsubst, sed, StrReplaceAll) before
-- the server sees the file. A password consists of A-Z a-z 0-9 - _ only, so that no quoting is needed.
--
-- The collation is binary and does not pad: 'a' <> 'A' and 'a' <> 'a ' in every identifier.
-- MySQL 8 has no utf8mb4_nopad_bin; there, replace it with utf8mb4_0900_bin, which compares alike.

CREATE DATABASE IF NOT EXISTS qungong_org CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE DATABASE IF NOT EXISTS qungong_ticket CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
CREATE DATABASE IF NOT EXISTS qungong_appraisal CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- A user has no right before it has a password.
CREATE USER IF NOT EXISTS org_app@'%', org_ddl@'%';
CREATE USER IF NOT EXISTS ticket_app@'%', ticket_ddl@'%';
CREATE USER IF NOT EXISTS appraisal_app@'%', appraisal_ddl@'%';

ALTER USER org_app@'%' IDENTIFIED BY '${ORG_APP_PASSWORD}';
ALTER USER org_ddl@'%' IDENTIFIED BY '${ORG_DDL_PASSWORD}';
ALTER USER ticket_app@'%' IDENTIFIED BY '${TICKET_APP_PASSWORD}';
ALTER USER ticket_ddl@'%' IDENTIFIED BY '${TICKET_DDL_PASSWORD}';
ALTER USER appraisal_app@'%' IDENTIFIED BY '${APPRAISAL_APP_PASSWORD}';
ALTER USER appraisal_ddl@'%' IDENTIFIED BY '${APPRAISAL_DDL_PASSWORD}';

GRANT SELECT, INSERT, UPDATE, DELETE ON qungong_org.* TO org_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON qungong_ticket.* TO ticket_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON qungong_appraisal.* TO appraisal_app@'%';

GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES
  ON qungong_org.* TO org_ddl@'%';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES
  ON qungong_ticket.* TO ticket_ddl@'%';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES
  ON qungong_appraisal.* TO appraisal_ddl@'%';
