//! Passwords: hashed by argon2id (RFC 9106), a few at a time, because each takes 19 MiB and some 20 milliseconds of a core.

use super::new_password::{BYTES_MAX, Password, normalized};
use crate::application::error::AuthError;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use kernel::Randomness;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Parameters of argon2id: memory in KiB, passes, lanes (OWASP, one of the equivalent sets).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Hasher of passwords: a bounded pool with a bounded queue.
#[derive(Debug)]
pub(crate) struct PasswordHasher {
    randomness: Arc<dyn Randomness>,
    queue: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl PasswordHasher {
    /// Hasher that runs and queues at most as many.
    pub(crate) fn new(
        randomness: Arc<dyn Randomness>,
        running_max: usize,
        waiting_max: usize,
    ) -> Self {
        let [queue, running] = [waiting_max, running_max].map(|max| Arc::new(Semaphore::new(max)));
        Self { randomness, queue, running }
    }

    /// Hash of a password with a new salt, as a PHC string.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, AuthError> {
        let mut salt = [0; SALT_BYTES];
        self.randomness.fill(&mut salt);
        let hash = self.computed(password.expose().to_owned(), salt.to_vec()).await?;
        let [salt, hash] = [&salt[..], &hash].map(|bytes| BASE64_STANDARD_NO_PAD.encode(bytes));
        Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"))
    }

    /// Whether this is the password of a hash. Without one the same work is done, so that the time tells nothing about whom
    /// there is.
    pub(crate) async fn verify(
        &self,
        password: &str,
        stored: Option<&str>,
    ) -> Result<bool, AuthError> {
        if password.len() > BYTES_MAX {
            return Ok(false);
        }
        let parsed = stored.and_then(parsed);
        let is_known = parsed.is_some();
        let (salt, expected) = parsed.unwrap_or_else(|| (vec![0; SALT_BYTES], vec![0; HASH_BYTES]));
        let hash = self.computed(normalized(password), salt).await?;
        Ok(bool::from(hash.ct_eq(&expected)) && is_known)
    }

    async fn computed(&self, password: String, salt: Vec<u8>) -> Result<Vec<u8>, AuthError> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| AuthError::Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| AuthError::Busy)?;
        let hash = move || {
            // Both belong to the computation: it goes on when the request has been given up.
            let _permits = (place, turn);
            argon2id(password.as_bytes(), &salt)
        };
        tokio::task::spawn_blocking(hash).await.ok().flatten().ok_or(AuthError::Busy)
    }
}

fn argon2id(password: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).ok()?;
    let mut hash = vec![0; HASH_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(password, salt, &mut hash).ok()?;
    Some(hash)
}

/// Salt and hash of a PHC string of these parameters.
fn parsed(stored: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let prefix = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    let (salt, hash) = stored.strip_prefix(&prefix)?.split_once('$')?;
    Some((BASE64_STANDARD_NO_PAD.decode(salt).ok()?, BASE64_STANDARD_NO_PAD.decode(hash).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;

    fn hasher(waiting_max: usize) -> PasswordHasher {
        PasswordHasher::new(Arc::new(SeededRandomness::new(1)), 1, waiting_max)
    }

    #[tokio::test]
    async fn a_hash_is_salted_and_verified() {
        let hasher = hasher(4);
        let password = Password::choose("correct horse battery", "").unwrap();
        let stored = hasher.hash(&password).await.unwrap();
        assert_ne!(stored, hasher.hash(&password).await.unwrap());
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let verify = async |password: &str, hash| hasher.verify(password, hash).await.unwrap();
        assert!(verify("correct horse battery", Some(&stored)).await);
        let composed = hasher.hash(&Password::choose("schöne grüße aus ulm", "").unwrap()).await;
        let composed = composed.unwrap();
        assert!(
            verify("scho\u{308}ne gru\u{308}ße aus ulm", Some(&composed)).await,
            "as a Mac types it"
        );
        assert!(!verify("correct horse batterY", Some(&stored)).await);
        assert!(!verify("correct horse battery", None).await);
        assert!(!verify("correct horse battery", Some("$argon2id$v=19$m=1,t=1,p=1$$")).await);
        assert!(!verify(&"x".repeat(10_000), Some(&stored)).await);
    }

    #[tokio::test]
    async fn beyond_the_queue_nobody_waits() {
        let hasher = hasher(0);
        assert!(matches!(hasher.verify("x", None).await, Err(AuthError::Busy)));
    }

    #[test]
    fn a_request_that_was_given_up_keeps_its_place_until_the_computation_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
        runtime.unwrap().block_on(async {
            let hasher = hasher(1);
            let (release, held) = std::sync::mpsc::channel::<()>();
            let thread = tokio::task::spawn_blocking(move || held.recv());
            tokio::select! {
                biased;
                _ = hasher.verify("x", None) => panic!("the only thread is held"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(hasher.queue.available_permits(), 0);
            drop(release);
            assert!(thread.await.unwrap().is_err());
            drop(hasher.queue.acquire().await.unwrap());
            assert!(hasher.verify("x", None).await.is_ok(), "and then it is free");
        });
    }

    #[test]
    fn argon2id_agrees_with_the_reference() {
        // The reference implementation: echo -n "password" | argon2 somesalt -id -t 2 -k 65536 -p 1, with these parameters.
        let params = Params::new(65_536, 2, 1, Some(32)).unwrap();
        let mut hash = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(b"password", b"somesalt", &mut hash).unwrap();
        let expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";
        assert_eq!(kernel::hex::encode(&hash), expected);
    }
}
