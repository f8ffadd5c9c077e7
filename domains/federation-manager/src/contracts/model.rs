//! Negotiations and agreements as this broker keeps them.

use chrono::{DateTime, Utc};
use hansa_federation::{
    SignedDocument,
    dsp::{
        Context, ContractNegotiation, Policy,
        negotiation::{Role, State},
    },
    wire::AgreementEventKind,
};
use hansa_ontology::{Money, OfferId, offer::ComplianceClaim, site::EnergyProfile, sla::Sla};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A negotiation by the Dataspace Protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Negotiation {
    /// Our id of it.
    pub id: String,
    /// With whom: a DID.
    pub partner: String,
    /// Who we are in it.
    pub role: Role,
    /// The partner's id of it, once it is known.
    pub peer_pid: Option<String>,
    /// The base URL for messages to the partner where that isn't its
    /// endpoint's: conformance tests only.
    pub address: Option<String>,
    /// Where it stands. None: our first message isn't acknowledged yet.
    pub state: Option<State>,
    /// The offer: the dataset's id.
    pub offer: String,
    /// The digest of the offer's signed document; empty: it isn't ours.
    pub digest: String,
    /// What is on the table.
    pub terms: Policy,
    /// What is negotiated about, as the one who has it saw it when it was chosen or agreed.
    pub subject: Option<Subject>,
    /// What was agreed.
    pub agreement: Option<Policy>,
    /// Our message that isn't acknowledged yet. Its effect is committed when it is.
    pub pending: Option<Value>,
    /// SHA-256 of the messages that came, base64url, so that one that comes again changes nothing.
    pub received: Vec<String>,
    /// Why it was terminated.
    pub reason: Option<String>,
    /// Nothing more is to be done about it.
    pub closed: bool,
    /// Since when it is in this state.
    pub since: DateTime<Utc>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// Grows with each change: for compare and swap.
    #[serde(default)]
    pub version: i64,
}

impl Negotiation {
    /// One that begins now, about an offer and these terms.
    pub(super) fn begun(
        id: String,
        partner: &str,
        role: Role,
        (offer, digest): (String, String),
        terms: Policy,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            partner: partner.to_owned(),
            role,
            peer_pid: None,
            address: None,
            state: None,
            offer,
            digest,
            terms,
            subject: None,
            agreement: None,
            pending: None,
            received: Vec::new(),
            reason: None,
            closed: false,
            since: now,
            created_at: now,
            version: 0,
        }
    }

    /// The ids as the protocol orders them: the provider's, the consumer's.
    #[must_use]
    pub fn pids(&self) -> (String, String) {
        let peer = self.peer_pid.clone().unwrap_or_default();
        match self.role {
            Role::Provider => (self.id.clone(), peer),
            Role::Consumer => (peer, self.id.clone()),
        }
    }

    /// Where it stands, as it is told to the partner.
    #[must_use]
    pub fn standing(&self) -> ContractNegotiation {
        let (provider_pid, consumer_pid) = self.pids();
        let state = self.state.unwrap_or(State::Requested);
        ContractNegotiation { context: Context::default(), provider_pid, consumer_pid, state }
    }

    /// Moves to a state; the caller has asked the protocol's table.
    pub(super) fn move_to(&mut self, state: State, now: DateTime<Utc>) {
        if self.state != Some(state) {
            self.state = Some(state);
            self.since = now;
        }
    }
}

/// Where an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AgreementState {
    /// Finalized; one of the two signatures is missing.
    Unsigned,
    /// It stands: orders go under it.
    Active,
    /// No new orders; those under it go on.
    Retired,
    /// One side didn't keep it: no new orders.
    Breached,
    /// Its time is over: no new orders.
    Expired,
}

/// What happens to an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgreementChange {
    /// The second signature is there.
    Sign,
    /// One side wants no new orders under it.
    Retire,
    /// One side didn't keep it.
    Breach,
    /// Its time is over.
    Expire,
}

