-- The statements of one call of each operation, as ticket-service sends them, frozen as the bench's floor. When the service
-- has come to send others, the bench says so and names the first; `./qungong bench --record` prints what it sends now, from
-- the server's log. Put that here, with names instead of the values:
--   :ticket                        some ticket that is there
--   :account :unit :village        of the bench's world
--   :today :year :now :from :to    days and instants
--   :yesterday                     a day before now: what the floor writes cannot be opened, so it must not be on the first
--                                  page of a list
--   :new.ticket :new.event …       made anew for each transaction
--   :tickets.state                 TABLE.COLUMN, as in the rows of some ticket that the service wrote; TABLE2.COLUMN is of
--                                  the second such row
--   :=1                            a constant
--   :@1                            column 1, from 0, of all rows of the result before
-- A statement ends with ";" at the end of a line; with ";+" the next one goes in the same round trip.

-- == submit
START TRANSACTION;
INSERT INTO idempotency_keys (principal, method, request_id, body_hash, event_id, expires_at)
VALUES (:idempotency_keys.principal, :idempotency_keys.method, :new.request, :idempotency_keys.body_hash, :new.event,
  :idempotency_keys.expires_at);
SELECT n.id, n.kind, n.level, n.subkind, n.line, l.display_name, l.code, n.division_id, n.unit_id, u.id
  FROM directory_labels p JOIN directory_nodes d ON d.id = p.node_id
  JOIN directory_closure c ON c.tree = :=1 AND c.descendant_id = d.id AND c.valid_from <= :today AND c.valid_to > :today
  JOIN directory_nodes n ON n.id = c.ancestor_id AND n.valid_from <= :today AND n.valid_to > :today
  JOIN directory_labels l ON l.node_id = n.id AND l.valid_from <= :today AND l.valid_to > :today
  LEFT JOIN directory_nodes u ON u.division_id = n.id AND u.kind = :=2 AND u.line = '' AND u.valid_from <= :today
  AND u.valid_to > :today
  WHERE d.kind = :=1 AND d.valid_from <= :today AND d.valid_to > :today AND p.code = :labels.code
  AND p.valid_from <= :today AND p.valid_to > :today ORDER BY c.depth;
SELECT c.code, c.display_name, c.line, c.valid_from, c.valid_to,
    NOT EXISTS (SELECT 1 FROM ticket_classes d WHERE d.code LIKE CONCAT(c.code, '__') AND d.valid_from <= :today
      AND d.valid_to > :today),
    p.class_code, p.urgency, p.valid_from, p.valid_to, p.accept_clock, p.accept_amount, p.dispatch_clock,
    p.dispatch_amount, p.acknowledge_clock, p.acknowledge_amount, p.finish_clock, p.finish_amount,
    p.yellow_numerator, p.yellow_denominator, p.yellow_working_days, p.silence_days, p.window_days, p.source
  FROM ticket_classes c LEFT JOIN deadline_policies p ON p.valid_from <= :today AND p.valid_to > :today
    AND p.urgency = :tickets.urgency
    AND p.class_code IN ('', SUBSTRING(c.code, 1, 2), SUBSTRING(c.code, 1, 4), c.code)
  WHERE c.valid_from <= :today AND c.valid_to > :today AND c.code = :tickets.class_code
  ORDER BY LENGTH(p.class_code) DESC LIMIT 1;
SELECT record FROM directory_calendars WHERE year >= :year AND year <= :year2 ORDER BY year LOCK IN SHARE MODE;
SELECT ancestor_id, valid_from, valid_to FROM directory_closure
  WHERE tree = :=2 AND descendant_id = :tickets.intake_unit_id AND valid_to > :today ORDER BY depth LOCK IN SHARE MODE;
