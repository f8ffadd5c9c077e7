//! A revocation counts at once in another broker on the same database.

use crate::issuer::room;
use hansa_iam::{
    ErrorKind, GrantScope, IamOptions, MIGRATIONS, Principal, Role, account::NewServiceAccount, token::NewToken,
};
use hansa_repository::{
    DatabaseOptions,
    testing::{HandClock, TestDatabase, postgres, sqlite},
};

async fn revoked_there_is_refused_here(database: &TestDatabase) {
    let clock = HandClock::default();
    // A database handle of its own, as another process has it: nothing in memory is shared.
    let second = database.reopen(&[MIGRATIONS], DatabaseOptions::default()).unwrap();
    let (one, other) =
        (room(database.database(), &clock, IamOptions::default()), room(second, &clock, IamOptions::default()));
    let over = GrantScope::Project("acme/web".parse().unwrap());
    let account = NewServiceAccount { name: "ci".into(), over, role: Role::UseCaseUser };
    let owner = one.service_account_create(account, &Principal::local()).await.unwrap().id;
    for _ in 0..20 {
        let new = NewToken { name: "x".into(), ..NewToken::default() };
        let made = one.token_create(owner, new, &Principal::local()).await.unwrap();
        let text = made.secret.reveal();
        other.authenticate_bearer(text).await.unwrap();
        one.token_revoke(owner, made.token.id).await.unwrap();
        // The very next use, without any wait.
        assert_eq!(other.authenticate_bearer(text).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
}

#[tokio::test]
async fn on_sqlite() {
    revoked_there_is_refused_here(&sqlite(&[MIGRATIONS])).await;
}

#[tokio::test]
async fn on_postgresql() {
    if let Some(database) = postgres(&[MIGRATIONS]) {
        revoked_there_is_refused_here(&database).await;
    }
}
