//! Saga events as the journal keeps them, and the state that they fold to.

use crate::SagaInput;
use bytes::Bytes;
use journal::{DecodeError, Personal, RecordedEvent, Version};
use kernel::{Origin, Problem, Timestamp, Uuid, prefixed_id};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use storage::StorageError;

pub(crate) const BEGUN: &str = "saga_begun";
pub(crate) const WAITING: &str = "saga_waiting";
pub(crate) const UNDOING: &str = "saga_undoing";
pub(crate) const ENDED: &str = "saga_ended";

const STREAM_PREFIX: &str = "saga-";

/// Stream of one saga.
pub(crate) fn stream(id: Uuid) -> String {
    prefixed_id(STREAM_PREFIX, id)
}

/// Saga that a stream belongs to; `None` for any other stream.
pub(crate) fn saga_of(stream: &str) -> Option<Uuid> {
    stream.strip_prefix(STREAM_PREFIX)?.parse().ok()
}

/// Data of `saga_begun`: the kind of saga and its input.
#[derive(Debug, Deserialize, Encode, Decode)]
pub(crate) struct SagaBegun {
    #[n(0)]
    pub(crate) saga: Cow<'static, str>,
    #[serde(rename = "case", deserialize_with = "json_text")]
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) input: Vec<u8>,
}

/// Data of `saga_waiting`: the step that waits, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct SagaWaiting {
    #[n(0)]
    pub(crate) step: String,
    #[n(1)]
    pub(crate) reason: String,
}

/// Data of `saga_undoing`: the saga is undone from this step, the furthest that can have had an effect, to the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct SagaUndoing {
    #[n(0)]
    pub(crate) from: String,
    #[cbor(n(1), with = "problem_text")]
    pub(crate) reason: Problem,
}

/// Outcome of a saga that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum SagaOutcome {
    #[n(0)]
    Done,
    #[n(1)]
    Undone,
}

/// Data of `saga_ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct SagaEnded {
    #[n(0)]
    pub(crate) outcome: SagaOutcome,
}

/// Text of a JSON value, for the input of a saga of any kind.
fn json_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text: Box<RawValue> = Deserialize::deserialize(deserializer)?;
    Ok(Box::<str>::from(text).into_string().into_bytes())
}

/// JSON text of a problem, which may have facts of any kind.
mod problem_text {
    use kernel::Problem;
    use minicbor::{
        Decoder, Encoder,
        decode::Error,
        encode::{self, Write},
    };

    pub(super) fn encode<C, W: Write>(
        problem: &Problem,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        let text = serde_json::to_string(problem).map_err(encode::Error::message)?;
        encoder.str(&text)?.ok()
    }

    pub(super) fn decode<C>(decoder: &mut Decoder<'_>, _: &mut C) -> Result<Problem, Error> {
        serde_json::from_str(decoder.str()?).map_err(Error::message)
    }
}

impl SagaBegun {
    /// Event that begins a saga with this input, as it is stored.
    pub(crate) fn encoded(saga: &str, input: &impl SagaInput) -> Result<Bytes, StorageError> {
        let input = journal::encode(input)?.into();
        journal::encode(&SagaBegun { saga: saga.to_owned().into(), input })
    }
}

/// Personal data of a stored event that begins a saga of this kind: `personal` says what it is in the input. `None` for any other event.
///
/// # Errors
///
/// [`DecodeError`] when the event or its input cannot be decoded.
pub fn personal_input<I: SagaInput>(
    recorded: &RecordedEvent,
    kind: &str,
    personal: impl FnOnce(I) -> Option<Personal<I>>,
) -> Result<Option<Personal<Bytes>>, DecodeError> {
    if recorded.name != BEGUN || saga_of(&recorded.stream).is_none() {
        return Ok(None);
    }
    let SagaBegun { saga, input } = decode(recorded)?;
    if saga != kind {
        return Ok(None);
    }
    let failed = |reason: String| DecodeError::new(recorded, reason);
    let Some(Personal { key, erased }) = personal(journal::decode(&input).map_err(failed)?) else {
        return Ok(None);
    };
    let erased = SagaBegun::encoded(kind, &erased).map_err(|error| failed(error.to_string()))?;
    Ok(Some(Personal { key, erased }))
}

