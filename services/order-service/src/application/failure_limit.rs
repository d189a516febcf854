//! Limit of failed attempts, per e-mail address, client address and account, in a bounded table: of look-ups, so that nobody
//! finds orders by trying, of checkouts, so that nobody tries cards, or fills the disk with attempts, and of requests for mail.

use identifiers::AccountId;
use kernel::{Problem, Timestamp, codes};
use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Time in which failed attempts are counted.
const WINDOW: Duration = Duration::from_mins(15);
/// Limit of keys in the table; beyond it, the oldest is forgotten.
const KEYS_MAX: usize = 20_000;

/// Limits of failed attempts within a quarter of an hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailureLimits {
    /// What is attempted, in the plural.
    pub(crate) attempts: &'static str,
    pub(crate) per_email_max: u32,
    pub(crate) per_address_max: u32,
    pub(crate) per_account_max: u32,
}

/// Who attempts something, as far as it is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempt<'a> {
    /// E-mail address that is tried.
    pub(crate) email: Option<&'a str>,
    /// Address of the client on the network.
    pub(crate) client: Option<IpAddr>,
    /// Account of the customer who is signed in.
    pub(crate) account: Option<AccountId>,
}

/// What failed attempts are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Email(String),
    Address(IpAddr),
    Account(AccountId),
}

/// Table of failed attempts.
#[derive(Debug)]
pub(crate) struct FailureLimit {
    limits: FailureLimits,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Failed attempts since the window of a key began.
    failures: HashMap<Key, (Timestamp, u32)>,
    /// Keys in the order in which their windows began.
    begun: VecDeque<(Timestamp, Key)>,
}

impl FailureLimit {
    pub(crate) fn new(limits: FailureLimits) -> Self {
        Self { limits, table: Mutex::default() }
    }

    /// Counts an attempt as failed before its outcome is known, so that concurrent ones cannot exceed the limit; refuses it
    /// when too many have failed.
    pub(crate) fn count(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<(), Problem> {
        let mut table = self.lock();
        table.forget_ended(now);
        let keys = self.keys(attempt);
        if let Some(seconds) = keys.iter().find_map(|(key, max)| table.wait(key, *max, now)) {
            let title = format!("too many {} have failed; try again later", self.limits.attempts);
            return Err(Problem::of(codes::RATE_LIMITED, title).retry_after(seconds));
        }
        for (key, _) in keys {
            table.add(key, now);
        }
        Ok(())
    }

    /// Takes back the count of an attempt that did not fail.
    pub(crate) fn succeeded(&self, attempt: Attempt<'_>) {
        let mut table = self.lock();
        for (key, _) in self.keys(attempt) {
            if let Some((_, failures)) = table.failures.get_mut(&key) {
                *failures = failures.saturating_sub(1);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().failures.len()
    }

    fn keys(&self, Attempt { email, client, account }: Attempt<'_>) -> Vec<(Key, u32)> {
        let email = email.map(|it| (Key::Email(it.to_owned()), self.limits.per_email_max));
        let client = client.map(|it| (Key::Address(network(it)), self.limits.per_address_max));
        let account = account.map(|it| (Key::Account(it), self.limits.per_account_max));
        email.into_iter().chain(client).chain(account).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Seconds until another attempt with this key is accepted; `None` when it is now.
    fn wait(&self, key: &Key, max: u32, now: Timestamp) -> Option<u32> {
        let (begun, failures) = self.failures.get(key)?;
        if *failures < max {
            return None;
        }
        let left = begun.checked_add(WINDOW).ok()?.duration_since(now);
        Some(u32::try_from(left.as_secs()).unwrap_or(0).max(1))
    }

    fn add(&mut self, key: Key, now: Timestamp) {
        if let Some((_, failures)) = self.failures.get_mut(&key) {
            *failures = failures.saturating_add(1);
            return;
        }
        if self.failures.len() >= KEYS_MAX {
            self.forget_oldest();
        }
        self.begun.push_back((now, key.clone()));
        self.failures.insert(key, (now, 1));
    }

    fn forget_ended(&mut self, now: Timestamp) {
        while let Some((begun, _)) = self.begun.front()
            && begun.checked_add(WINDOW).is_ok_and(|end| end <= now)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.begun.pop_front() {
            self.failures.remove(&key);
        }
    }
}

/// Network of a client: the address itself, or the /64 of an IPv6 address, of which one client has all.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(std::net::Ipv6Addr::from_bits(network))
        }
    }
}
