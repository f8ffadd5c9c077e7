-- What comes from a partner. NULL in all of these: it is our own.
-- The partner's DID.
ALTER TABLE catalogue_resource ADD COLUMN partner TEXT;
-- The detached signature over the bytes in `original`.
ALTER TABLE catalogue_resource ADD COLUMN signature TEXT;
ALTER TABLE catalogue_resource ADD COLUMN received_at TIMESTAMP;
-- Until when it is used unless the partner confirms it, whatever it says itself.
ALTER TABLE catalogue_resource ADD COLUMN holds_until TIMESTAMP;
-- Units by the partner's last report, which travels without the offer, and when that was so.
ALTER TABLE catalogue_resource ADD COLUMN units BIGINT;
ALTER TABLE catalogue_resource ADD COLUMN units_as_of TIMESTAMP;
CREATE INDEX catalogue_resource_by_partner ON catalogue_resource (partner, class) WHERE partner IS NOT NULL;
