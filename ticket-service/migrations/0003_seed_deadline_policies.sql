-- Defaults until an installation sets its own. Urgency 1 NORMAL, 2 URGENT, 3 EMERGENCY; clock 1 WALL (minutes),
-- 2 WORKDAY (working days). Yellow at two thirds or one working day; silence closes after 7 days, the window is 30.
INSERT IGNORE INTO deadline_policies
  (class_code, urgency, valid_from, valid_to, accept_clock, accept_amount, dispatch_clock, dispatch_amount,
   acknowledge_clock, acknowledge_amount, finish_clock, finish_amount, yellow_numerator, yellow_denominator,
   yellow_working_days, silence_days, window_days, source) VALUES
  ('', 1, '2000-01-01', '9999-12-31', 2, 1, 2, 1, 2, 1, 2, 15, 2, 3, 1, 7, 30, '默认时限'),
  ('', 2, '2000-01-01', '9999-12-31', 1, 120, 1, 120, 1, 30, 1, 1440, 2, 3, 1, 7, 30, '默认时限'),
  ('', 3, '2000-01-01', '9999-12-31', 1, 30, 1, 30, 1, 15, 1, 120, 2, 3, 1, 7, 30, '默认时限');