/// Kind of the saga that this event begins.
pub(crate) fn kind_of(begun: &RecordedEvent) -> Result<String, StorageError> {
    Ok(decode::<SagaBegun>(begun)?.saga.into_owned())
}

/// State of a saga as folded from its events.
#[derive(Clone, Debug)]
pub(crate) struct SavedSaga {
    pub(crate) kind: String,
    /// Encoded input.
    pub(crate) input: Vec<u8>,
    pub(crate) version: Version,
    pub(crate) started_at: Timestamp,
    /// Origin of the request that began it.
    pub(crate) origin: Option<Origin>,
    pub(crate) waiting: Option<SagaWaiting>,
    pub(crate) undoing: Option<SagaUndoing>,
    pub(crate) outcome: Option<SagaOutcome>,
}

impl SavedSaga {
    /// Folds one more event in. An event before `saga_begun` is of a saga that ended long ago, and is skipped.
    pub(crate) fn evolve(
        saved: &mut Option<Self>,
        event: &RecordedEvent,
    ) -> Result<(), StorageError> {
        if event.name == BEGUN {
            let SagaBegun { saga, input } = decode(event)?;
            *saved = Some(Self {
                kind: saga.into_owned(),
                input,
                version: event.version,
                started_at: event.recorded_at,
                origin: event.origin.clone(),
                waiting: None,
                undoing: None,
                outcome: None,
            });
            return Ok(());
        }
        let Some(saved) = saved else { return Ok(()) };
        saved.version = event.version;
        match event.name.as_str() {
            WAITING => saved.waiting = Some(decode(event)?),
            UNDOING => saved.undoing = Some(decode(event)?),
            ENDED => saved.outcome = Some(decode::<SagaEnded>(event)?.outcome),
            // An event of a later version of this program, which says nothing that this version needs.
            _ => {}
        }
        Ok(())
    }

    /// Input of the saga, as its own type.
    pub(crate) fn input<I: SagaInput>(&self) -> Result<I, StorageError> {
        journal::decode(&self.input).map_err(|error| {
            StorageError::Corrupt(format!("the input of a {} saga: {error}", self.kind))
        })
    }
}

pub(crate) use journal::decode_event as decode;

#[cfg(test)]
mod tests {
    use super::*;
    use journal::test_vectors;
    use serde_json::json;

    #[test]
    fn the_stored_form_of_events_does_not_change() {
        test_vectors::check_values::<SagaWaiting>(
            r#"{"json":{"step":"table","reason":"guests"},"cbor":"82657461626c6566677565737473"}"#,
        );
        test_vectors::check_values::<SagaUndoing>(
            r#"{"json":{"from":"table","reason":{"status":409,"code":"version_conflict","title":"no table"}},"cbor":"82657461626c65783b7b22737461747573223a3430392c22636f6465223a2276657273696f6e5f636f6e666c696374222c227469746c65223a226e6f207461626c65227d"}"#,
        );
        let ended = test_vectors::check_values::<SagaEnded>(concat!(
            r#"{"json":{"outcome":"done"},"cbor":"8100"}"#,
            "\n",
            r#"{"json":{"outcome":"undone"},"cbor":"8101"}"#,
        ));
        test_vectors::check_variants(ended.iter().map(|ended| &ended.outcome));
    }

    #[test]
    fn the_begin_of_a_saga_has_its_input_in_the_format_it_was_stored_in() {
        let json = json!({"saga": "dinner", "case": {"guests": 4}}).to_string();
        let begun: SagaBegun = journal::decode(json.as_bytes()).unwrap();
        assert_eq!((&*begun.saga, &begun.input[..]), ("dinner", br#"{"guests":4}"#.as_slice()));
        let begun = SagaBegun { saga: "dinner".into(), input: vec![0x81, 4] };
        let stored = journal::encode(&begun).unwrap();
        assert_eq!(stored, b"\x82\x66dinner\x42\x81\x04".as_slice());
        assert_eq!(journal::decode::<SagaBegun>(&stored).unwrap().input, begun.input);
    }
}
