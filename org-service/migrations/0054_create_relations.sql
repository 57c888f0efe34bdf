-- What units are to one another beside superior and subordinate. kind: qungong.org.v1.Relation.Kind; valid_to is the
-- first day on which it no longer holds, 9999-12-31 means that no end is set. contact_id: the appointment with which
-- it ends.
CREATE TABLE IF NOT EXISTS relations (
  id           BINARY(16) NOT NULL,
  kind         TINYINT UNSIGNED NOT NULL,
  from_unit_id BINARY(16) NOT NULL,
  to_unit_id   BINARY(16) NOT NULL,
  contact_id   BINARY(16) NULL,
  valid_from   DATE NOT NULL,
  valid_to     DATE NOT NULL,
  measures     VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  document     VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  result       VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  created_at   DATETIME(6) NOT NULL,
  version      INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  KEY ix_relations_from (from_unit_id, kind, valid_from),
  KEY ix_relations_to (to_unit_id, kind, valid_from),
  KEY ix_relations_contact (contact_id),
  CONSTRAINT fk_relations_contact FOREIGN KEY (contact_id) REFERENCES appointments (id),
  CONSTRAINT ck_relations_valid CHECK (valid_from <= valid_to)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
