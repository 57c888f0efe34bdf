-- Imports. kind, state: qungong.org.v1.Import.Kind, State. result: the serialized Import without what the columns hold,
-- once it has ended. content is emptied then.
CREATE TABLE IF NOT EXISTS imports (
  id           BINARY(16) NOT NULL,
  kind         TINYINT UNSIGNED NOT NULL,
  state        TINYINT UNSIGNED NOT NULL,
  dry_run      TINYINT UNSIGNED NOT NULL,
  file_name    VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  size_bytes   INT UNSIGNED NOT NULL,
  as_of        DATE NOT NULL,
  known_since  DATE NOT NULL,
  creator      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at   DATETIME(6) NOT NULL,
  started_at   DATETIME(6) NULL,
  ended_at     DATETIME(6) NULL,
  attempt      TINYINT UNSIGNED NOT NULL,
  version      INT UNSIGNED NOT NULL,
  result       MEDIUMBLOB NOT NULL,
  content      MEDIUMBLOB NOT NULL,
  PRIMARY KEY (id),
  KEY ix_imports_state (state, created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- How far a running import is, and until when its runner is believed to live. Apart from imports, whose row the
-- import's own transaction locks.
CREATE TABLE IF NOT EXISTS import_progress (
  import_id   BINARY(16) NOT NULL,
  total_rows  INT UNSIGNED NOT NULL,
  done_rows   INT UNSIGNED NOT NULL,
  lease_until DATETIME(6) NOT NULL,
  PRIMARY KEY (import_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
