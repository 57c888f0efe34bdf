-- The trees of divisions, units and service centers are in directory_nodes, _labels, _edges and _closure, as in every
-- service; here is what only their owner keeps.

-- Every change of a tree reads this row before anything else and raises it by compare-and-set: so a change that was
-- decided on an older tree is decided again, on any isolation level.
CREATE TABLE IF NOT EXISTS tree_versions (
  id      TINYINT UNSIGNED NOT NULL,
  version BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

INSERT IGNORE INTO tree_versions (id, version) VALUES (1, 0);

-- Version (etag) of each node of the directory.
CREATE TABLE IF NOT EXISTS org_nodes (
  id         BINARY(16) NOT NULL,
  version    INT UNSIGNED NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Version (etag) of each published year of directory_calendars.
CREATE TABLE IF NOT EXISTS calendars (
  year       SMALLINT UNSIGNED NOT NULL,
  version    INT UNSIGNED NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (year)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
