//! Forged tokens, and issuers that misbehave.
