-- What nodes are found by: rows made of each of their labels (org-service/find_rules.h). kind, level as in
-- directory_nodes; field: KeyField; valid_from: first day of the label.
CREATE TABLE IF NOT EXISTS search_keys (
  kind       TINYINT UNSIGNED NOT NULL,
  level      TINYINT UNSIGNED NOT NULL,
  field      TINYINT UNSIGNED NOT NULL,
  key_text   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  node_id    BINARY(16) NOT NULL,
  valid_from DATE NOT NULL,
  PRIMARY KEY (kind, level, field, key_text, node_id, valid_from)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- By which rules all keys were made, and, while they are made anew after the deletion of the old ones, by which and up
-- to which node.
CREATE TABLE IF NOT EXISTS search_state (
  id       TINYINT UNSIGNED NOT NULL,
  made_by  BINARY(32) NOT NULL,
  making   BINARY(32) NOT NULL,
  up_to    BINARY(16) NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

INSERT IGNORE INTO search_state (id, made_by, making, up_to) VALUES (1, '', '', '');