impl AgreementState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Unsigned, Self::Active, Self::Retired, Self::Breached, Self::Expired];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "UNSIGNED",
            Self::Active => "ACTIVE",
            Self::Retired => "RETIRED",
            Self::Breached => "BREACHED",
            Self::Expired => "EXPIRED",
        }
    }

    /// The state after a change; None: it can't happen in this state.
    #[must_use]
    pub const fn after(self, change: AgreementChange) -> Option<Self> {
        use AgreementChange as On;
        match (self, change) {
            (Self::Unsigned, On::Sign) => Some(Self::Active),
            (Self::Unsigned | Self::Active, On::Retire) => Some(Self::Retired),
            (Self::Unsigned | Self::Active | Self::Retired, On::Breach) => Some(Self::Breached),
            (Self::Unsigned | Self::Active | Self::Retired, On::Expire) => Some(Self::Expired),
            _ => None,
        }
    }
}

impl AgreementChange {
    /// All changes.
    pub const ALL: [Self; 4] = [Self::Sign, Self::Retire, Self::Breach, Self::Expire];
}

/// The clauses of an agreement, taken from the signed offer for those who read
/// it without reading RDF.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clauses {
    /// The price of one unit for one hour.
    pub price_per_hour: Money,
    /// What is promised, with its remedies.
    pub sla: Option<Sla>,
    /// Energy and carbon: the offer's own, or the site's.
    pub energy: Option<EnergyProfile>,
    /// The laws that apply where it is delivered.
    pub jurisdictions: Vec<String>,
    /// What the provider claims to comply with.
    pub claims: Vec<ComplianceClaim>,
}

/// The signed offer that is negotiated about, with what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// The document as it was published.
    pub document: Option<SignedDocument>,
    /// What it says.
    pub clauses: Clauses,
    /// Until when it may be ordered.
    pub valid_through: Option<DateTime<Utc>>,
}

/// The end of an agreement that the partner is still to be told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Untold {
    /// What became of it.
    pub event: AgreementEventKind,
    /// When.
    pub at: DateTime<Utc>,
}

/// What was agreed with a partner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// Its id, which the provider chose.
    pub id: String,
    /// With whom: a DID.
    pub partner: String,
    /// Who we are in it.
    pub role: Role,
    /// The negotiation that brought it: our id.
    pub negotiation: String,
    /// The offer.
    pub offer: OfferId,
    /// The digest of the offer's signed document.
    pub digest: String,
    /// The offer's document as it was published, with the provider's signature.
    pub offer_document: Option<SignedDocument>,
    /// What it says, for people and programs.
    pub clauses: Option<Clauses>,
    /// The ODRL agreement as it was sent.
    pub policy: Policy,
    /// The agreement's bytes with our signature.
    pub ours: Option<SignedDocument>,
    /// The same bytes with the partner's signature.
    pub theirs: Option<SignedDocument>,
    /// Where it stands.
    pub state: AgreementState,
    /// Why, where somebody gave a reason.
    pub reason: Option<String>,
    /// Its end, until the partner is told.
    pub untold: Option<Untold>,
    /// When it was agreed.
    pub agreed_at: DateTime<Utc>,
    /// Until when it stands; None: until one side retires it.
    pub valid_through: Option<DateTime<Utc>>,
}

impl Agreement {
    /// Whether orders go under it now.
    #[must_use]
    pub fn stands(&self, now: DateTime<Utc>) -> bool {
        self.state == AgreementState::Active && self.valid_through.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: rows are states, columns changes, in the order of `ALL`.
    const TABLE: [[&str; 4]; 5] = [
        ["ACTIVE", "RETIRED", "BREACHED", "EXPIRED"],
        ["-", "RETIRED", "BREACHED", "EXPIRED"],
        ["-", "-", "BREACHED", "EXPIRED"],
        ["-", "-", "-", "-"],
        ["-", "-", "-", "-"],
    ];

    #[test]
    fn every_state_with_every_change() {
        for (state, row) in AgreementState::ALL.into_iter().zip(TABLE) {
            for (change, expected) in AgreementChange::ALL.into_iter().zip(row) {
                assert_eq!(state.after(change).map_or("-", AgreementState::name), expected, "{state:?} {change:?}");
            }
        }
    }
}
