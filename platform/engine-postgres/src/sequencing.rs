//! Sequenced appends of a batch: the statement that appends can tell a prefix of one sequence, within one round.

use crate::{
    batch::{WriteOperation, answer_append},
    rounds::rounds,
};
use journal::{AppendError, SequencePlace};

/// Splits off the operations that have to wait until those before them are answered: from the first sequenced append on that is not
/// right behind the one before it, or in another round.
pub(crate) fn split_off(operations: &mut Vec<WriteOperation>) -> Vec<WriteOperation> {
    if operations.iter().filter_map(WriteOperation::sequence).nth(1).is_none() {
        return Vec::new();
    }
    let rounds = rounds(operations);
    let mut before: Option<(&SequencePlace, usize)> = None;
    let mut end = operations.len();
    for (index, operation) in operations.iter().enumerate() {
        let Some(place) = operation.sequence() else { continue };
        if before.is_some_and(|(it, round)| !place.follows(it) || rounds[index] != round) {
            end = index;
            break;
        }
        before = Some((place, rounds[index]));
    }
    operations.split_off(end)
}

/// Answers the sequenced appends when the first of them must not be accepted.
pub(crate) fn fail_out_of_sequence(operations: &mut Vec<WriteOperation>) {
    let first = operations.iter().find_map(WriteOperation::sequence);
    if first.is_none_or(|place| place.check().is_ok()) {
        return;
    }
    let is_sequenced = |operation: &WriteOperation| operation.sequence().is_some();
    let (lost, kept): (Vec<_>, Vec<_>) =
        std::mem::take(operations).into_iter().partition(is_sequenced);
    *operations = kept;
    for operation in lost {
        if let WriteOperation::Append { append, reply } = operation {
            answer_append(&append, reply, Err(AppendError::OutOfSequence));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Reply;
    use journal::{Append, AppendSequence, Appended};
    use kernel::Timestamp;
    use storage::StorageError;

    fn append(stream: &str, sequence: Option<SequencePlace>) -> WriteOperation {
        let (reply, _): (Reply<Result<Appended, AppendError>>, _) = tokio::sync::oneshot::channel();
        let append = Append {
            stream: stream.to_owned(),
            expected: 0,
            events: Vec::new(),
            writes: Vec::new(),
            origin: None,
            sequence,
        };
        WriteOperation::Append { append, reply }
    }

    fn sweep() -> WriteOperation {
        let (reply, _): (Reply<Result<usize, StorageError>>, _) = tokio::sync::oneshot::channel();
        WriteOperation::Sweep { now: Timestamp::UNIX_EPOCH, limit: 1, reply }
    }

    #[test]
    fn what_shares_no_statement_waits_for_the_answers_before_it() {
        let sequence = AppendSequence::default();
        let place = || Some(sequence.next());
        for (mut operations, kept) in [
            (vec![append("a", place()), append("b", None), append("c", place())], 3),
            (vec![append("a", place()), append("b", place()), append("a", place())], 2),
            (vec![append("a", place()), sweep(), append("b", place()), append("c", None)], 2),
            (vec![append("a", None), append("a", None), append("b", place())], 3),
        ] {
            let all = operations.len();
            let later = split_off(&mut operations);
            assert_eq!((operations.len(), later.len()), (kept, all - kept));
        }
        let skipped = (sequence.next(), sequence.next(), sequence.next());
        let mut operations = vec![append("a", Some(skipped.0)), append("b", Some(skipped.2))];
        assert_eq!(split_off(&mut operations).len(), 1);
    }
}
