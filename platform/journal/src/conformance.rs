//! What every engine's journal must do; engines run this suite against themselves.
//!
//! A behaviour is a function that panics when the engine does not behave. [`conformance_suite!`] turns each into a
//! test of its own.
//!
//! [`conformance_suite!`]: crate::conformance_suite

mod appending;
mod concurrency;
mod following;
mod reading;
mod snapshots;
mod strangers;

pub use appending::*;
pub use concurrency::*;
pub use following::*;
pub use reading::*;
pub use snapshots::*;
pub use strangers::*;

use crate::{Append, Appended, Journal, NewEvent, RecordedEvent, Version};
use bytes::Bytes;
use kernel::{Timestamp, Uuid};

/// Makes a test of every behaviour of a journal. `$make` is an async function without arguments that returns
/// `(ServiceStorage, what must live as long)`, of an empty store.
#[macro_export]
macro_rules! conformance_suite {
    ($make:path) => {
        $crate::conformance_suite! { @each $make;
            a_stream_begins_at_version_zero
            a_wrong_expectation_names_the_actual_version
            the_same_events_again_change_nothing
            other_events_at_a_taken_version_are_a_conflict
            many_events_of_one_append_stay_together
            nothing_and_too_much_are_refused
            events_and_documents_are_written_together
            an_event_comes_back_as_it_was_appended
            reading_goes_on_after_a_version
            what_is_appended_is_read_at_once
            what_is_read_before_its_flush_touches_the_scope
            streams_do_not_mix
            following_goes_on_after_a_position
            following_shows_a_flushed_event_once_its_commit_is_done
            waiting_ends_when_something_is_flushed
            the_last_position_is_that_of_the_last_event
            a_snapshot_replaces_an_older_one
            one_append_wins_a_version
            decisions_made_anew_all_come_in
            a_follower_beside_many_writers_misses_nothing
            documents_follow_the_order_of_decisions
        }
    };
    (@each $make:path; $($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $behaviour() {
                let (storage, _kept) = $make().await;
                $crate::conformance::$behaviour(storage).await;
            }
        )*
    };
}

/// The event with this number: another number is another id.
fn event(number: u64) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(u128::from(number)),
        name: "thing_happened",
        data: Bytes::from(format!("{{\"number\":{number}}}")),
        recorded_at: Timestamp::from_second(1_767_225_600).expect("the time is within range"),
    }
}

fn events(numbers: std::ops::Range<u64>) -> Vec<NewEvent> {
    numbers.map(event).collect()
}

fn append(stream: &str, expected: Version, events: Vec<NewEvent>) -> Append {
    Append { stream: stream.to_owned(), expected, events, writes: Vec::new() }
}

/// Appends and waits for the flush.
async fn appended(journal: &dyn Journal, append: Append) -> Appended {
    let appended = journal.append(append).await.expect("the append is taken");
    appended.commit.wait().await.expect("the append is flushed");
    appended
}

async fn read(journal: &dyn Journal, stream: &str) -> Vec<RecordedEvent> {
    journal.read(stream, 0, crate::READ_EVENTS_MAX).await.expect("the journal answers")
}

/// Of each event its stream and version.
fn places(events: &[RecordedEvent]) -> Vec<(&str, Version)> {
    events.iter().map(|event| (event.stream.as_str(), event.version)).collect()
}
