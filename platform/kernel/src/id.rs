//! Typed identifiers: UUID version 7 (RFC 9562), so that new ids sort after old ones and are inserted at the end of an
//! index.

use crate::{Clock, Randomness, Timestamp};
use std::sync::Arc;
use uuid::Uuid;

/// Typed identifier, a newtype over [`Uuid`]. Declared by [`id!`](crate::id!), never by hand.
pub trait TypedId: From<Uuid> + Into<Uuid> + Copy {}

/// Name of what has an identifier: a prefix, such as that of its kind, and the identifier. As `format!` writes it, without
/// the general formatting machinery.
///
/// ```
/// use kernel::{Uuid, prefixed_id};
///
/// assert_eq!(prefixed_id("order-", Uuid::nil()), format!("order-{}", Uuid::nil()));
/// ```
pub fn prefixed_id(prefix: &str, id: impl Into<Uuid>) -> String {
    let mut buffer = Uuid::encode_buffer();
    [prefix, id.into().hyphenated().encode_lower(&mut buffer)].concat()
}

/// Generator of identifiers from an injected clock and injected randomness, so that a seed repeats a run.
///
/// ```
/// use kernel::{Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
/// use std::sync::Arc;
///
/// kernel::id!(/// Identifier of a visitor.
///     VisitorId);
///
/// let ids = |seed| {
///     let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
///     Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(seed)))
/// };
/// assert_eq!(ids(7).next::<VisitorId>(), ids(7).next::<VisitorId>());
///
/// let derived: VisitorId = Ids::derived(Uuid::NAMESPACE_OID, "ann");
/// assert_eq!(derived, Ids::derived(Uuid::NAMESPACE_OID, "ann"));
/// ```
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl Ids {
    /// Generator with this clock and this randomness.
    pub fn new(clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { clock, randomness }
    }

    /// Generates the next identifier: UUID version 7 of 48 bits of milliseconds since 1970 and 74 random bits (RFC 9562,
    /// section 5.7). Ids of one millisecond are in random order.
    pub fn next<I: TypedId>(&self) -> I {
        let mut random = [0; 10];
        self.randomness.fill(&mut random);
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        I::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Clock of the generator.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Randomness of the generator.
    pub fn randomness(&self) -> &Arc<dyn Randomness> {
        &self.randomness
    }

    /// Current time by the generator's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Derives the identifier of `name` within `namespace`: UUID version 5 (RFC 9562, section 5.5). The same words give the
    /// same id, so that a repeated request finds its first effect.
    pub fn derived<I: TypedId>(namespace: Uuid, name: &str) -> I {
        I::from(Uuid::new_v5(&namespace, name.as_bytes()))
    }
}

/// Declares a typed identifier; [`Ids`] has an example. In JSON it is the UUID as text, in CBOR its 16 bytes.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::reexport::serde::Serialize, $crate::reexport::serde::Deserialize,
            $crate::reexport::schemars::JsonSchema,
        )]
        #[serde(transparent, crate = "kernel::reexport::serde")]
        #[schemars(crate = "kernel::reexport::schemars")]
        pub struct $name(pub $crate::Uuid);

        impl $crate::TypedId for $name {}

        impl From<$crate::Uuid> for $name {
            fn from(id: $crate::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for $crate::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl<C> $crate::reexport::minicbor::Encode<C> for $name {
            fn encode<W: $crate::reexport::minicbor::encode::Write>(
                &self,
                encoder: &mut $crate::reexport::minicbor::Encoder<W>,
                context: &mut C,
            ) -> Result<(), $crate::reexport::minicbor::encode::Error<W::Error>> {
                $crate::cbor::encode(&self.0, encoder, context)
            }
        }

        impl<'b, C> $crate::reexport::minicbor::Decode<'b, C> for $name {
            fn decode(
                decoder: &mut $crate::reexport::minicbor::Decoder<'b>,
                context: &mut C,
            ) -> Result<Self, $crate::reexport::minicbor::decode::Error> {
                $crate::cbor::decode(decoder, context).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, out)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::reexport::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, SeededRandomness};

    impl TypedId for Uuid {}

    fn ids(seed: u64) -> Ids {
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        Ids::new(Arc::new(clock), Arc::new(SeededRandomness::new(seed)))
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (one, two) = (ids(7), ids(7));
        for _ in 0..10 {
            assert_eq!(one.next::<Uuid>(), two.next::<Uuid>());
        }
        assert_ne!(ids(7).next::<Uuid>(), ids(8).next::<Uuid>());
    }

    #[test]
    fn an_id_carries_its_time_and_version() {
        let id: Uuid = ids(1).next();
        assert_eq!(id.get_version_num(), 7);
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        assert_eq!(seconds, 1_767_225_600);
    }
}
