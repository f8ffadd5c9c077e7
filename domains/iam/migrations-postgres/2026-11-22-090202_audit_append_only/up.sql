-- What waits for its place.
CREATE TABLE audit_intake (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record TEXT NOT NULL
);
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
-- Only what has its place leaves the intake.
CREATE FUNCTION audit_intake_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_record WHERE intake = OLD.number) THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION audit_state_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size < OLD.size OR NEW.last_event < OLD.last_event OR NEW.origin <> OLD.origin THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_intake_no_change BEFORE UPDATE OR TRUNCATE ON audit_intake
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_intake_no_delete BEFORE DELETE ON audit_intake
FOR EACH ROW EXECUTE FUNCTION audit_intake_sealed();
CREATE TRIGGER audit_record_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_hash_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_hash
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_checkpoint_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_key_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_key
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_state_no_delete BEFORE DELETE OR TRUNCATE ON audit_state
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_state_grows BEFORE UPDATE ON audit_state
FOR EACH ROW EXECUTE FUNCTION audit_state_grows();
