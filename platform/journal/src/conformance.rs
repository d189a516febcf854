//! Conformance suite of the journal port, which every engine runs against itself.
//!
//! A behaviour is a function that panics when the engine does not show it. [`conformance_suite!`] makes a test of each.
//!
//! [`conformance_suite!`]: crate::conformance_suite

mod appending;
mod concurrency;
mod deleting;
mod erasing;
mod following;
mod isolation;
mod reading;
mod sequences;
mod snapshots;

pub use appending::*;
pub use concurrency::*;
pub use deleting::*;
pub use erasing::*;
pub use following::*;
pub use isolation::*;
pub use reading::*;
pub use sequences::*;
pub use snapshots::*;

use crate::{Append, Appended, Journal, NewEvent, RecordedEvent, Version};
use bytes::Bytes;
use kernel::{Timestamp, Uuid};

/// Defines a test for every behaviour of a journal. `$make` is an async function without arguments that returns an empty
/// `ServiceStorage` and a guard that must live as long.
#[macro_export]
macro_rules! conformance_suite {
    ($make:path) => {
        $crate::conformance_suite! { @each $make;
            a_stream_begins_at_version_zero
            a_conflict_names_the_actual_version
            a_repeated_append_changes_nothing
            other_events_at_a_taken_version_are_a_conflict
            the_events_of_one_append_stay_together
            empty_and_oversized_appends_are_refused
            events_and_documents_are_written_together
            an_event_comes_back_as_it_was_appended
            an_origin_comes_back_with_every_event_of_its_append
            reading_goes_on_after_a_version
            what_is_appended_is_read_at_once
            the_scope_depends_on_what_is_read_before_its_flush
            streams_do_not_mix
            following_goes_on_after_a_position
            following_shows_a_flushed_event_once_its_commit_is_done
            a_wait_ends_when_an_event_is_flushed
            the_last_position_is_that_of_the_last_event
            a_snapshot_replaces_an_older_one
            a_deleted_stream_is_gone_and_leaves_the_others
            a_stream_is_deleted_at_the_expected_version_only
            the_last_event_of_a_service_is_not_deleted
            an_event_is_whole_until_its_key_is_gone
            personal_data_is_gone_with_its_key
            nothing_is_stored_under_a_key_that_is_given_up
            one_append_wins_a_version
            retried_appends_all_succeed
            a_follower_beside_many_writers_misses_nothing
            documents_follow_the_order_of_appends
            a_sequence_is_taken_in_order
            a_refused_append_breaks_its_sequence
            a_gap_breaks_a_sequence
            a_repeated_sequence_changes_nothing
        }
    };
    (@each $make:path; $($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $behaviour() {
                let (storage, _guard) = $make().await;
                $crate::conformance::$behaviour(storage).await;
            }
        )*
    };
}

/// Event with this number: another number is another id.
fn event(number: u64) -> NewEvent {
    NewEvent {
        id: Uuid::from_u128(u128::from(number)),
        name: "thing_happened",
        data: Bytes::from(format!("{{\"number\":{number}}}")),
        recorded_at: Timestamp::from_second(1_767_225_600).expect("the time is within range"),
        typed: crate::TypedEvent::default(),
        personal: None,
    }
}

fn events(numbers: std::ops::Range<u64>) -> Vec<NewEvent> {
    numbers.map(event).collect()
}

fn append(stream: &str, expected: Version, events: Vec<NewEvent>) -> Append {
    Append {
        stream: stream.to_owned(),
        expected,
        events,
        writes: Vec::new(),
        origin: None,
        sequence: None,
    }
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

/// Stream and version of each event.
fn stream_versions(events: &[RecordedEvent]) -> Vec<(&str, Version)> {
    events.iter().map(|event| (event.stream.as_str(), event.version)).collect()
}
