//! Submissions: appends of one command whose answers are still to come.

use crate::{
    domain::{Event, LedgerState, MovementLink},
    ports::{AppendReceipt, RepositoryError, SubmittedAppend},
};
use std::sync::Arc;
use storage::StorageError;

/// Append that is submitted, with the events that it stores.
pub(super) struct Submission<'a> {
    pub(super) append: SubmittedAppend<'a>,
    pub(super) events: Vec<Arc<Event>>,
    /// The link that leads to the first of the events until their positions are known.
    pub(super) link: MovementLink,
}

/// Submissions of one command, in their order.
#[derive(Default)]
pub(super) struct Submitted<'a> {
    submissions: Vec<Submission<'a>>,
    receipts: Vec<AppendReceipt>,
}

impl<'a> Submitted<'a> {
    pub(super) fn add(&mut self, submission: Submission<'a>) {
        self.submissions.push(submission);
    }

    /// Waits for the answers. Returns whether there are any to settle: all were accepted, and one at least was not answered at once.
    pub(super) async fn answers(&mut self) -> Result<bool, StorageError> {
        for Submission { append, .. } in &mut self.submissions {
            match append.as_mut().await {
                Ok(receipt) => self.receipts.push(receipt),
                // The sequence is broken.
                Err(RepositoryError::Conflict | RepositoryError::OutOfSequence) => {
                    return Ok(false);
                }
                Err(RepositoryError::Storage(error)) => return Err(error),
            }
        }
        Ok(!self.receipts.is_empty())
    }

    /// Settles the links of accepted events.
    pub(super) fn settle(self, state: &mut LedgerState) {
        for (Submission { events, link, .. }, receipt) in self.submissions.iter().zip(self.receipts)
        {
            let first = receipt.position + 1 - events.len() as u64;
            if let Some(event) = events.first() {
                state.settle(event, *link, first);
            }
        }
    }
}
