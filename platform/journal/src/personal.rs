//! Personal data in events: encrypted for its data subject when an event is stored, opened when it is read, and left out once it was
//! erased.
//!
//! A stored event with personal data has a form without it, and an encrypted patch that leads from this form to the whole event.
//! So an event stays readable when its key is destroyed: as what it would be if nobody had said who it is about. Engines call
//! [`seal`] and [`open`]; whoever uses a journal sees plain events.

use crate::{NewEvent, RecordedEvent, TypedEvent};
use bytes::Bytes;
use kernel::Uuid;
use storage::StorageError;
use subject_keys::{Erasure, KeyId, KeysInUse, Opened, SubjectKeys};

/// First byte of a sealed event; neither JSON nor CBOR of an event begins with it.
const SEALED: u8 = 1;
/// Bytes of a length.
const LENGTH_BYTES: usize = size_of::<u32>();

/// Personal data of a value that is going to be stored: the key of whom it is about, and the value without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personal<T> {
    /// Key of the data subject, for the purpose of the data.
    pub key: KeyId,
    /// The value as it is once the personal data is erased.
    pub erased: T,
}

impl Personal<Bytes> {
    /// Sealed event with this encrypted patch.
    fn sealed(&self, patch: &[u8]) -> Bytes {
        let head = [&[SEALED][..], &self.key.to_bytes(), &length(self.erased.len())].concat();
        [&head[..], &self.erased, patch].concat().into()
    }

    /// Patch that leads from the erased form to the whole data: how much of it is the same at the beginning and at the end, and
    /// what is between.
    fn patch(&self, whole: &[u8]) -> Vec<u8> {
        let erased = &self.erased[..];
        let same = |(one, other): &(&u8, &u8)| one == other;
        let begin = whole.iter().zip(erased).take_while(same).count();
        let (whole_rest, erased_rest) = (&whole[begin..], &erased[begin..]);
        let end = whole_rest.iter().rev().zip(erased_rest.iter().rev()).take_while(same).count();
        let middle = &whole_rest[..whole_rest.len() - end];
        [&length(begin)[..], &length(end), middle].concat()
    }
}

/// Encrypts the personal data of events that are going to be appended to a stream of a service. Until they are in the journal, where an
/// erasure finds them, the caller holds what this returns.
///
/// # Errors
///
/// [`StorageError::Unavailable`] when a key was given up meanwhile: whoever decided on the events decides again.
pub fn seal<'a>(
    keys: &'a SubjectKeys,
    service: &str,
    stream: &str,
    events: &mut [NewEvent],
) -> Result<Option<KeysInUse<'a>>, StorageError> {
    if events.iter().all(|event| event.personal.is_none()) {
        return Ok(None);
    }
    let in_use = keys.use_keys();
    seal_in_use(keys, service, stream, events)?;
    Ok(Some(in_use))
}

/// Encrypts the personal data of events as [`seal`] does, for a caller that holds the keys in use for several appends at once.
///
/// # Errors
///
/// Those of [`seal`].
pub fn seal_in_use(
    keys: &SubjectKeys,
    service: &str,
    stream: &str,
    events: &mut [NewEvent],
) -> Result<(), StorageError> {
    for event in events {
        let Some(personal) = event.personal.take() else { continue };
        let context = context(service, stream, event.name, event.id);
        let patch = keys.encrypt(personal.key, &context, &personal.patch(&event.data));
        let patch = patch.ok_or_else(|| {
            let reason = format!("whoever the event {} is about was erased meanwhile", event.name);
            StorageError::Unavailable(reason)
        })?;
        event.data = personal.sealed(&patch);
    }
    Ok(())
}

/// Encrypts the personal data of an event that was stored as plaintext: the event as [`seal`] would have stored it, also when
/// the key is given up; without what is personal when the key is destroyed.
///
/// # Errors
///
/// [`StorageError::Corrupt`] when what was encrypted does not lead to the same event again.
pub fn seal_stored(
    keys: &SubjectKeys,
    service: &str,
    event: &RecordedEvent,
    personal: &Personal<Bytes>,
) -> Result<Bytes, StorageError> {
    let context = context(service, &event.stream, &event.name, event.id);
    let patch = keys.encrypt_stored(personal.key, &context, &personal.patch(&event.data));
    let stored = patch.map_or_else(|| personal.erased.clone(), |patch| personal.sealed(&patch));
    if is_stored_form(keys, service, event, personal, &stored) {
        return Ok(stored);
    }
    let RecordedEvent { name, position, .. } = event;
    let reason = format!("event {name} at position {position} could not be encrypted");
    Err(StorageError::Corrupt(reason))
}

