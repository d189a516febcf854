//! Behaviours of appends that are submitted without waiting for the answers in between.

use super::{append, event, events, read, stream_versions};
use crate::{
    Append, AppendError, AppendSequence, Appended, Journal, SequencePlace, ServiceStorage,
};
use futures_util::poll;
use std::task::Poll;

fn placed(append: Append, place: SequencePlace) -> Append {
    Append { sequence: Some(place), ..append }
}

/// Submits appends in this order, and then waits for all answers.
async fn submitted(
    journal: &dyn Journal,
    appends: Vec<Append>,
) -> Vec<Result<Appended, AppendError>> {
    let mut answers = Vec::with_capacity(appends.len());
    for append in appends {
        let mut answer = journal.append(append);
        let first = poll!(&mut answer);
        answers.push((first, answer));
    }
    let mut all = Vec::with_capacity(answers.len());
    for (first, answer) in answers {
        all.push(match first {
            Poll::Ready(answer) => answer,
            Poll::Pending => answer.await,
        });
    }
    all
}

/// Appends of a sequence are taken in its order, several of one stream among them.
pub async fn a_sequence_is_taken_in_order(storage: ServiceStorage) {
    const LENGTH: u64 = 100;
    let (journal, sequence) = (&*storage.journal, AppendSequence::default());
    let appends = (0..LENGTH).map(|number| {
        let (stream, version) = (format!("thing-{}", number % 40), number / 40);
        placed(append(&stream, version, vec![event(number)]), sequence.next())
    });
    assert!(!sequence.is_broken());
    let answers = submitted(journal, appends.collect()).await;
    let positions: Vec<_> =
        answers.into_iter().map(|answer| answer.expect("it is accepted").position).collect();
    assert!(positions.is_sorted_by(|one, next| one < next), "{positions:?}");
    let commit = sequence.accepted().await.expect("it is accepted");
    assert_eq!(sequence.last_position(), positions[99]);
    commit.wait().await.expect("it is flushed");
    assert_eq!(journal.follow(0, 1_000).await.expect("the journal answers").len(), 100);
}

/// Of a sequence a prefix is accepted: what was decided on an append that is refused is refused as well, whatever its own stream has.
pub async fn a_refused_append_breaks_its_sequence(storage: ServiceStorage) {
    let journal = &*storage.journal;
    for conflict in 0..5 {
        let sequence = AppendSequence::default();
        let name = |number: u64| format!("thing-{conflict}-{number}");
        let appends = (0..5).map(|number| {
            let version = if number == conflict { 3 } else { 0 };
            let events = vec![event(conflict * 10 + number)];
            placed(append(&name(number), version, events), sequence.next())
        });
        let appends: Vec<_> =
            appends.chain([append(&name(9), 0, vec![event(conflict * 10 + 9)])]).collect();
        let answers = submitted(journal, appends).await;
        for (number, answer) in (0..).zip(&answers) {
            match number {
                5 => assert!(answer.is_ok(), "it is in no sequence: {answer:?}"),
                _ if number < conflict => assert!(answer.is_ok(), "{answer:?}"),
                _ if number == conflict => {
                    assert!(
                        matches!(answer, Err(AppendError::Conflict { actual: 0 })),
                        "{answer:?}"
                    );
                }
                _ => assert!(matches!(answer, Err(AppendError::OutOfSequence)), "{answer:?}"),
            }
        }
        assert!(sequence.is_broken() && sequence.accepted().await.is_err());
        for number in 0..5 {
            let stored = read(journal, &name(number)).await.len();
            assert_eq!(stored, usize::from(number < conflict), "{number} of {conflict}");
        }
        // What comes later is refused, and a new sequence goes on.
        let late = journal.append(placed(append(&name(4), 0, vec![event(99)]), sequence.next()));
        assert!(matches!(late.await, Err(AppendError::OutOfSequence)));
        let next = AppendSequence::default();
        let again = placed(append(&name(4), 0, vec![event(conflict * 10 + 4)]), next.next());
        assert_eq!(journal.append(again).await.expect("it is accepted").version, 1);
    }
}

/// An append whose predecessor never arrived is refused.
pub async fn a_gap_breaks_a_sequence(storage: ServiceStorage) {
    let (journal, sequence) = (&*storage.journal, AppendSequence::default());
    let places = [sequence.next(), sequence.next(), sequence.next()];
    let [first, _, third] = places;
    let appends = vec![
        placed(append("thing-1", 0, vec![event(1)]), first),
        placed(append("thing-3", 0, vec![event(3)]), third),
    ];
    let answers = submitted(journal, appends).await;
    assert!(answers[0].is_ok() && matches!(answers[1], Err(AppendError::OutOfSequence)));
    assert!(sequence.is_broken());
    assert!(read(journal, "thing-3").await.is_empty());
}

/// A sequence that was accepted before, as one whose answers were lost, is accepted again and changes nothing.
pub async fn a_repeated_sequence_changes_nothing(storage: ServiceStorage) {
    let journal = &*storage.journal;
    let sequence = || {
        let sequence = AppendSequence::default();
        let appends = vec![
            placed(append("thing-1", 0, events(1..3)), sequence.next()),
            placed(append("thing-1", 2, events(3..4)), sequence.next()),
            placed(append("thing-2", 0, events(4..6)), sequence.next()),
        ];
        (sequence, appends)
    };
    let (first, appends) = sequence();
    let stored = submitted(journal, appends).await;
    let (again, appends) = sequence();
    let repeated = submitted(journal, appends).await;
    for (stored, repeated) in stored.iter().zip(&repeated) {
        let (stored, repeated) =
            (stored.as_ref().expect("it is accepted"), repeated.as_ref().expect("it is accepted"));
        assert_eq!((stored.position, stored.version), (repeated.position, repeated.version));
    }
    assert_eq!(first.last_position(), again.last_position());
    again.accepted().await.expect("it is accepted").wait().await.expect("it is flushed");
    assert_eq!(stream_versions(&read(journal, "thing-1").await).len(), 3);
    assert_eq!(journal.follow(0, 1_000).await.expect("the journal answers").len(), 5);
}