INSERT INTO due_rows (kind, subject_id, id, due_at, detail)
VALUES (:due_rows.kind, :new.ticket, :new.due, :due_rows.due_at, :due_rows.detail)
ON DUPLICATE KEY UPDATE id = VALUES(id), due_at = VALUES(due_at), detail = VALUES(detail);+
INSERT INTO subject_keys (id, subject, master_id, wrapped)
VALUES (:new.ticket, :new.subject, :subject_keys.master_id, :subject_keys.wrapped);+
INSERT INTO tickets (id, number, version, state, class_code, class_name, line, channel, urgency, secrecy,
    division_id, division_name, intake_unit_id, cycle, clock_kind, clock_started_at, clock_due_at, clock_provisional,
    light, accept_due_at, finish_due_at, expected_on, expected_provisional, submitted_at, close_reason, rating,
    key_id, original, original_digest, reporter, phone_index, tracking_index)
  VALUES (:new.ticket, :new.number, 1, :tickets.state, :tickets.class_code, :tickets.class_name, :tickets.line,
    :tickets.channel, :tickets.urgency, :tickets.secrecy, :tickets.division_id, :tickets.division_name,
    :tickets.intake_unit_id, :tickets.cycle, :tickets.clock_kind, :now, :tickets.clock_due_at,
    :tickets.clock_provisional, :tickets.light, :tickets.accept_due_at, :tickets.finish_due_at, :tickets.expected_on,
    :tickets.expected_provisional, :yesterday, 0, :tickets.rating, :new.ticket, :tickets.original, :tickets.original_digest,
    :tickets.reporter, :tickets.phone_index, :tickets.tracking_index);+
INSERT IGNORE INTO ticket_units (ticket_id, unit_id) VALUES (:new.ticket, :tickets.intake_unit_id);+
INSERT INTO ticket_scopes (node_id, ticket_id, submitted_at, state, class_code, line, channel, light, division_id,
    lead_unit_id, due_at, number)
VALUES (:ticket_scopes1.node_id, :new.ticket, :yesterday, :tickets.state, :tickets.class_code, :tickets.line, :tickets.channel,
    :tickets.light, :tickets.division_id, :tickets.lead_unit_id, :tickets.clock_due_at, :new.number),
  (:ticket_scopes2.node_id, :new.ticket, :yesterday, :tickets.state, :tickets.class_code, :tickets.line, :tickets.channel,
    :tickets.light, :tickets.division_id, :tickets.lead_unit_id, :tickets.clock_due_at, :new.number),
  (:ticket_scopes3.node_id, :new.ticket, :yesterday, :tickets.state, :tickets.class_code, :tickets.line, :tickets.channel,
    :tickets.light, :tickets.division_id, :tickets.lead_unit_id, :tickets.clock_due_at, :new.number),
  (:ticket_scopes4.node_id, :new.ticket, :yesterday, :tickets.state, :tickets.class_code, :tickets.line, :tickets.channel,
    :tickets.light, :tickets.division_id, :tickets.lead_unit_id, :tickets.clock_due_at, :new.number);+
INSERT INTO events (month, id, collection, aggregate_id, version, kind, occurred_at, actor, payload_type, payload,
                    key_id, image, digest, retention_years)
VALUES (:events.month, :new.event, :events.collection, :new.ticket, :events.version, :events.kind, :now, :events.actor,
  :events.payload_type, :new.payload, :new.ticket, :events.image, :events.digest, :events.retention_years);
COMMIT;

-- == get
START TRANSACTION READ ONLY;
SELECT role, node_id, line FROM directory_grants
  WHERE principal = :account AND valid_from <= :today AND valid_to > :today;
SELECT 1 FROM ticket_scopes WHERE ticket_id = :ticket AND (node_id = :unit) LIMIT 1;
SELECT
  id, number, version, state, class_code, class_name, line, channel, urgency, secrecy, division_id, division_name,
  intake_unit_id, lead_unit_id, dispatching_unit_id, cycle, clock_kind, clock_started_at, clock_due_at,
  clock_provisional, light, accept_due_at, finish_due_at, cycle_started_at, expected_on, expected_provisional,
  submitted_at, accepted_at, dispatched_at, answered_at, closed_at, close_reason, refusal, rating, rated_at,
  texts, key_id, original, original_digest, reporter, phone_index IS NOT NULL, tracking_index, scope_version
  FROM tickets WHERE id = :ticket;
