//! Device authorization grant (RFC 8628): a device without a browser shows a code, a person enters it elsewhere and decides, and the
//! device asks until it is told.

use crate::{
    application::{error::AuthError, keys::seal::digest},
    domain::events::ClientId,
};
use bytes::Bytes;
use jose::base64url_encode;
use kernel::{Ids, Timestamp, security_checks::holds};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, LosableValues, StorageError};

/// Time within which the person must decide.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);
/// Time for which a device that asks too late is told so.
const REMEMBERED: Duration = Duration::from_mins(20);
/// Seconds between two polls, to begin with and by which it grows when a device does not keep to it (RFC 8628, section 3.5).
pub(crate) const INTERVAL_SECONDS: i64 = 5;
/// Longest pause between two polls that is demanded, in seconds.
const INTERVAL_SECONDS_MAX: i64 = 60;
/// Random bytes of a device code.
const DEVICE_CODE_BYTES: usize = 32;
/// Letters of a user code: no vowels, so that none spells a word, and none that is easily mistaken for another (section 6.1).
const USER_CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a user code; half of them come before the hyphen.
const USER_CODE_LENGTH: usize = 8;
/// Attempts to find a user code that is free.
const USER_CODES_MAX: usize = 8;

/// Device that waits, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WaitingDevice {
    pub(crate) client: ClientId,
    /// Since when the client was registered as it was.
    pub(crate) client_changed_at: Timestamp,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: Timestamp,
    /// Digest of the device code.
    pub(crate) digest: String,
}

/// Codes of a device.
#[derive(Debug)]
pub(crate) struct DeviceCodes {
    pub(crate) device_code: String,
    /// As it is shown, with a hyphen.
    pub(crate) user_code: String,
}

/// Decision of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    /// The code of the grant.
    Allowed(String),
    Denied,
}

/// Reason why a device gets nothing, or nothing yet.
#[derive(Debug)]
pub(crate) enum PollRefusal {
    Pending,
    SlowDown,
    Denied,
    Expired,
    Invalid,
    Failed(AuthError),
}

impl From<StorageError> for PollRefusal {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// Devices that wait for a decision.
#[derive(Debug)]
pub(crate) struct DeviceGrants {
    pub(crate) values: Arc<dyn KeyValue>,
    /// Polls within an interval, and how often a device came too early.
    pub(crate) intervals: LosableValues,
    pub(crate) ids: Ids,
}

impl DeviceGrants {
    /// Begins to wait for a decision about these scopes.
    pub(crate) async fn begin(
        &self,
        client: &ClientId,
        client_changed_at: Timestamp,
        scopes: Vec<String>,
    ) -> Result<DeviceCodes, AuthError> {
        let now = self.ids.now();
        let mut device_code = [0; DEVICE_CODE_BYTES];
        self.ids.randomness().fill(&mut device_code);
        let device_code = base64url_encode(device_code);
        let expires = now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let user_code = self.free_user_code(now, expires).await?;
        let device = WaitingDevice {
            client: client.clone(),
            client_changed_at,
            scopes,
            expires,
            digest: digest(&device_code),
        };
        let body = encoded(&device)?;
        let remembered = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        drop(self.values.put(&device_key(&device.digest), body.clone(), Some(remembered)).await?);
        drop(self.values.put(&user_key(&user_code), body, Some(expires)).await?);
        let (first, second) = user_code.split_at(USER_CODE_LENGTH / 2);
        Ok(DeviceCodes { device_code, user_code: format!("{first}-{second}") })
    }

    /// Device that shows this code, if nobody has decided about it. Small letters, blanks and hyphens make no difference.
    pub(crate) async fn find(&self, typed: &str) -> Result<Option<WaitingDevice>, StorageError> {
        let Some(user_code) = user_code(typed) else { return Ok(None) };
        let now = self.ids.now();
        let Some(stored) = self.values.value(&user_key(&user_code), now).await? else {
            return Ok(None);
        };
        let device: WaitingDevice = decoded(&stored)?;
        let is_decided = self.values.value(&decision_key(&device.digest), now).await?.is_some();
        Ok((!is_decided).then_some(device))
    }

    /// Allows a device to redeem the code of a grant; whether nobody had decided before.
    pub(crate) async fn allow(&self, device: &str, code: String) -> Result<bool, StorageError> {
        self.decide(device, &Decision::Allowed(code)).await
    }

    /// Denies a device what it asks for; whether nobody had decided before.
    pub(crate) async fn deny(&self, device: &str) -> Result<bool, StorageError> {
        self.decide(device, &Decision::Denied).await
    }

