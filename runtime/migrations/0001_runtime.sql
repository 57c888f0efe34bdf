-- What every schema holds, whatever its domain: idempotency keys, events and their order, subject keys, due rows,
-- projections, followed feeds, and the directory. Instants are UTC, civil dates Asia/Shanghai.

-- One row per acknowledged mutation: the same request_id gives the same reply until it expires.
CREATE TABLE IF NOT EXISTS idempotency_keys (
  principal   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  method      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_id  BINARY(16) NOT NULL,
  body_hash   BINARY(32) NOT NULL,
  event_id    BINARY(16) NOT NULL,
  expires_at  DATETIME(6) NOT NULL,
  PRIMARY KEY (principal, method, request_id),
  KEY ix_idempotency_keys_expires (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every change, once. month (yyyymm) and retention_years are there to partition and to let go by.
CREATE TABLE IF NOT EXISTS events (
  month           MEDIUMINT UNSIGNED NOT NULL,
  id              BINARY(16) NOT NULL,
  sequence        BIGINT UNSIGNED NULL,
  collection      VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  aggregate_id    BINARY(16) NOT NULL,
  version         INT UNSIGNED NOT NULL,
  kind            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  occurred_at     DATETIME(6) NOT NULL,
  actor           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload_type    VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload         MEDIUMBLOB NOT NULL,
  key_id          BINARY(16) NULL,
  image           MEDIUMBLOB NOT NULL,
  digest          BINARY(32) NOT NULL,
  hash            BINARY(32) NULL,
  retention_years TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (month, id),
  KEY ix_events_sequence (sequence),
  KEY ix_events_aggregate (aggregate_id, version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The end of the chain: the only row that sequencers lock. A restored database gets a new epoch.
CREATE TABLE IF NOT EXISTS feed_head (
  id       TINYINT UNSIGNED NOT NULL,
  epoch    BINARY(16) NOT NULL,
  sequence BIGINT UNSIGNED NOT NULL,
  hash     BINARY(32) NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Position of each local projection of this service's own events.
CREATE TABLE IF NOT EXISTS projections (
  name     VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sequence BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Position in each feed that is followed.
CREATE TABLE IF NOT EXISTS feed_positions (
  source       VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  epoch        VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sequence     BIGINT UNSIGNED NOT NULL,
  confirmed_at DATETIME(6) NOT NULL,
  loaded       TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (source)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The key of one person or ticket, wrapped by a master key. wrapped becomes empty when it is destroyed.
CREATE TABLE IF NOT EXISTS subject_keys (
  id           BINARY(16) NOT NULL,
  subject      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  master_id    INT UNSIGNED NOT NULL,
  wrapped      VARBINARY(96) NOT NULL,
  destroyed_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  KEY ix_subject_keys_master (master_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What the schedule must do, claimed by deleting the row in the effect's own transaction.
CREATE TABLE IF NOT EXISTS due_rows (
  kind       VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_id BINARY(16) NOT NULL,
  id         BINARY(16) NOT NULL,
  due_at     DATETIME(6) NOT NULL,
  detail     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  PRIMARY KEY (kind, subject_id),
  KEY ix_due_rows_due (kind, due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Nodes of all trees. kind, level: qungong.rpc.v1.NodeKind, Level. 9999-12-31 means no end.
CREATE TABLE IF NOT EXISTS directory_nodes (
  id          BINARY(16) NOT NULL,
  kind        TINYINT UNSIGNED NOT NULL,
  level       TINYINT UNSIGNED NOT NULL,
  subkind     SMALLINT UNSIGNED NOT NULL,
  line        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  division_id BINARY(16) NULL,
  unit_id     BINARY(16) NULL,
  successor_id BINARY(16) NULL,
  valid_from  DATE NOT NULL,
  valid_to    DATE NOT NULL,
  PRIMARY KEY (id),
  KEY ix_directory_nodes_division (division_id, kind),
  KEY ix_directory_nodes_unit (unit_id, kind)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS directory_labels (
  node_id      BINARY(16) NOT NULL,
  valid_from   DATE NOT NULL,
  valid_to     DATE NOT NULL,
  code         VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  display_name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  PRIMARY KEY (node_id, valid_from),
  KEY ix_directory_labels_code (code, valid_from)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS directory_edges (
  tree       TINYINT UNSIGNED NOT NULL,
  child_id   BINARY(16) NOT NULL,
  valid_from DATE NOT NULL,
  valid_to   DATE NOT NULL,
  parent_id  BINARY(16) NOT NULL,
  PRIMARY KEY (tree, child_id, valid_from),
  KEY ix_directory_edges_parent (tree, parent_id, valid_from)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every pair of a node and one above it (or itself, depth 0), with the days on which that holds.
CREATE TABLE IF NOT EXISTS directory_closure (
  tree          TINYINT UNSIGNED NOT NULL,
  descendant_id BINARY(16) NOT NULL,
  ancestor_id   BINARY(16) NOT NULL,
  valid_from    DATE NOT NULL,
  valid_to      DATE NOT NULL,
  depth         TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (tree, descendant_id, ancestor_id, valid_from),
  KEY ix_directory_closure_down (tree, ancestor_id, depth, descendant_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS directory_grants (
  id         BINARY(16) NOT NULL,
  principal  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  role       SMALLINT UNSIGNED NOT NULL,
  node_id    BINARY(16) NOT NULL,
  line       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  valid_from DATE NOT NULL,
  valid_to   DATE NOT NULL,
  PRIMARY KEY (id),
  KEY ix_directory_grants_principal (principal, role)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- A published year, as the serialized qungong.rpc.v1.CalendarRecord.
CREATE TABLE IF NOT EXISTS directory_calendars (
  year   SMALLINT UNSIGNED NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (year)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

INSERT IGNORE INTO feed_head (id, epoch, sequence, hash)
VALUES (1, UNHEX(REPLACE(UUID(), '-', '')), 0, X'0000000000000000000000000000000000000000000000000000000000000000');
