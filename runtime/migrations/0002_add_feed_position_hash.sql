-- The hash of the followed chain at the position: a source that was restored from a backup has another one there.
ALTER TABLE feed_positions ADD COLUMN hash VARBINARY(32) NOT NULL DEFAULT '';
