-- What was promised and not kept, by the numbers of the events that tell of it.
-- `told` is when it was told, `ended` where the stretch ends that was judged
-- (seconds since 1970).
CREATE TABLE accounting_breach (
    sequence BIGINT PRIMARY KEY NOT NULL,
    project TEXT NOT NULL,
    told BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX accounting_breach_told ON accounting_breach (project, told);
CREATE INDEX accounting_breach_ended ON accounting_breach (project, ended);
