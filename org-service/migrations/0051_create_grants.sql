-- Rights of accounts. role: qungong.rpc.v1.Role; valid_to is the first day on which it no longer holds, 9999-12-31
-- means no end. directory_grants holds what is in force of them for authorization.
CREATE TABLE IF NOT EXISTS grants (
  id             BINARY(16) NOT NULL,
  account_id     BINARY(16) NOT NULL,
  role           SMALLINT UNSIGNED NOT NULL,
  node_id        BINARY(16) NOT NULL,
  line           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  valid_from     DATE NOT NULL,
  valid_to       DATE NOT NULL,
  appointment_id BINARY(16) NULL,
  created_at     DATETIME(6) NOT NULL,
  version        INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  KEY ix_grants_account (account_id),
  KEY ix_grants_node (node_id),
  KEY ix_grants_appointment (appointment_id),
  CONSTRAINT fk_grants_account FOREIGN KEY (account_id) REFERENCES accounts (id),
  CONSTRAINT ck_grants_valid CHECK (valid_from <= valid_to)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
