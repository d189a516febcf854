//! Key of a shop on its bus: proofs that a message is of this shop's relays (HMAC-SHA-256, RFC 2104), and the name of the shop.

use super::{BusMessage, Topic};
use hmac::{Hmac, Mac};
use kernel::{Uuid, hex};
use sha2::Sha256;
use std::fmt;

/// What the proofs are for, so that the same secret makes others for other purposes.
const PROOF_LABEL: &[u8] = b"icommerce bus, proof of a message, 1";
/// What the name of the shop is for.
const SHOP_LABEL: &[u8] = b"icommerce bus, name of the shop, 1";
/// Bytes of a proof.
const PROOF_BYTES: usize = 32;
/// Bytes of a shop's name.
const SHOP_BYTES: usize = 8;

/// Key with which the relays of a shop prove their messages, and its consumers verify them. Whoever may write to the broker and
/// does not have it can neither make a message nor move one to another partition.
///
/// ```
/// use messaging::bus::{BusKey, Topic, conformance::message};
///
/// let key = BusKey::new(b"a secret that the processes of the shop share");
/// let topic = Topic { shop: key.shop(), source: "meter-service", partitions: 1 };
/// let proven = key.proven(topic, message(topic, "m1", 7, 6));
/// assert!(key.proves(topic, &proven));
/// let moved = Topic { partitions: 2, ..topic };
/// assert!(!key.proves(moved, &proven));
/// ```
#[derive(Clone)]
pub struct BusKey {
    proofs: Hmac<Sha256>,
    shop: ShopName,
}

/// Name of a shop on its broker, the same in each process of the shop and another one in any other shop; no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShopName(pub [u8; SHOP_BYTES]);

impl fmt::Display for ShopName {
    /// Formats it as 16 hexadecimal digits.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(&self.0))
    }
}

/// Proof of a message: its MAC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof([u8; PROOF_BYTES]);

impl Proof {
    /// The proof that these 64 hexadecimal digits are.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        hex::decode(digits)?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Proof {
    /// Formats it as 64 hexadecimal digits.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl BusKey {
    /// The key that follows from a secret, which every process of the shop has and nobody else.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let derived = |label: &[u8]| mac(secret).chain_update(label).finalize().into_bytes();
        let name = derived(SHOP_LABEL);
        let mut shop = [0; SHOP_BYTES];
        shop.copy_from_slice(&name[..SHOP_BYTES]);
        Self { proofs: mac(&derived(PROOF_LABEL)), shop: ShopName(shop) }
    }

    /// Name of the shop.
    #[must_use]
    pub fn shop(&self) -> ShopName {
        self.shop
    }

    /// The message with its proof.
    #[must_use]
    pub fn proven(&self, topic: Topic, message: BusMessage) -> BusMessage {
        let proof = Proof(self.mac(topic, &message).finalize().into_bytes().into());
        BusMessage { proof: Some(proof), ..message }
    }

    /// Whether a message has the proof that it is of this shop, for this topic and partition. Compares in constant time.
    #[must_use]
    pub fn proves(&self, topic: Topic, message: &BusMessage) -> bool {
        let proof = message.proof;
        proof.is_some_and(|Proof(proof)| self.mac(topic, message).verify_slice(&proof).is_ok())
    }

    /// MAC over all of a message. What has no fixed length follows on its length, so that two messages never are the same bytes.
    fn mac(&self, topic: Topic, message: &BusMessage) -> Hmac<Sha256> {
        let BusMessage { partition, position, previous, id, run, event, proof: _ } = message;
        let mut mac = self.proofs.clone();
        mac.update(&topic.shop.0);
        text(&mut mac, topic.source.as_bytes());
        mac.update(&topic.partitions.to_le_bytes());
        mac.update(&partition.to_le_bytes());
        mac.update(&position.to_le_bytes());
        mac.update(&previous.to_le_bytes());
        mac.update(Uuid::as_bytes(id));
        mac.update(Uuid::as_bytes(run));
        mac.update(&[u8::from(event.is_some())]);
        if let Some(event) = event {
            text(&mut mac, event.subject.as_bytes());
            text(&mut mac, event.traceparent.as_bytes());
            text(&mut mac, &event.cloud_event);
        }
        mac
    }
}

impl fmt::Debug for BusKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BusKey").field("shop", &self.shop).finish_non_exhaustive()
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn text(mac: &mut Hmac<Sha256>, text: &[u8]) {
    mac.update(&(text.len() as u64).to_le_bytes());
    mac.update(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::conformance;
    use bytes::Bytes;

    fn key() -> BusKey {
        BusKey::new(b"the secret of one shop")
    }

    fn topic() -> Topic {
        Topic { shop: key().shop(), source: "proven-service", partitions: 8 }
    }

    fn proven() -> BusMessage {
        key().proven(topic(), conformance::message(topic(), "subject", 12, 7))
    }

    #[test]
    fn a_proof_is_for_one_message_in_one_partition_of_one_topic() {
        assert!(key().proves(topic(), &proven()));
        let changes: [fn(&mut BusMessage); 10] = [
            |it| it.partition ^= 1,
            |it| it.position += 1,
            |it| it.previous -= 1,
            |it| it.id = Uuid::nil(),
            |it| it.run = Uuid::nil(),
            |it| it.event = None,
            |it| it.event.as_mut().unwrap().cloud_event = Bytes::from_static(b"{}"),
            |it| it.event.as_mut().unwrap().subject.push('x'),
            |it| it.event.as_mut().unwrap().traceparent.clear(),
            |it| it.proof = None,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut forged = proven();
            change(&mut forged);
            assert!(!key().proves(topic(), &forged), "{number}");
        }
        let others = [
            Topic { source: "other-service", ..topic() },
            Topic { partitions: 4, ..topic() },
            Topic { shop: ShopName([9; 8]), ..topic() },
        ];
        for other in others {
            assert!(!key().proves(other, &proven()), "{other}");
        }
    }

    #[test]
    fn another_shop_has_another_name_and_proves_nothing_here() {
        let other = BusKey::new(b"the secret of another shop");
        assert_ne!(other.shop(), key().shop());
        let forged = other.proven(topic(), BusMessage { proof: None, ..proven() });
        assert!(!key().proves(topic(), &forged));
        assert_eq!(
            key().shop().to_string(),
            BusKey::new(b"the secret of one shop").shop().to_string()
        );
    }

    #[test]
    fn a_proof_is_read_as_it_is_written_and_the_key_is_never_printed() {
        let proof = proven().proof.unwrap();
        assert_eq!(Proof::parse(&proof.to_string()), Some(proof));
        for wrong in ["", "00", "no digits", &format!("{proof}00")] {
            assert_eq!(Proof::parse(wrong), None, "{wrong}");
        }
        let printed = format!("{:?}", key());
        assert!(printed.contains("shop") && printed.len() < 80, "{printed}");
    }
}
