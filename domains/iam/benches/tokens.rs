//! What it costs to authenticate with a token, beside 10 and beside 1,000,000
//! revoked ones, on both databases.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing set-up ends the bench")]

use criterion::{Criterion, criterion_group, criterion_main};
use hansa_iam::{
    GrantScope, Iam, IamOptions, MIGRATIONS, Principal, Role, Rooms, account::NewServiceAccount,
    testing::revoked_tokens, token::NewToken,
};
use hansa_repository::{
    ambient::{RandomIds, SystemClock},
    testing::{TestDatabase, postgres, sqlite},
};
use std::{hint::black_box, sync::Arc};

/// Revoked tokens beside the one that is used.
const COUNTS: [u32; 2] = [10, 1_000_000];

fn authenticate(criterion: &mut Criterion, name: &str, database: &TestDatabase) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
    let options = IamOptions::default();
    let iam = Iam::new(Rooms { database: database.database(), clock, ids, options }).unwrap();
    let (owner, token) = runtime.block_on(async {
        let over = GrantScope::Project("acme/web".parse().unwrap());
        let new = NewServiceAccount { name: "ci".to_owned(), over, role: Role::UseCaseUser };
        let owner = iam.service_account_create(new, &Principal::local()).await.unwrap().id;
        let made = iam
            .token_create(owner, NewToken { name: "x".to_owned(), ..NewToken::default() }, &Principal::local())
            .await
            .unwrap();
        (owner, made.secret)
    });
    let mut there = 0;
    for count in COUNTS {
        runtime.block_on(revoked_tokens(&database.database(), owner, count - there)).unwrap();
        there = count;
        criterion.bench_function(&format!("{name}: beside {count} revoked"), |bencher| {
            bencher.iter(|| black_box(runtime.block_on(iam.authenticate_bearer(token.reveal())).unwrap()));
        });
    }
}

fn benches(criterion: &mut Criterion) {
    authenticate(criterion, "sqlite", &sqlite(&[MIGRATIONS]));
    if let Some(database) = postgres(&[MIGRATIONS]) {
        authenticate(criterion, "postgresql", &database);
    }
}

criterion_group!(tokens, benches);
criterion_main!(tokens);