SELECT id, master_id, wrapped FROM subject_keys WHERE destroyed_at IS NULL AND id IN (:@36);
SELECT id, kind, state, cycle, unit_id, unit_name, dispatching_unit_id, created_at, acknowledge_due_at,
    acknowledged_at, acknowledger, submitted_at, submitter, contacted_at, ended_at, texts
  FROM assignments WHERE ticket_id = :ticket ORDER BY ordinal;
SELECT id, cycle, unit_id, asker, asked_at, adjudicating_unit_id, ruling, adjudicator, ruled_at, texts
  FROM return_requests WHERE ticket_id = :ticket ORDER BY asked_at, id;
SELECT id, cycle, decision, reviewer, reviewed_at, texts FROM reviews WHERE ticket_id = :ticket ORDER BY ordinal;
SELECT cycle, unit_id, unit_name, delivered_at, texts FROM answers WHERE ticket_id = :ticket ORDER BY cycle;
SELECT id, cycle, responded, resolved, satisfaction, caller, called_at, texts
  FROM callbacks WHERE ticket_id = :ticket ORDER BY ordinal;
COMMIT;

-- == list
START TRANSACTION READ ONLY;
SELECT role, node_id, line FROM directory_grants
  WHERE principal = :account AND valid_from <= :today AND valid_to > :today;
SELECT s.submitted_at, s.ticket_id FROM ticket_scopes s WHERE (s.node_id = :unit)
  ORDER BY s.submitted_at DESC, s.ticket_id DESC LIMIT :=21;
SELECT
  id, number, version, state, class_code, class_name, line, channel, urgency, secrecy, division_id, division_name,
  intake_unit_id, lead_unit_id, dispatching_unit_id, cycle, clock_kind, clock_started_at, clock_due_at,
  clock_provisional, light, accept_due_at, finish_due_at, cycle_started_at, expected_on, expected_provisional,
  submitted_at, accepted_at, dispatched_at, answered_at, closed_at, close_reason, refusal, rating, rated_at,
  texts, key_id, original, original_digest, reporter, phone_index IS NOT NULL, tracking_index, scope_version
  FROM tickets WHERE id IN (:@1);
SELECT id, master_id, wrapped FROM subject_keys WHERE destroyed_at IS NULL AND id IN (:@36);
COMMIT;

-- == dashboard
START TRANSACTION READ ONLY;
SELECT role, node_id, line FROM directory_grants
  WHERE principal = :account AND valid_from <= :today AND valid_to > :today;
SELECT ancestor_id FROM directory_closure
  WHERE tree = :=2 AND descendant_id = :unit AND valid_from <= :today AND valid_to > :today ORDER BY depth;
SELECT n.id, n.kind, n.level, n.subkind, n.line, l.display_name, l.code, n.division_id, n.unit_id
  FROM directory_nodes n JOIN directory_labels l ON l.node_id = n.id AND l.valid_from <= :today AND l.valid_to > :today
  AND n.valid_from <= :today AND n.valid_to > :today WHERE n.id IN (:unit);
SELECT COALESCE(SUM(submitted), 0), COALESCE(SUM(accepted), 0), COALESCE(SUM(not_accepted), 0), COALESCE(SUM(answered), 0),
  COALESCE(SUM(closed), 0), COALESCE(SUM(withdrawn), 0), COALESCE(SUM(reopened), 0), COALESCE(SUM(closure), 0),
  COALESCE(SUM(closure_base), 0), COALESCE(SUM(on_time_closure), 0), COALESCE(SUM(on_time_closure_base), 0), COALESCE(SUM(response), 0),
  COALESCE(SUM(response_base), 0), COALESCE(SUM(resolution), 0), COALESCE(SUM(resolution_base), 0), COALESCE(SUM(satisfaction), 0),
  COALESCE(SUM(satisfaction_base), 0), COALESCE(SUM(satisfied_only), 0), COALESCE(SUM(mostly_satisfied_only), 0)
  FROM statistics WHERE node_id = :unit AND day >= :from AND day < :to;
SELECT sequence FROM projections WHERE name = :=statistics;
COMMIT;
