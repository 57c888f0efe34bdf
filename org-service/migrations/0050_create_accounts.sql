-- Accounts and their sessions. kind, state: qungong.org.v1.Account.Kind, State.
-- login is bytes: no collation folds or pads it. password_hash is Argon2id in its own text form;
-- password_request is the request that set the password last, so that repeating it changes nothing.
CREATE TABLE IF NOT EXISTS accounts (
  id               BINARY(16) NOT NULL,
  login            VARBINARY(64) NOT NULL,
  display_name     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  kind             TINYINT UNSIGNED NOT NULL,
  state            TINYINT UNSIGNED NOT NULL,
  unit_id          BINARY(16) NOT NULL,
  person_id        BINARY(16) NULL,
  password_hash    VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  password_at      DATETIME(6) NOT NULL,
  password_request BINARY(16) NULL,
  created_at       DATETIME(6) NOT NULL,
  updated_at       DATETIME(6) NOT NULL,
  version          INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_accounts_login UNIQUE (login),
  KEY ix_accounts_unit (unit_id, login),
  KEY ix_accounts_person (person_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- secret_hash is the SHA-256 of 32 random bytes that only the session's owner has.
CREATE TABLE IF NOT EXISTS sessions (
  id              BINARY(16) NOT NULL,
  account_id      BINARY(16) NOT NULL,
  secret_hash     BINARY(32) NOT NULL,
  created_at      DATETIME(6) NOT NULL,
  idle_expires_at DATETIME(6) NOT NULL,
  expires_at      DATETIME(6) NOT NULL,
  ended_at        DATETIME(6) NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_sessions_secret UNIQUE (secret_hash),
  KEY ix_sessions_account (account_id),
  KEY ix_sessions_expires (expires_at),
  CONSTRAINT fk_sessions_account FOREIGN KEY (account_id) REFERENCES accounts (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The latest failed sign-ins with one login, whether or not there is such an account, so that a lock tells nothing.
-- login_key is a keyed hash; failures are instants in microseconds since 1970, eight bytes each, oldest first.
CREATE TABLE IF NOT EXISTS sign_ins (
  login_key  BINARY(32) NOT NULL,
  failures   VARBINARY(160) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (login_key),
  KEY ix_sign_ins_updated (updated_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
