//! Codec of stored events: both formats are read, additions break neither program, and anything else is named.

use engine_memory::MemoryEngine;
use journal::{
    Aggregate, Append, EventName, NewEvent, RecordedEvent, Repository, TypedEvent, decode, encode,
    event_json,
};
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp, Uuid};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, num::NonZeroUsize, sync::Arc};

/// Event of a tank, as the first version of a program knew it.
#[derive(Debug, PartialEq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
enum FirstEvent {
    #[n(0)]
    Filled {
        #[n(0)]
        litres: u64,
    },
}

/// Event of a tank after additions.
#[derive(Debug, PartialEq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
enum TankEvent {
    #[n(0)]
    Filled {
        #[n(0)]
        litres: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[n(1)]
        by: Option<String>,
    },
    #[n(1)]
    Emptied,
}

impl EventName for TankEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Filled { .. } => "filled",
            Self::Emptied => "emptied",
        }
    }
}

struct Tank {
    litres: u64,
}

impl Aggregate for Tank {
    type Event = TankEvent;

    fn apply(tank: Option<&Self>, event: &TankEvent) -> Self {
        let before = tank.map_or(0, |tank| tank.litres);
        match event {
            TankEvent::Filled { litres, .. } => Self { litres: before + litres },
            TankEvent::Emptied => Self { litres: 0 },
        }
    }
}

fn tanks(engine: &MemoryEngine) -> Repository<Tank> {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
    Repository::new(engine.service("works").journal, ids, NonZeroUsize::MIN)
}

/// Journal with an event of this data.
async fn stored(data: &[u8]) -> MemoryEngine {
    let engine = MemoryEngine::new();
    let event = NewEvent {
        id: Uuid::from_u128(1),
        name: "something",
        data: data.to_vec().into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: TypedEvent::default(),
        personal: None,
    };
    let (stream, events) = ("tank".to_owned(), vec![event]);
    let append =
        Append { stream, expected: 0, events, writes: Vec::new(), origin: None, sequence: None };
    let journal = engine.service("works").journal;
    let appended = journal.append(append).await.expect("it is appended");
    appended.commit.wait().await.expect("it is flushed");
    engine
}

#[tokio::test]
async fn a_stream_may_begin_as_json_and_continue_as_cbor() {
    let engine = stored(br#"{"type":"filled","litres":40}"#).await;
    let fill = |_: Option<&Tank>| {
        Ok::<_, Infallible>(vec![TankEvent::Filled { litres: 2, by: Some("ann".to_owned()) }])
    };
    tanks(&engine).execute("tank", fill, |_| Vec::new()).await.unwrap();
    assert_eq!(tanks(&engine).load("tank").await.unwrap().state.unwrap().litres, 42);
    let events = engine.service("works").journal.read("tank", 0, 10).await.unwrap();
    let json = |event: &RecordedEvent| event_json::<TankEvent>(event).unwrap().get().to_owned();
    let expected =
        [r#"{"type":"filled","litres":40}"#, r#"{"type":"filled","litres":2,"by":"ann"}"#];
    assert_eq!(events.iter().map(json).collect::<Vec<_>>(), expected);
    assert_eq!(*events[1].data, [0x83, 0, 2, 0x63, b'a', b'n', b'n']);
}

#[test]
fn a_program_reads_what_others_with_more_or_fewer_fields_have_stored() {
    for litres in [0, 23, 24, 255, 256, u64::MAX] {
        let first = encode(&FirstEvent::Filled { litres }).unwrap();
        let filled = TankEvent::Filled { litres, by: None };
        assert_eq!(decode::<TankEvent>(&first), Ok(filled), "the field was added later");
        for by in [None, Some("ann".to_owned())] {
            let later = encode(&TankEvent::Filled { litres, by }).unwrap();
            let filled = FirstEvent::Filled { litres };
            assert_eq!(decode::<FirstEvent>(&later), Ok(filled), "the field is skipped");
        }
    }
}

#[tokio::test]
async fn what_is_no_event_is_an_error_that_names_it() {
    let emptied = encode(&TankEvent::Emptied).unwrap();
    assert!(decode::<FirstEvent>(&emptied).unwrap_err().contains("unknown enum variant 1"));
    let wrong: [(&[u8], &str); 8] = [
        (&[0x81, 0x18, 99], "unknown enum variant 99"),
        (br#"{"type":"painted"}"#, "unknown variant `painted`"),
        (&[0x82, 0, 2, 0], "behind the end"),
        (&[0x82, 0], "end of input"),
        (&[0x81, 0], "missing value"),
        (&[0x82, 0, 0x61, b'x'], "unexpected type"),
        (&[0xa1, 0, 0], "expected value"),
        (b"", "EOF"),
    ];
    for (data, reason) in wrong {
        let engine = stored(data).await;
        let error = tanks(&engine).load("tank").await.unwrap_err().to_string();
        assert!(error.contains("something") && error.contains(reason), "{data:02x?}: {error}");
        let event = &engine.service("works").journal.read("tank", 0, 10).await.unwrap()[0];
        assert!(event_json::<TankEvent>(event).is_err() || data.starts_with(b"{"));
    }
}
