//! How often: of one address before it has proved anything, of one actor
//! after, and of failed proofs.

use crate::{
    config::LimitSettings,
    http::problem::{ApiError, ProblemKind},
};
use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock, QuantaInstant, Reference as _},
};
use hansa_ontology::Actor;
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How often one may come who is known by `K`. None: as often as they like.
type Limiter<K> = Option<DefaultKeyedRateLimiter<K>>;

/// The rates of a running broker.
pub(crate) struct Rates {
    clock: DefaultClock,
    addresses: Limiter<IpAddr>,
    actors: Limiter<Actor>,
    failures: Limiter<IpAddr>,
    /// Addresses that have failed too often, and until when they are kept out.
    kept_out: Mutex<HashMap<IpAddr, QuantaInstant>>,
}

impl std::fmt::Debug for Rates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rates").finish_non_exhaustive()
    }
}

fn limiter<K: Hash + Eq + Clone>(rate: u32, burst: u32, quota: impl FnOnce(NonZeroU32) -> Quota) -> Limiter<K> {
    let (rate, burst) = (NonZeroU32::new(rate)?, NonZeroU32::new(burst)?);
    Some(RateLimiter::keyed(quota(rate).allow_burst(burst)))
}

impl Rates {
    pub(crate) fn new(limits: &LimitSettings) -> Self {
        Self {
            clock: DefaultClock::default(),
            addresses: limiter(limits.address_rate, limits.address_burst, Quota::per_second),
            actors: limiter(limits.actor_rate, limits.actor_burst, Quota::per_second),
            failures: limiter(limits.failures_per_minute, limits.failures_burst, Quota::per_minute),
            kept_out: Mutex::default(),
        }
    }

    /// A request of this address.
    ///
    /// # Errors
    /// When there are too many of them.
    pub(crate) fn address(&self, address: IpAddr) -> Result<(), ApiError> {
        self.check(self.addresses.as_ref(), &network_of(address), "your address", "server.limits.address_rate")
    }

    /// A request of this actor.
    ///
    /// # Errors
    /// When there are too many of them.
    pub(crate) fn actor(&self, actor: &Actor) -> Result<(), ApiError> {
        self.check(self.actors.as_ref(), actor, "you", "server.limits.actor_rate")
    }

    /// A proof of this address was refused.
    pub(crate) fn failed(&self, address: IpAddr) {
        let address = network_of(address);
        if let Some(Err(until)) = self.failures.as_ref().map(|failures| failures.check_key(&address)) {
            self.kept_out().insert(address, until.earliest_possible());
        }
    }

    /// When another proof of this address was refused.
    ///
    /// # Errors
    /// When too many were refused.
    pub(crate) fn after_failures(&self, address: IpAddr) -> Result<(), ApiError> {
        let now = self.clock.now();
        let mut kept_out = self.kept_out();
        let address = network_of(address);
        match kept_out.get(&address).copied() {
            Some(until) if until > now => {
                let wait = Duration::from(until.duration_since(now));
                Err(too_many("too many logins or tokens of your address were refused", wait))
            }
            Some(_) => {
                kept_out.remove(&address);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Forgets those that haven't been seen for long.
    pub(crate) fn tidy(&self) {
        for addresses in [&self.addresses, &self.failures].into_iter().flatten() {
            addresses.retain_recent();
            addresses.shrink_to_fit();
        }
        if let Some(actors) = &self.actors {
            actors.retain_recent();
            actors.shrink_to_fit();
        }
        let now = self.clock.now();
        self.kept_out().retain(|_, until| *until > now);
    }

    fn check<K: Hash + Eq + Clone>(
        &self,
        limiter: Option<&DefaultKeyedRateLimiter<K>>,
        key: &K,
        whose: &str,
        setting: &str,
    ) -> Result<(), ApiError> {
        let checked = limiter.map_or(Ok(()), |limiter| limiter.check_key(key));
        checked.map_err(|until: NotUntil<QuantaInstant>| {
            let wait = until.wait_time_from(self.clock.now());
            too_many(&format!("more requests of {whose} than are taken ({setting})"), wait)
        })
    }

    fn kept_out(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, QuantaInstant>> {
        self.kept_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many(what: &str, wait: Duration) -> ApiError {
    ApiError::new(ProblemKind::TooMany, format!("{what}; wait as long as Retry-After says")).with_retry_after(wait)
}

/// One customer of a provider has 2^64 addresses of IPv6, so those count as one.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> LimitSettings {
        LimitSettings {
            address_rate: 1,
            address_burst: 3,
            actor_rate: 1,
            actor_burst: 2,
            failures_per_minute: 1,
            failures_burst: 2,
            ..LimitSettings::default()
        }
    }

    #[test]
    fn each_address_has_a_rate_of_its_own() {
        let rates = Rates::new(&limits());
        let [one, two, near, far] =
            ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::ffff"].map(|text| text.parse::<IpAddr>().unwrap());
        assert!((0..3).all(|_| rates.address(one).is_ok()));
        let refused = rates.address(one).unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::TooMany);
        assert!(rates.address(two).is_ok());
        assert!((0..3).all(|_| rates.address(near).is_ok()));
        assert!(rates.address(far).is_err(), "the same network");
    }

    #[test]
    fn each_actor_has_a_rate_of_its_own() {
        let rates = Rates::new(&limits());
        let (ann, bob) = (Actor::Person("ann".to_owned()), Actor::Person("bob".to_owned()));
        assert!((0..2).all(|_| rates.actor(&ann).is_ok()));
        assert!(rates.actor(&ann).is_err());
        assert!(rates.actor(&bob).is_ok());
    }

    #[test]
    fn whoever_fails_too_often_waits() {
        let rates = Rates::new(&limits());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..2 {
            rates.failed(address);
            assert!(rates.after_failures(address).is_ok());
        }
        rates.failed(address);
        assert!(rates.after_failures(address).is_err());
        rates.tidy();
        assert!(rates.after_failures(address).is_err(), "tidying forgives nobody");
    }

    #[test]
    fn zero_is_no_limit() {
        let rates = Rates::new(&LimitSettings { address_rate: 0, actor_rate: 0, failures_per_minute: 0, ..limits() });
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        assert!((0..100).all(|_| rates.address(address).is_ok() && rates.actor(&Actor::Local).is_ok()));
        (0..100).for_each(|_| rates.failed(address));
        assert!(rates.after_failures(address).is_ok());
    }
}
