-- What waits for its place.
CREATE TABLE audit_intake (
    number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    record TEXT NOT NULL
);
CREATE TRIGGER audit_intake_no_update BEFORE UPDATE ON audit_intake
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
-- Only what has its place leaves the intake.
CREATE TRIGGER audit_intake_no_delete BEFORE DELETE ON audit_intake
WHEN NOT EXISTS (SELECT 1 FROM audit_record WHERE intake = OLD.number)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_record_no_update BEFORE UPDATE ON audit_record
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_record_no_delete BEFORE DELETE ON audit_record
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_hash_no_update BEFORE UPDATE ON audit_hash
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_hash_no_delete BEFORE DELETE ON audit_hash
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_key_no_update BEFORE UPDATE ON audit_key
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_key_no_delete BEFORE DELETE ON audit_key
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_state_no_delete BEFORE DELETE ON audit_state
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_state_grows BEFORE UPDATE ON audit_state
WHEN NEW.size < OLD.size OR NEW.last_event < OLD.last_event OR NEW.origin <> OLD.origin
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
