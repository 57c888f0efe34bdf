-- The statements of one call of each operation, as ticket-service sends them, frozen as the bench's floor. When the service
-- has come to send others, the bench says so and names the first; `./qungong bench --record` prints what it sends now, from
-- the server's log. Put that here, with names instead of the values:
--   :ticket                        some ticket that is there
--   :account :unit :village        of the bench's world
--   :today :year :now :from :to    days and instants
--   :new.ticket :new.event …       made anew for each transaction
--   :tickets.state                 TABLE.COLUMN, as in the rows of some ticket that the service wrote; TABLE2.COLUMN is of
--                                  the second such row
--   :=1                            a constant
--   :@1                            column 1, from 0, of all rows of the result before
-- A ";" at the end of a line ends a round trip; ";" and a blank there goes on with the same one.

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
