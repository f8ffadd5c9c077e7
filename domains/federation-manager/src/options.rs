//! How this room is set up.

use hansa_federation::AddressGuard;
use hansa_ontology::ProviderId;
use std::time::Duration;
use url::Url;

/// How this room is set up. [`FederationOptions::new`] gives the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationOptions {
    /// The name that partners show to their people.
    pub name: String,
    /// Where partners reach this broker: a base URL.
    pub endpoint: Url,
    /// The provider whose offers this broker sells.
    pub provider: ProviderId,
    /// Which addresses partners may be at.
    pub guard: AddressGuard,
    /// How often each partner is asked for what is new, which is the heartbeat too.
    pub pull_every: Duration,
    /// The longest that one pull from one partner may take; it goes on in the next.
    pub pull_budget: Duration,
    /// How many partners are pulled from at one time.
    pub pulls_at_a_time: usize,
    /// A partner that wasn't heard for longer has stale offers, which are shown and not planned with.
    pub stale_after: Duration,
    /// A partner that wasn't heard for longer is lost: what it runs is planned elsewhere.
    pub grace: Duration,
    /// How long a received offer that names no end holds after it was last confirmed.
    pub offer_max_age: Duration,
    /// The most live offers that one partner may have here.
    pub offers_per_partner: usize,
    /// The most sites of one partner: each is compared with each when latencies are looked up.
    pub sites_per_partner: usize,
    /// The most bytes of one received resource.
    pub resource_bytes: usize,
    /// The most bytes of one answer of a partner.
    pub answer_bytes: usize,
    /// The most entries of the quarantine for each partner; older ones go.
    pub quarantine_per_partner: usize,
    /// How long one call to a partner may take.
    pub call_timeout: Duration,
    /// How long an invitation can be accepted.
    pub invitation_valid: Duration,
    /// How long capacity is asked to be held, and held for a partner at most, before an order comes.
    pub hold_time: Duration,
    /// What one usage record covers at most.
    pub usage_period: Duration,
    /// By how much a partner's usage may exceed our own measure before it is disputed.
    pub usage_tolerance: Duration,
    /// By how much a claimed outage may be longer than our own measure before the claim is disputed.
    pub claim_tolerance: Duration,
    /// So long after a month's end its statement waits at least, for the last usage to come.
    pub settle_after: Duration,
    /// So long it waits at most for usage to be answered; then that is left out.
    pub settle_grace: Duration,
    /// After this time a dispute is listed as overdue.
    pub dispute_deadline: Duration,
    /// Calls to one partner at one time.
    pub calls_per_partner: usize,
    /// Names this process among those that share the database; one that starts
    /// again under the same name takes its work back at once.
    pub worker: String,
    /// Plays the Dataspace Protocol's conformance suite, with anonymous
    /// counterparts. For tests on loopback only.
    pub conformance: bool,
    /// Messages a second that one partner may send, on average.
    pub rate_per_second: u32,
    /// Messages that one partner may send at once.
    pub rate_burst: u32,
}

impl FederationOptions {
    /// The defaults for a broker that is reached at `endpoint` and sells the offers of `provider`.
    #[must_use]
    pub fn new(name: impl Into<String>, endpoint: Url, provider: ProviderId) -> Self {
        Self {
            name: name.into(),
            endpoint,
            provider,
            guard: AddressGuard::strict(),
            pull_every: Duration::from_secs(10),
            pull_budget: Duration::from_secs(60),
            pulls_at_a_time: 4,
            stale_after: Duration::from_secs(60),
            grace: Duration::from_secs(120),
            offer_max_age: Duration::from_secs(24 * 3_600),
            offers_per_partner: 100_000,
            sites_per_partner: 200,
            resource_bytes: 256 << 10,
            answer_bytes: 32 << 20,
            quarantine_per_partner: 1_000,
            call_timeout: Duration::from_secs(10),
            invitation_valid: Duration::from_secs(7 * 24 * 3_600),
            hold_time: Duration::from_secs(120),
            usage_period: Duration::from_secs(3_600),
            usage_tolerance: Duration::from_secs(120),
            claim_tolerance: Duration::from_secs(120),
            settle_after: Duration::from_secs(6 * 3_600),
            settle_grace: Duration::from_secs(5 * 24 * 3_600),
            dispute_deadline: Duration::from_secs(30 * 24 * 3_600),
            calls_per_partner: 4,
            worker: "hansa".to_owned(),
            conformance: false,
            rate_per_second: 100,
            rate_burst: 400,
        }
    }
}
