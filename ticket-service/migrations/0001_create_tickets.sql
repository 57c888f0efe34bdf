-- Tickets and everything that happened to them. Instants are UTC, civil dates Asia/Shanghai. What a person wrote is
-- sealed under the key of its ticket; every number of an enum is the one in qungong/ticket/v1.

-- Classes of matters, as dated data.
CREATE TABLE IF NOT EXISTS ticket_classes (
  code         VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  valid_from   DATE NOT NULL,
  valid_to     DATE NOT NULL,
  display_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  line         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (code, valid_from),
  CONSTRAINT ck_ticket_classes_interval CHECK (valid_from < valid_to),
  CONSTRAINT ck_ticket_classes_code CHECK (CHAR_LENGTH(code) IN (2, 4, 6))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Limits as dated rows. class_code '' applies to all classes. *_clock: Limit.Clock; 0 means no limit.
CREATE TABLE IF NOT EXISTS deadline_policies (
  class_code          VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  urgency             TINYINT UNSIGNED NOT NULL,
  valid_from          DATE NOT NULL,
  valid_to            DATE NOT NULL,
  accept_clock        TINYINT UNSIGNED NOT NULL,
  accept_amount       INT UNSIGNED NOT NULL,
  dispatch_clock      TINYINT UNSIGNED NOT NULL,
  dispatch_amount     INT UNSIGNED NOT NULL,
  acknowledge_clock   TINYINT UNSIGNED NOT NULL,
  acknowledge_amount  INT UNSIGNED NOT NULL,
  finish_clock        TINYINT UNSIGNED NOT NULL,
  finish_amount       INT UNSIGNED NOT NULL,
  yellow_numerator    SMALLINT UNSIGNED NOT NULL,
  yellow_denominator  SMALLINT UNSIGNED NOT NULL,
  yellow_working_days SMALLINT UNSIGNED NOT NULL,
  silence_days        SMALLINT UNSIGNED NOT NULL,
  window_days         SMALLINT UNSIGNED NOT NULL,
  source              VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  PRIMARY KEY (class_code, urgency, valid_from),
  CONSTRAINT ck_deadline_policies_interval CHECK (valid_from < valid_to),
  CONSTRAINT ck_deadline_policies_yellow CHECK (yellow_numerator <= yellow_denominator AND yellow_denominator > 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The next free sequence of a day and district: touched once per block of numbers, never once per ticket.
CREATE TABLE IF NOT EXISTS ticket_number_blocks (
  day           DATE NOT NULL,
  district_code CHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  next_sequence INT UNSIGNED NOT NULL,
  PRIMARY KEY (day, district_code)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One row per ticket. clock_*: the clock that runs now (Deadline), clock_kind 0 when none does.
CREATE TABLE IF NOT EXISTS tickets (
  id                   BINARY(16) NOT NULL,
  number               VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version              INT UNSIGNED NOT NULL,
  state                TINYINT UNSIGNED NOT NULL,
  class_code           VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  class_name           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  line                 VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel              TINYINT UNSIGNED NOT NULL,
  urgency              TINYINT UNSIGNED NOT NULL,
  secrecy              TINYINT UNSIGNED NOT NULL,
  division_id          BINARY(16) NOT NULL,
  division_name        VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  intake_unit_id       BINARY(16) NOT NULL,
  lead_unit_id         BINARY(16) NULL,
  dispatching_unit_id  BINARY(16) NULL,
  cycle                SMALLINT UNSIGNED NOT NULL,
  clock_kind           TINYINT UNSIGNED NOT NULL,
  clock_started_at     DATETIME(6) NULL,
  clock_due_at         DATETIME(6) NULL,
  clock_provisional    TINYINT UNSIGNED NOT NULL,
  light                TINYINT UNSIGNED NOT NULL,
  accept_due_at        DATETIME(6) NULL,
  finish_due_at        DATETIME(6) NULL,
  cycle_started_at     DATETIME(6) NULL,
  expected_on          DATE NULL,
  expected_provisional TINYINT UNSIGNED NOT NULL,
  submitted_at         DATETIME(6) NOT NULL,
  accepted_at          DATETIME(6) NULL,
  dispatched_at        DATETIME(6) NULL,
  answered_at          DATETIME(6) NULL,
  closed_at            DATETIME(6) NULL,
  close_reason         TINYINT UNSIGNED NOT NULL,
  refusal              BLOB NULL,
  rating               TINYINT UNSIGNED NOT NULL,
  rated_at             DATETIME(6) NULL,
  texts                BLOB NULL,
  key_id               BINARY(16) NOT NULL,
  original             BLOB NOT NULL,
  original_digest      BINARY(32) NOT NULL,
  reporter             BLOB NULL,
  phone_index          BINARY(32) NULL,
  tracking_index       BINARY(32) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY uq_tickets_number (number),
  KEY ix_tickets_phone (phone_index),
  KEY ix_tickets_clock (clock_kind, clock_provisional, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Parts of units in a ticket. live is the ticket's id while a lead assignment is live, so there is at most one.
CREATE TABLE IF NOT EXISTS assignments (
  ticket_id           BINARY(16) NOT NULL,
  ordinal             SMALLINT UNSIGNED NOT NULL,
  id                  BINARY(16) NOT NULL,
  kind                TINYINT UNSIGNED NOT NULL,
  state               TINYINT UNSIGNED NOT NULL,
  cycle               SMALLINT UNSIGNED NOT NULL,
  unit_id             BINARY(16) NOT NULL,
  unit_name           VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  dispatching_unit_id BINARY(16) NOT NULL,
  created_at          DATETIME(6) NOT NULL,
  acknowledge_due_at  DATETIME(6) NULL,
  acknowledged_at     DATETIME(6) NULL,
  acknowledger        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  submitted_at        DATETIME(6) NULL,
  submitter           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  contacted_at        DATETIME(6) NULL,
  ended_at            DATETIME(6) NULL,
  texts               BLOB NOT NULL,
  live_lead           BINARY(16) AS (CASE WHEN kind = 1 AND state IN (1, 2, 3, 5, 6) THEN ticket_id END) STORED,
  PRIMARY KEY (ticket_id, ordinal),
  UNIQUE KEY uq_assignments_live_lead (live_lead),
  KEY ix_assignments_unit (unit_id, state)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Requests to hand a ticket back; one per unit and cycle.
CREATE TABLE IF NOT EXISTS return_requests (
  ticket_id           BINARY(16) NOT NULL,
  cycle               SMALLINT UNSIGNED NOT NULL,
  unit_id             BINARY(16) NOT NULL,
  id                  BINARY(16) NOT NULL,
  asker               VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  asked_at            DATETIME(6) NOT NULL,
  adjudicating_unit_id BINARY(16) NOT NULL,
  ruling              TINYINT UNSIGNED NOT NULL,
  adjudicator         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ruled_at            DATETIME(6) NULL,
  texts               BLOB NOT NULL,
  PRIMARY KEY (ticket_id, cycle, unit_id),
  KEY ix_return_requests_adjudicating (adjudicating_unit_id, ruling)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Reviews of results.
CREATE TABLE IF NOT EXISTS reviews (
  ticket_id   BINARY(16) NOT NULL,
  ordinal     SMALLINT UNSIGNED NOT NULL,
  id          BINARY(16) NOT NULL,
  cycle       SMALLINT UNSIGNED NOT NULL,
  decision    TINYINT UNSIGNED NOT NULL,
  reviewer    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reviewed_at DATETIME(6) NOT NULL,
  texts       BLOB NOT NULL,
  PRIMARY KEY (ticket_id, ordinal)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Replies as delivered.
CREATE TABLE IF NOT EXISTS answers (
  ticket_id    BINARY(16) NOT NULL,
  cycle        SMALLINT UNSIGNED NOT NULL,
  unit_id      BINARY(16) NOT NULL,
  unit_name    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  delivered_at DATETIME(6) NOT NULL,
  texts        BLOB NOT NULL,
  PRIMARY KEY (ticket_id, cycle)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Callbacks with their three questions.
CREATE TABLE IF NOT EXISTS callbacks (
  ticket_id    BINARY(16) NOT NULL,
  ordinal      SMALLINT UNSIGNED NOT NULL,
  id           BINARY(16) NOT NULL,
  cycle        SMALLINT UNSIGNED NOT NULL,
  responded    TINYINT UNSIGNED NOT NULL,
  resolved     TINYINT UNSIGNED NOT NULL,
  satisfaction TINYINT UNSIGNED NOT NULL,
  caller       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  called_at    DATETIME(6) NOT NULL,
  texts        BLOB NOT NULL,
  PRIMARY KEY (ticket_id, ordinal)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every unit concerned by a ticket, as named by its history.
CREATE TABLE IF NOT EXISTS ticket_units (
  ticket_id BINARY(16) NOT NULL,
  unit_id   BINARY(16) NOT NULL,
  PRIMARY KEY (ticket_id, unit_id),
  KEY ix_ticket_units_unit (unit_id, ticket_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One row per ticket and node at or above a unit concerned, as the tree stands now: who may see it, and one index range
-- for each page of each list at every level.
CREATE TABLE IF NOT EXISTS ticket_scopes (
  node_id      BINARY(16) NOT NULL,
  ticket_id    BINARY(16) NOT NULL,
  submitted_at DATETIME(6) NOT NULL,
  state        TINYINT UNSIGNED NOT NULL,
  class_code   VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  line         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel      TINYINT UNSIGNED NOT NULL,
  light        TINYINT UNSIGNED NOT NULL,
  division_id  BINARY(16) NOT NULL,
  lead_unit_id BINARY(16) NULL,
  due_at       DATETIME(6) NULL,
  number       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (node_id, ticket_id),
  KEY ix_ticket_scopes_ticket (ticket_id),
  KEY ix_ticket_scopes_submitted (node_id, submitted_at, ticket_id),
  KEY ix_ticket_scopes_state (node_id, state, submitted_at, ticket_id),
  KEY ix_ticket_scopes_light (node_id, light, submitted_at, ticket_id),
  KEY ix_ticket_scopes_due (node_id, due_at, ticket_id),
  KEY ix_ticket_scopes_number (node_id, number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Wrong tracking codes per ticket number, known or not, within an hour.
CREATE TABLE IF NOT EXISTS tracking_attempts (
  number     VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  failures   SMALLINT UNSIGNED NOT NULL,
  started_at DATETIME(6) NOT NULL,
  PRIMARY KEY (number),
  KEY ix_tracking_attempts_started (started_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
