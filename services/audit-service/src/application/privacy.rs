//! Data minimisation: in place of an id that opens something stands its keyed digest, and search texts are shortened.

use contracts::audit::Activity;
use kernel::Uuid;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// Longest text among the details of a visit, in bytes.
const VISIT_TEXT_BYTES_MAX: usize = 64;
/// Longest list among the details of a visit, in entries.
const VISIT_LIST_MAX: usize = 8;
/// Digits in a row from which a word of a search may be a number of a person, a card or an order.
const DIGITS_MIN: usize = 5;
/// Text in place of a word that may name a person.
const LEFT_OUT: &str = "…";

/// Prefixes of subjects and actors whose ids open something: a guest may see these by their id alone.
const OPENING: [&str; 4] = ["cart:", "order:", "payment:", "guest:"];
/// Details that hold such an id.
const OPENING_DETAILS: [&str; 3] = ["cart_id", "order_id", "payment_id"];

/// Digests of ids, keyed with a secret of this installation (SipHash-2-4).
#[derive(Clone, Copy)]
pub(crate) struct Digests {
    key: [u8; 16],
}

impl Digests {
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self { key }
    }

    /// Digest of an id. The same id has the same digest wherever it stands, so that activities of one cart are found
    /// together.
    pub(crate) fn of(&self, id: impl Into<Uuid>) -> IdDigest {
        self.digest(id.into().hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    fn digest(&self, id: &str) -> IdDigest {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write(id.as_bytes());
        IdDigest::new(hasher.finish())
    }

    /// Name with the digest in place of an id that opens something; any other name as it is.
    pub(crate) fn name(&self, name: &str) -> String {
        let opening =
            OPENING.into_iter().find_map(|prefix| Some((prefix, name.strip_prefix(prefix)?)));
        match opening {
            Some((prefix, id)) if !id.starts_with("digest-") => self.digest(id).named(prefix),
            _ => name.to_owned(),
        }
    }

    /// Activity without the ids that open something, in its names and in its details.
    pub(crate) fn redact(&self, activity: &mut Activity) {
        activity.actor = self.name(&activity.actor);
        activity.subject = self.name(&activity.subject);
        for key in OPENING_DETAILS {
            if let Some(Json::String(id)) = activity.details.get_mut(key)
                && !id.starts_with("digest-")
            {
                *id = self.digest(id).named("");
            }
        }
    }
}

/// Digest of an id, as it stands in an activity: `digest-0123456789abcdef`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdDigest([u8; IdDigest::PREFIX.len() + 16]);

impl IdDigest {
    const PREFIX: &'static str = "digest-";

    fn new(digest: u64) -> Self {
        let mut text = [0; Self::PREFIX.len() + 16];
        let (prefix, digits) = text.split_at_mut(Self::PREFIX.len());
        prefix.copy_from_slice(Self::PREFIX.as_bytes());
        for (digits, byte) in digits.chunks_exact_mut(2).zip(digest.to_be_bytes()) {
            digits.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
        }
        Self(text)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a digest is made of letters and digits")
    }

    /// Name of what has the id: a prefix, such as `cart:`, and the digest.
    pub(crate) fn named(&self, prefix: &str) -> String {
        [prefix, self.as_str()].concat()
    }
}

impl Serialize for IdDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Hexadecimal digit of a number below 16.
fn digit(number: u8) -> u8 {
    b"0123456789abcdef"[usize::from(number)]
}

impl std::fmt::Debug for Digests {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key is secret.
        out.write_str("Digests")
    }
}

/// Shortens what a visitor wrote: texts and lists are cut, and words that may name a person are left out.
pub(crate) fn thin_details(activity: &mut Activity) {
    for value in activity.details.values_mut() {
        match value {
            Json::String(text) => *text = thinned(text),
            Json::Array(list) => {
                list.truncate(VISIT_LIST_MAX);
                for entry in list {
                    match entry {
                        Json::String(text) => *text = thinned(text),
                        Json::Array(_) | Json::Object(_) => *entry = Json::Null,
                        _ => {}
                    }
                }
            }
            Json::Object(_) => *value = Json::Null,
            _ => {}
        }
    }
}

fn thinned(text: &str) -> String {
    let mut kept = String::new();
    for word in text.split_whitespace() {
        let word = if may_name_a_person(word) { LEFT_OUT } else { word };
        let gap = if kept.is_empty() { "" } else { " " };
        let room = VISIT_TEXT_BYTES_MAX.saturating_sub(kept.len() + gap.len());
        let part = &word[..word.floor_char_boundary(room)];
        if part.is_empty() {
            break;
        }
        kept.push_str(gap);
        kept.push_str(part);
    }
    kept
}

fn may_name_a_person(word: &str) -> bool {
    let mut digits = 0;
    let has_number = word.chars().filter(|it| !"-./() ".contains(*it)).any(|character| {
        digits = if character.is_ascii_digit() { digits + 1 } else { 0 };
        digits >= DIGITS_MIN
    });
    has_number || word.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_opens_something_becomes_its_digest_and_nothing_else_does() {
        let digests = Digests::new([7; 16]);
        let id = "0190a699-e8b2-769b-87a5-a7c944be952f";
        for prefix in OPENING {
            let name = digests.name(&format!("{prefix}{id}"));
            assert!(name.starts_with(&format!("{prefix}digest-")) && !name.contains(id), "{name}");
            assert_eq!(digests.name(&name), name, "a digest stays as it is");
        }
        let tails = OPENING.map(|prefix| digests.name(&format!("{prefix}{id}")));
        let tail = |name: &str| name.split_once(':').map(|(_, tail)| tail.to_owned());
        assert!(tails.iter().all(|name| tail(name) == tail(&tails[0])));
        for other in ["guest", "operator", "operator:ann", "system", "product:0190", "stock:MUG-1"]
        {
            assert_eq!(digests.name(other), other);
        }
        let uuid: Uuid = id.parse().unwrap();
        assert_eq!(digests.of(uuid).named("cart:"), digests.name(&format!("cart:{id}")));
        assert_eq!(IdDigest::new(0x0123_4567_89ab_cdef).as_str(), "digest-0123456789abcdef");
        let other_key = Digests::new([8; 16]);
        assert_ne!(other_key.name(&format!("cart:{id}")), digests.name(&format!("cart:{id}")));
    }

    #[test]
    fn what_visitors_write_is_cut_and_loses_what_may_name_a_person() {
        assert_eq!(thinned("oak  desk"), "oak desk");
        assert_eq!(thinned("desk for ann@example.com now"), "desk for … now");
        assert_eq!(thinned("call +49-30-123456 4242/4242 mug 2026"), "call … … mug 2026");
        for long in ["x".repeat(5_000), "wort ".repeat(900), "ä".repeat(900)] {
            let kept = thinned(&long);
            assert!(kept.len() <= VISIT_TEXT_BYTES_MAX && !kept.is_empty(), "{kept}");
        }
    }
}
