//! What brokers say to each other under `/federation/v1`: JSON, camelCase
//! names, times in UTC as RFC 3339, ids chosen by the caller. Members that a
//! reader doesn't know are passed over, unless the type says otherwise.

mod agreement;
mod feed;
mod hold;
mod invitation;
mod order;
mod partner;
mod problem;
mod settlement;
mod usage;

pub use agreement::{AgreementDocument, AgreementEvent, AgreementEventKind};
pub use feed::{CapacityReport, Change, FeedItem, FeedPage, Tombstone};
pub use hold::{HoldAnswer, HoldRequest, HoldState};
pub use invitation::{Invitation, secret_hash};
pub use order::{LogLine, OrderLogs, OrderPage, OrderPut};
pub use partner::{AcceptAnswer, AcceptRequest, Hint, HintKind, KeyLists, PartnerState, PeerStatus};
pub use problem::{Problem, ProblemKind};
pub use settlement::{
    ClaimAnswer, ClaimVerdict, ClaimWithdrawal, DisputedRecord, StatementAnswer, StatementDispute, StatementProposal,
    StatementRequest, StatementVerdict,
};
pub use usage::{
    ReportedStretch, ServiceReport, UsageAcknowledgement, UsagePage, UsageReason, UsageRecord, UsageVerdict,
};

/// The path below the broker's base URL.
pub const BASE: &str = "/federation/v1";
