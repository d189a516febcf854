//! Key-value store of one service: each value is a hash of the value itself and its expiry.
//!
//! The bound of the expiry is exact: it is compared with the caller's time. The server's own expiry comes later, for values that nobody
//! sweeps.

use crate::{
    call::{RedisCall, ScriptText},
    keys::{BUNDLES, bundle, expiry_key, value_key, value_prefix},
    link::Link,
};
use async_trait::async_trait;
use bytes::Bytes;
use kernel::Timestamp;
use std::sync::{Arc, LazyLock};
use storage::{Commit, KeyValue, RECORD_BYTES_MAX, StorageError, counter};

/// Time after its expiry for which the server keeps a value that nobody swept, in milliseconds.
const KEPT_MS: u32 = 3_600_000;
/// Most values that one script sweeps: the server does nothing else meanwhile.
const SCRIPT_SWEPT_MAX: usize = 500;
/// Offset of times in their text, so that it has no sign and one width, and texts compare as times do.
const TIME_OFFSET: i128 = 1 << 64;

/// Sets a value. KEYS: value, expiries. ARGV: value, expiry as text or nothing, as microseconds, time to keep.
static PUT: LazyLock<ScriptText> =
    LazyLock::new(|| ScriptText::new(include_str!("scripts/put.lua")));
/// Removes a value. KEYS: value, expiries.
static REMOVE: LazyLock<ScriptText> =
    LazyLock::new(|| ScriptText::new(include_str!("scripts/remove.lua")));
/// Adds to a counter. KEYS: value, expiries. ARGV: summand, now as text, expiry as text or nothing, as microseconds, time to keep.
static ADD: LazyLock<ScriptText> =
    LazyLock::new(|| ScriptText::new(include_str!("scripts/add.lua")));
/// Deletes values that have expired. KEYS: expiries. ARGV: prefix of the values, now as text, as microseconds, how many.
static SWEEP: LazyLock<ScriptText> =
    LazyLock::new(|| ScriptText::new(include_str!("scripts/sweep.lua")));

/// Key-value store handle of one service.
#[derive(Debug)]
pub(crate) struct RedisKeyValue {
    pub(crate) link: Arc<Link>,
    pub(crate) service: &'static str,
}

impl RedisKeyValue {
    fn script(&self, script: &ScriptText, key: &str) -> RedisCall {
        let expiries = expiry_key(self.service, bundle(key));
        script.call(&[&value_key(self.service, key), &expiries])
    }
}

#[async_trait]
impl KeyValue for RedisKeyValue {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        let mut command = redis::cmd("HMGET");
        command.arg(value_key(self.service, key)).arg("v").arg("e");
        let (value, expiry): (Option<Vec<u8>>, Option<String>) =
            self.link.answer(RedisCall::command(command)).await?;
        let is_expired = expiry.is_some_and(|expiry| expiry <= text(now));
        Ok(value.filter(|_| !is_expired).map(Bytes::from))
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        storage::check_size(value.len(), RECORD_BYTES_MAX)?;
        let call = self.script(&PUT, key).arg(&value[..]);
        self.link.run(with_expiry(call, expires_at)).await?;
        Ok(Commit::durable())
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        self.link.run(self.script(&REMOVE, key)).await?;
        Ok(Commit::durable())
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        let call = self.script(&ADD, key).arg(by).arg(text(now)).once();
        let sum: Option<Vec<u8>> = self.link.answer(with_expiry(call, expires_at)).await?;
        // Nothing says that the value is not a number, for which the port has an error.
        counter::decode(&Bytes::from(sum.unwrap_or_default()))
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        let mut swept = 0;
        for bundle in 0..BUNDLES {
            loop {
                let batch = SCRIPT_SWEPT_MAX.min(limit - swept);
                if batch == 0 {
                    return Ok(swept);
                }
                let call = SWEEP.call(&[&expiry_key(self.service, bundle)]);
                let call = call.arg(value_prefix(self.service, bundle));
                let call = call.arg(text(now)).arg(now.as_microsecond()).arg(batch);
                let (deleted, looked_at): (usize, usize) = self.link.answer(call).await?;
                swept += deleted;
                if looked_at < batch {
                    break;
                }
            }
        }
        Ok(swept)
    }
}

fn with_expiry(call: RedisCall, expires_at: Option<Timestamp>) -> RedisCall {
    let expiry = expires_at.map(text).unwrap_or_default();
    let microsecond = expires_at.map_or(0, Timestamp::as_microsecond);
    call.arg(expiry).arg(microsecond).arg(KEPT_MS)
}

/// Time as text, in which the order is that of the times: microseconds in 20 digits.
fn text(time: Timestamp) -> String {
    format!("{:020}", i128::from(time.as_microsecond()) + TIME_OFFSET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_times_has_their_order() {
        let times = [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX];
        let texts = times.map(text);
        assert!(texts.is_sorted());
        assert!(texts.iter().all(|text| text.len() == 20), "{texts:?}");
    }
}
