-- Raised whenever the tree gives a ticket other scope rows, without being a change of the ticket.
ALTER TABLE tickets ADD COLUMN scope_version INT UNSIGNED NOT NULL DEFAULT 0;
