-- People. What is personal is sealed under the person's own key (subject_keys.id = people.id); the indexes are keyed
-- hashes of the normalized numbers. Erasure empties all five. state: qungong.org.v1.Person.State.
CREATE TABLE IF NOT EXISTS people (
  id              BINARY(16) NOT NULL,
  unit_id         BINARY(16) NOT NULL,
  state           TINYINT UNSIGNED NOT NULL,
  name_sealed     VARBINARY(512) NOT NULL,
  phone_sealed    VARBINARY(128) NOT NULL,
  id_sealed       VARBINARY(128) NOT NULL,
  phone_index     BINARY(32) NULL,
  id_index        BINARY(32) NULL,
  created_at      DATETIME(6) NOT NULL,
  version         INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_people_id_index UNIQUE (id_index),
  KEY ix_people_phone (phone_index),
  KEY ix_people_unit (unit_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every look behind the mask. field: qungong.org.v1.Person.Field.
CREATE TABLE IF NOT EXISTS unmaskings (
  id         BINARY(16) NOT NULL,
  person_id  BINARY(16) NOT NULL,
  account_id BINARY(16) NOT NULL,
  field      TINYINT UNSIGNED NOT NULL,
  purpose    VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY ix_unmaskings_person (person_id),
  KEY ix_unmaskings_account (account_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
