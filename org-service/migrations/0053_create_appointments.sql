-- Posts held. post, basis: qungong.org.v1.Appointment.Post, Basis; valid_to is the first day out of office,
-- 9999-12-31 means that no end is set.
CREATE TABLE IF NOT EXISTS appointments (
  id              BINARY(16) NOT NULL,
  person_id       BINARY(16) NOT NULL,
  post            TINYINT UNSIGNED NOT NULL,
  unit_id         BINARY(16) NOT NULL,
  valid_from      DATE NOT NULL,
  valid_to        DATE NOT NULL,
  basis           TINYINT UNSIGNED NOT NULL,
  sending_unit_id BINARY(16) NULL,
  document        VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  created_at      DATETIME(6) NOT NULL,
  version         INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  KEY ix_appointments_unit (unit_id, post, valid_from),
  KEY ix_appointments_person (person_id, valid_from),
  CONSTRAINT fk_appointments_person FOREIGN KEY (person_id) REFERENCES people (id),
  CONSTRAINT ck_appointments_valid CHECK (valid_from <= valid_to)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
