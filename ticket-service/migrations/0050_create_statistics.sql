-- The projection "statistics" of this service's own events: what each ticket counts for, and the sums of that. Written
-- by the projection only, under the lock of its row in projections; it can be emptied and projected again at any time.
-- Days are civil days in Asia/Shanghai.

-- What each ticket counts for, so that the next change can take it back exactly. figures: bit (number - 1) of
-- Statistics.Figure; each figure counts on one of the days. nodes: 17 bytes per node at which it was counted: the id and
-- how finely that node's figures are kept (Grain). The keys by day find the tickets of a short window in a large node.
CREATE TABLE IF NOT EXISTS statistic_tickets (
  number         VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ticket_id      BINARY(16) NOT NULL,
  sequence       BIGINT UNSIGNED NOT NULL,
  class_code     VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel        TINYINT UNSIGNED NOT NULL,
  line           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  figures        INT UNSIGNED NOT NULL,
  submitted_on   DATE NULL,
  accepted_on    DATE NULL,
  answered_on    DATE NULL,
  ended_on       DATE NULL,
  due_on         DATE NULL,
  called_back_on DATE NULL,
  rated_on       DATE NULL,
  nodes          BLOB NOT NULL,
  PRIMARY KEY (number),
  KEY ix_statistic_tickets_submitted (submitted_on),
  KEY ix_statistic_tickets_accepted (accepted_on),
  KEY ix_statistic_tickets_answered (answered_on),
  KEY ix_statistic_tickets_ended (ended_on),
  KEY ix_statistic_tickets_due (due_on),
  KEY ix_statistic_tickets_called_back (called_back_on),
  KEY ix_statistic_tickets_rated (rated_on)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The nodes of statistic_tickets.nodes, one row each: the rows behind every figure. Not ticket_scopes, because that
-- follows the tree as it stands today, while a figure must open to the very tickets that it counts.
CREATE TABLE IF NOT EXISTS statistic_scopes (
  node_id BINARY(16) NOT NULL,
  number  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (node_id, number)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Figures per day, of townships and all above: a window of ten years is 3,653 rows, however many tickets there are. A row
-- exists while one of its figures is not zero, and UNSIGNED stops the projection rather than let a count go negative.
-- Villages have no rows: with a thousand tickets each over many years, most would count a single ticket, and together
-- they would outgrow the tickets. Their figures are counted from statistic_scopes and statistic_tickets.
CREATE TABLE IF NOT EXISTS statistics (
  node_id               BINARY(16) NOT NULL,
  day                   DATE NOT NULL,
  submitted             INT UNSIGNED NOT NULL,
  accepted              INT UNSIGNED NOT NULL,
  not_accepted          INT UNSIGNED NOT NULL,
  answered              INT UNSIGNED NOT NULL,
  closed                INT UNSIGNED NOT NULL,
  withdrawn             INT UNSIGNED NOT NULL,
  reopened              INT UNSIGNED NOT NULL,
  closure               INT UNSIGNED NOT NULL,
  closure_base          INT UNSIGNED NOT NULL,
  on_time_closure       INT UNSIGNED NOT NULL,
  on_time_closure_base  INT UNSIGNED NOT NULL,
  response              INT UNSIGNED NOT NULL,
  response_base         INT UNSIGNED NOT NULL,
  resolution            INT UNSIGNED NOT NULL,
  resolution_base       INT UNSIGNED NOT NULL,
  satisfaction          INT UNSIGNED NOT NULL,
  satisfaction_base     INT UNSIGNED NOT NULL,
  satisfied_only        INT UNSIGNED NOT NULL,
  mostly_satisfied_only INT UNSIGNED NOT NULL,
  PRIMARY KEY (node_id, day)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The same per class, channel and line, of districts and the municipality, for figures that are filtered. A township has
-- few enough tickets to count them, for the reason above.
CREATE TABLE IF NOT EXISTS statistic_details (
  node_id               BINARY(16) NOT NULL,
  day                   DATE NOT NULL,
  class_code            VARCHAR(6) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel               TINYINT UNSIGNED NOT NULL,
  line                  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  submitted             INT UNSIGNED NOT NULL,
  accepted              INT UNSIGNED NOT NULL,
  not_accepted          INT UNSIGNED NOT NULL,
  answered              INT UNSIGNED NOT NULL,
  closed                INT UNSIGNED NOT NULL,
  withdrawn             INT UNSIGNED NOT NULL,
  reopened              INT UNSIGNED NOT NULL,
  closure               INT UNSIGNED NOT NULL,
  closure_base          INT UNSIGNED NOT NULL,
  on_time_closure       INT UNSIGNED NOT NULL,
  on_time_closure_base  INT UNSIGNED NOT NULL,
  response              INT UNSIGNED NOT NULL,
  response_base         INT UNSIGNED NOT NULL,
  resolution            INT UNSIGNED NOT NULL,
  resolution_base       INT UNSIGNED NOT NULL,
  satisfaction          INT UNSIGNED NOT NULL,
  satisfaction_base     INT UNSIGNED NOT NULL,
  satisfied_only        INT UNSIGNED NOT NULL,
  mostly_satisfied_only INT UNSIGNED NOT NULL,
  PRIMARY KEY (node_id, day, class_code, channel, line)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
