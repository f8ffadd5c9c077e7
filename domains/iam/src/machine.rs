//! Who may speak for a rented machine: its agent.
//!
//! The machine's first boot brings a token, which anybody on the machine may
//! read (a cloud's metadata service tells it to all). So the token does one
//! thing, once: the agent gets a secret of its own for it. The token is a keyed
//! digest of the machine's id (HMAC-SHA-256 under a key that is derived from the
//! broker's sealing key). It is good again when the machine has vanished and is
//! made anew: a cloud is asked for the new one before it is known that the old
//! one is gone, so both boot with the same user data.

use crate::{
    IamError, SealingKey, Secret,
    secret::{hex, named, same},
    store::machine::{self as store, MachineRow},
};
use aws_lc_rs::hmac;
use hansa_ontology::MachineId;
use hansa_repository::{Connection, Database, RepositoryError};
use std::fmt;

/// What the token of a machine's first boot begins with.
const TOKEN: &str = "hansa_boot_";
/// What the secret of an agent begins with.
const SECRET: &str = "hansa_agent_";

/// Makes and checks what agents show. Clones share everything.
#[derive(Clone)]
pub struct MachineTokens {
    database: Database,
    key: hmac::Key,
}

impl fmt::Debug for MachineTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MachineTokens(…)")
    }
}

impl MachineTokens {
    /// Tokens under a key that is derived from this one.
    #[must_use]
    pub fn new(database: Database, key: &SealingKey) -> Self {
        Self { database, key: key.of_machines() }
    }

    /// The token of a machine's first boot: the same each time. The machine is expected from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn boot_token(&self, machine: MachineId) -> Result<Secret, IamError> {
        let known = self.database.read(move |connection| store::find(connection, machine)).await?;
        if known.is_none() {
            self.database.write(move |connection| expect(connection, machine)).await?;
        }
        Ok(Secret::new(format!("{TOKEN}{}_{}", machine.0.simple(), self.digest(machine))))
    }

    /// Lets an agent in, once: the secret that it shows from then on.
    ///
    /// # Errors
    /// `Unauthenticated` when the token isn't one of this broker's, is of a
    /// machine that is no more, or was used already.
    pub async fn enrol(&self, token: &str) -> Result<(MachineId, Secret), IamError> {
        let (row, machine) = self.of_token(token).await?;
        if row.hash.is_some() {
            let text = "the token was used already: it is good once; the machine's agent has a secret of its own";
            return Err(IamError::unauthenticated(text));
        }
        let secret = Secret::new(format!("{SECRET}{}_{}", machine.0.simple(), Secret::random()?.reveal()));
        let after = MachineRow { hash: Some(secret.hash()), ..row.clone() };
        let won = self.database.write(move |connection| store::update(connection, &row, &after)).await?;
        if !won {
            return Err(IamError::unauthenticated("another was let in with this token at the same moment"));
        }
        Ok((machine, secret))
    }

    /// Whose token of a first boot it is, used or not.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn booting(&self, token: &str) -> Result<MachineId, IamError> {
        Ok(self.of_token(token).await?.1)
    }

    /// Which machine's agent shows this secret.
    ///
    /// # Errors
    /// `Unauthenticated` when no machine's agent has it, or not any more.
    pub async fn speaker(&self, secret: &str) -> Result<MachineId, IamError> {
        let refused = || IamError::unauthenticated("no agent of a machine of this broker has this secret");
        let machine = MachineId(named(secret, SECRET).ok_or_else(refused)?.0);
        let row = self.database.read(move |connection| store::find(connection, machine)).await?.ok_or_else(refused)?;
        let known = row.hash.ok_or_else(refused)?;
        if same(&known, &Secret::new(secret).hash()) { Ok(machine) } else { Err(refused()) }
    }

    /// The machine has vanished and is made anew: the secret is void, and the token lets one in again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn made_anew(&self, machine: MachineId) -> Result<(), IamError> {
        let renew = move |connection: &mut Connection| -> Result<(), RepositoryError> {
            let Some(row) = store::find(connection, machine)? else { return Ok(()) };
            let after = MachineRow { hash: None, ..row.clone() };
            store::update(connection, &row, &after).map(drop)
        };
        Ok(self.database.write(renew).await?)
    }

    /// The machine is no more. Forgotten already is success.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, machine: MachineId) -> Result<(), IamError> {
        Ok(self.database.write(move |connection| store::delete(connection, machine)).await?)
    }

    async fn of_token(&self, token: &str) -> Result<(MachineRow, MachineId), IamError> {
        let refused = || {
            IamError::unauthenticated("the token is not one that this broker gave to a machine, or not to one it rents")
        };
        let (id, digest) = named(token, TOKEN).ok_or_else(refused)?;
        let machine = MachineId(id);
        let row = self.database.read(move |connection| store::find(connection, machine)).await?.ok_or_else(refused)?;
        if same(digest, &self.digest(machine)) { Ok((row, machine)) } else { Err(refused()) }
    }

    fn digest(&self, machine: MachineId) -> String {
        hex(hmac::sign(&self.key, format!("hansa machine 1\n{machine}").as_bytes()).as_ref())
    }
}