    async fn decide(&self, device: &str, decision: &Decision) -> Result<bool, StorageError> {
        let now = self.ids.now();
        let until = Some(now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX));
        if self.values.add(&["device-decided-", device].concat(), 1, now, until).await? != 1 {
            return Ok(false);
        }
        let put = self.values.put(&decision_key(device), encoded(decision)?, until).await;
        if let Err(error) = put {
            // Nobody has decided: the person may try again.
            self.values.add(&["device-decided-", device].concat(), -1, now, until).await?;
            return Err(error);
        }
        Ok(true)
    }

    /// Code of the grant that a device may redeem now. The grant says whether it was redeemed: a device whose tokens could not be issued at
    /// that moment asks again.
    pub(crate) async fn poll(
        &self,
        device_code: &str,
        client: &ClientId,
    ) -> Result<String, PollRefusal> {
        let (device, now) = (digest(device_code), self.ids.now());
        let Some(stored) = self.values.value(&device_key(&device), now).await? else {
            return Err(PollRefusal::Invalid);
        };
        let waiting: WaitingDevice = decoded(&stored)?;
        if !holds("device_client", waiting.client == *client) {
            return Err(PollRefusal::Invalid);
        }
        if !holds("device_end", now < waiting.expires) {
            return Err(PollRefusal::Expired);
        }
        self.check_interval(&device, now).await?;
        let Some(decision) = self.values.value(&decision_key(&device), now).await? else {
            return Err(PollRefusal::Pending);
        };
        match decoded(&decision)? {
            Decision::Denied => Err(PollRefusal::Denied),
            Decision::Allowed(code) => Ok(code),
        }
    }

    /// A device that polls too early is told to slow down, and its interval grows.
    async fn check_interval(&self, device: &str, now: Timestamp) -> Result<(), PollRefusal> {
        let (polls, slower) =
            (["device-polls-", device].concat(), ["device-slower-", device].concat());
        let times = self.intervals.value(&slower, now).await?;
        let times = times.and_then(|it| String::from_utf8_lossy(&it).parse::<i64>().ok());
        let seconds = INTERVAL_SECONDS.saturating_mul(1 + times.unwrap_or(0));
        let next = now.as_second().saturating_add(seconds.min(INTERVAL_SECONDS_MAX));
        let next = Timestamp::from_second(next).unwrap_or(Timestamp::MAX);
        let polls = self.intervals.add(&polls, 1, now, Some(next)).await?;
        if holds("device_interval", polls == 1) {
            return Ok(());
        }
        let until = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        self.intervals.add(&slower, 1, now, Some(until)).await?;
        Err(PollRefusal::SlowDown)
    }

    async fn free_user_code(
        &self,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<String, AuthError> {
        for _ in 0..USER_CODES_MAX {
            let code = self.random_user_code();
            let claim = ["device-claimed-", &digest(&code)].concat();
            if self.values.add(&claim, 1, now, Some(expires)).await? == 1 {
                return Ok(code);
            }
        }
        Err(AuthError::Busy)
    }

    /// Letters of equal likelihood: bytes beyond the last multiple of their number are thrown away.
    fn random_user_code(&self) -> String {
        let mut code = String::new();
        let letters = USER_CODE_LETTERS.len();
        while code.len() < USER_CODE_LENGTH {
            let mut byte = [0];
            self.ids.randomness().fill(&mut byte);
            let number = usize::from(byte[0]);
            if number < 256 / letters * letters {
                code.push(char::from(USER_CODE_LETTERS[number % letters]));
            }
        }
        code
    }
}

/// User code as it is kept, of what somebody typed.
fn user_code(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|it| !it.is_whitespace() && !"-_.".contains(*it));
    let code: String =
        letters.take(USER_CODE_LENGTH + 1).map(|it| it.to_ascii_uppercase()).collect();
    let is_code = code.len() == USER_CODE_LENGTH
        && code.bytes().all(|letter| USER_CODE_LETTERS.contains(&letter));
    is_code.then_some(code)
}

fn device_key(digest: &str) -> String {
    ["device-", digest].concat()
}

fn user_key(user_code: &str) -> String {
    ["device-user-", &digest(user_code)].concat()
}

fn decision_key(device: &str) -> String {
    ["device-decision-", device].concat()
}

fn encoded(value: &impl Serialize) -> Result<Bytes, StorageError> {
    let body = serde_json::to_vec(value);
    body.map(Bytes::from).map_err(|error| StorageError::Corrupt(error.to_string()))
}

fn decoded<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, StorageError> {
    let corrupt = |_| StorageError::Corrupt("a device that waits".to_owned());
    serde_json::from_slice(body).map_err(corrupt)
}

#[cfg(test)]
mod tests;
