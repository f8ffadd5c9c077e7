-- Logins that were begun at an issuer and have not come back.
CREATE TABLE iam_login_attempt (
    -- The hash of `state` (RFC 6749, section 10.12).
    state TEXT PRIMARY KEY NOT NULL,
    -- The hash of the value that the same browser has in a cookie.
    browser TEXT NOT NULL,
    issuer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    -- The code verifier (RFC 7636, section 4.1).
    verifier TEXT NOT NULL,
    return_to TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX iam_login_attempt_expires_at ON iam_login_attempt (expires_at);