/// Whether this is how an event is stored now that was stored as plaintext: read back, it is the same event, or the one without what is
/// personal when the key is destroyed.
pub fn is_stored_form(
    keys: &SubjectKeys,
    service: &str,
    event: &RecordedEvent,
    personal: &Personal<Bytes>,
    stored: &[u8],
) -> bool {
    if keys.erasure(personal.key) == Some(Erasure::Done) {
        return stored == personal.erased;
    }
    let context = context(service, &event.stream, &event.name, event.id);
    let Some(SealedParts { id, erased, patch }) = sealed_parts(stored) else { return false };
    let patch = keys.decrypt_stored(id, &context, patch);
    let whole = patch.and_then(|patch| patched(erased, &patch));
    id == personal.key && erased == personal.erased && whole.as_deref() == Some(&event.data[..])
}

/// Whether an event has no personal data but what is encrypted.
pub fn is_sealed(data: &[u8]) -> bool {
    data.first() == Some(&SEALED)
}

/// Opens the events of a service: whole, or without what was erased.
///
/// # Errors
///
/// [`StorageError::Corrupt`] for a sealed event that is not what was stored.
pub fn open(
    keys: &SubjectKeys,
    service: &str,
    events: &mut [RecordedEvent],
) -> Result<(), StorageError> {
    for event in events.iter_mut().filter(|event| is_sealed(&event.data)) {
        let opened = opened(keys, service, event);
        let (data, is_erased) = opened.ok_or_else(|| {
            let RecordedEvent { name, position, .. } = event;
            let reason = format!("the personal data of event {name} at position {position}");
            StorageError::Corrupt(reason)
        })?;
        event.data = data;
        if is_erased {
            event.typed = TypedEvent::default();
        }
    }
    Ok(())
}

/// Data of a sealed event, and whether what is personal is erased; `None` when it is damaged.
fn opened(keys: &SubjectKeys, service: &str, event: &RecordedEvent) -> Option<(Bytes, bool)> {
    let SealedParts { id, erased, patch } = sealed_parts(&event.data)?;
    let context = context(service, &event.stream, &event.name, event.id);
    match keys.decrypt(id, &context, patch) {
        Opened::Text(patch) => Some((patched(erased, &patch)?.into(), false)),
        Opened::Erased => Some((event.data.slice_ref(erased), true)),
        Opened::Damaged => None,
    }
}

/// Parts of a sealed event.
struct SealedParts<'a> {
    id: KeyId,
    erased: &'a [u8],
    /// Encrypted patch.
    patch: &'a [u8],
}

fn sealed_parts(data: &[u8]) -> Option<SealedParts<'_>> {
    let (id, sealed) = data.strip_prefix(&[SEALED])?.split_first_chunk()?;
    let (erased_length, rest) = sealed.split_first_chunk()?;
    let (erased, patch) = rest.split_at_checked(from_length(*erased_length)?)?;
    Some(SealedParts { id: KeyId::from_bytes(*id), erased, patch })
}

fn patched(erased: &[u8], patch: &[u8]) -> Option<Vec<u8>> {
    let (begin, rest) = patch.split_first_chunk()?;
    let (end, middle) = rest.split_first_chunk()?;
    let (begin, end) = (from_length(*begin)?, from_length(*end)?);
    let tail = erased.len().checked_sub(end)?;
    Some([erased.get(..begin)?, middle, erased.get(tail..)?].concat())
}

/// Context that an event is encrypted for: its place, so that it cannot be moved to another.
fn context(service: &str, stream: &str, name: &str, id: Uuid) -> Vec<u8> {
    let parts = [service.as_bytes(), stream.as_bytes(), name.as_bytes()];
    let mut context =
        Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum::<usize>() + 16);
    for part in parts {
        context.extend(part);
        context.push(0);
    }
    context.extend(id.as_bytes());
    context
}