/// Two may expect the same machine at once.
fn expect(connection: &mut Connection, machine: MachineId) -> Result<(), RepositoryError> {
    if store::find(connection, machine)?.is_some() {
        return Ok(());
    }
    store::insert(connection, &MachineRow { machine: machine.to_string(), hash: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MIGRATIONS;
    use hansa_repository::DatabaseUrl;
    use uuid::Uuid;

    fn tokens() -> (tempfile::TempDir, MachineTokens) {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("db").display());
        let database = Database::open(&url.parse::<DatabaseUrl>().unwrap(), &[MIGRATIONS]).unwrap();
        let key = SealingKey::in_file(&directory.path().join("k")).unwrap();
        (directory, MachineTokens::new(database, &key))
    }

    #[tokio::test]
    async fn a_token_lets_one_agent_in_once() {
        let ((_directory, tokens), machine) = (tokens(), MachineId(Uuid::from_u128(1)));
        let token = tokens.boot_token(machine).await.unwrap();
        assert_eq!(token, tokens.boot_token(machine).await.unwrap(), "user data stays the same");
        assert_eq!(tokens.booting(token.reveal()).await.unwrap(), machine);
        let (whose, secret) = tokens.enrol(token.reveal()).await.unwrap();
        assert_eq!(whose, machine);
        assert_eq!(tokens.speaker(secret.reveal()).await.unwrap(), machine);
        assert!(tokens.enrol(token.reveal()).await.is_err(), "once");
        assert!(tokens.speaker(token.reveal()).await.is_err(), "the token speaks for nobody");
        let other = tokens.boot_token(MachineId(Uuid::from_u128(2))).await.unwrap();
        let borrowed = other.reveal().replace(&format!("{:032x}", 2), &format!("{:032x}", 1));
        assert!(tokens.enrol(&borrowed).await.is_err(), "another's digest");
    }

    #[tokio::test]
    async fn a_machine_that_is_made_anew_is_another_one() {
        let ((_directory, tokens), machine) = (tokens(), MachineId(Uuid::from_u128(3)));
        let token = tokens.boot_token(machine).await.unwrap();
        let (_, secret) = tokens.enrol(token.reveal()).await.unwrap();
        tokens.made_anew(machine).await.unwrap();
        assert!(tokens.speaker(secret.reveal()).await.is_err(), "the one that vanished");
        let (_, fresh) = tokens.enrol(token.reveal()).await.unwrap();
        assert_ne!(fresh, secret);
        tokens.forget(machine).await.unwrap();
        tokens.forget(machine).await.unwrap();
        assert!(tokens.booting(token.reveal()).await.is_err(), "it is no more");
        assert!(tokens.speaker(fresh.reveal()).await.is_err());
    }
}