/// Length as it is stored. A record is far shorter than 4 GiB.
fn length(length: usize) -> [u8; LENGTH_BYTES] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn from_length(length: [u8; LENGTH_BYTES]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(length)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    const SERVICE: &str = "letter-service";

    fn event(keys: &SubjectKeys, whole: &str, erased: &str) -> NewEvent {
        let erased = Bytes::copy_from_slice(erased.as_bytes());
        NewEvent {
            id: Uuid::from_u128(1),
            name: "written",
            data: Bytes::copy_from_slice(whole.as_bytes()),
            recorded_at: Timestamp::UNIX_EPOCH,
            typed: TypedEvent::new(std::sync::Arc::new(whole.to_owned())),
            personal: Some(Personal { key: keys.id("contact", "ann"), erased }),
        }
    }

    fn sealed(keys: &SubjectKeys, whole: &str, erased: &str) -> RecordedEvent {
        let mut events = [event(keys, whole, erased)];
        seal(keys, SERVICE, "letter-1", &mut events).unwrap();
        let [NewEvent { id, name, data, recorded_at, typed, .. }] = events;
        let (stream, name) = ("letter-1".to_owned(), name.to_owned());
        let (position, version, origin) = (1, 1, None);
        RecordedEvent { position, stream, version, id, name, data, recorded_at, origin, typed }
    }

    fn erase(keys: &SubjectKeys) {
        let done = (keys.id("contact", "ann"), Erasure::Done);
        keys.advance_erasures("contact", &[done]).unwrap();
    }

    fn data(keys: &SubjectKeys, event: &RecordedEvent) -> Option<String> {
        let mut events = [event.clone()];
        open(keys, SERVICE, &mut events).ok()?;
        Some(String::from_utf8_lossy(&events[0].data).into_owned())
    }

    const LETTERS: &[(&str, &str)] = &[
        (r#"{"to":"Ann","pages":3}"#, r#"{"to":"","pages":3}"#),
        ("Ann", ""),
        ("", "nobody"),
        ("the same", "the same"),
        ("aaaa", "aa"),
        ("Ann and Ann", "Ann"),
    ];

    #[test]
    fn an_event_is_opened_as_it_was_and_without_what_was_erased() {
        for (whole, erased) in LETTERS {
            let keys = SubjectKeys::for_tests();
            let event = sealed(&keys, whole, erased);
            assert_eq!(data(&keys, &event).as_deref(), Some(*whole));
            erase(&keys);
            assert_eq!(data(&keys, &event).as_deref(), Some(*erased));
        }
    }

    #[test]
    fn neither_the_bytes_nor_the_decoded_event_have_what_was_erased() {
        let keys = SubjectKeys::for_tests();
        let mut event = sealed(&keys, LETTERS[0].0, LETTERS[0].1);
        assert!(!event.data.windows(3).any(|bytes| bytes == b"Ann"));
        erase(&keys);
        open(&keys, SERVICE, std::slice::from_mut(&mut event)).unwrap();
        assert_eq!(event.typed.get::<String>(), None);
    }

    #[test]
    fn an_event_that_was_moved_or_changed_is_damaged() {
        let keys = SubjectKeys::for_tests();
        let event = sealed(&keys, LETTERS[0].0, LETTERS[0].1);
        let moved = [
            RecordedEvent { stream: "letter-2".to_owned(), ..event.clone() },
            RecordedEvent { name: "read".to_owned(), ..event.clone() },
            RecordedEvent { id: Uuid::from_u128(2), ..event.clone() },
        ];
        assert!(moved.iter().all(|moved| data(&keys, moved).is_none()));
        for length in 1..event.data.len() {
            let cut = RecordedEvent { data: event.data.slice(..length), ..event.clone() };
            assert_eq!(data(&keys, &cut), None, "{length}");
        }
        let mut wrong = event.data.to_vec();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(data(&keys, &RecordedEvent { data: wrong.into(), ..event }), None);
    }

    #[test]
    fn an_event_without_personal_data_is_stored_as_it_is() {
        let keys = SubjectKeys::for_tests();
        let mut events = [NewEvent { personal: None, ..event(&keys, "plain", "") }];
        assert!(seal(&keys, SERVICE, "letter-1", &mut events).unwrap().is_none());
        assert_eq!(&events[0].data[..], b"plain");
    }

    #[test]
    fn no_event_is_sealed_for_somebody_whose_erasure_was_requested() {
        let keys = SubjectKeys::for_tests();
        let mut events = [event(&keys, LETTERS[0].0, LETTERS[0].1)];
        keys.request_erasures("contact", &[keys.id("contact", "ann")]).unwrap();
        let refused = seal(&keys, SERVICE, "letter-1", &mut events);
        assert!(matches!(refused, Err(StorageError::Unavailable(_))));
    }

    /// Event as an earlier release stored it, with the keys of [`SubjectKeys::for_tests`]: it never changes.
    const STORED: &str = "013c1ffec41239b3bf130000007b22746f223a22222c227061676573223a337d611830d37f49b96344a3100388b451b2e2cbcf5de8db46e8701316e72ee129bb2d4d426fa8688500138abd";

    #[test]
    fn a_stored_sealed_event_is_opened_with_its_key_and_without_it() {
        let keys = SubjectKeys::for_tests();
        let mut event = sealed(&keys, LETTERS[0].0, LETTERS[0].1);
        assert_eq!(kernel::hex::encode(&event.data), STORED, "and sealed as it was");
        event.data = kernel::hex::decode(STORED).unwrap().into();
        assert_eq!(data(&keys, &event).as_deref(), Some(LETTERS[0].0));
        erase(&keys);
        assert_eq!(data(&keys, &event).as_deref(), Some(LETTERS[0].1));
    }
}
