//! Fencing tokens: a connection that was given up must not write any more, and neither must a shop whose place another one took.
//!
//! A connection that the writer gave up, because no answer came in time, may still be executed by the server: its statement lies in a
//! buffer, or its process was stopped. By then the service has loaded its state again, without it. So each connection of a writer has
//! a token, which the row of the counter lists, and every transaction that writes locks that row and compares: with a token
//! that is gone the list would become null, which the column does not allow, and the transaction fails as a whole.

use crate::{connection::Connection, statements};
use kernel::{Randomness, SystemRandomness, Uuid};
use parking_lot::Mutex;
use tokio_postgres::{Error, error::SqlState};

/// Column with the tokens.
const COLUMN: &str = "writers";

/// Fencing token of the writer of one service.
#[derive(Debug)]
pub(crate) struct Fence {
    /// Whether nobody else may write for the service.
    is_sole_writer: bool,
    /// Tokens of this writer that may be in the list, of which the last one is in use.
    tokens: Mutex<Vec<Uuid>>,
}

/// Why a connection has no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FenceError {
    /// Another process has the place of this one.
    #[error("another process writes for the service")]
    Superseded,
    #[error(transparent)]
    Database(#[from] Error),
}

impl Fence {
    /// Fence of a writer that is not connected yet. A sole writer takes the place of any other one; where there is a lease, only while its
    /// epoch is this one.
    pub(crate) async fn open(
        connection: &Connection,
        is_sole_writer: bool,
        epoch: Option<i64>,
    ) -> Result<Self, FenceError> {
        let mut tokens = Vec::new();
        if is_sole_writer {
            let (token, client) = (new_token(), &connection.client);
            let rows = match epoch {
                None => client.execute(statements::TAKE_OVER, &[&token]).await?,
                Some(epoch) => {
                    client.execute(statements::TAKE_OVER_LEASED, &[&token, &epoch]).await?
                }
            };
            if rows == 0 {
                return Err(FenceError::Superseded);
            }
            tokens.push(token);
        }
        Ok(Self { is_sole_writer, tokens: Mutex::new(tokens) })
    }

    /// Gives a new connection its token, in place of that of the connection before. Waits for a transaction that is under way.
    pub(crate) async fn admit(&self, connection: &Connection) -> Result<(), FenceError> {
        let token = new_token();
        let before = self.tokens.lock().clone();
        // Whether the list has it is not known until there is an answer.
        self.tokens.lock().push(token);
        let statement =
            if self.is_sole_writer { statements::ADMIT_SOLE } else { statements::ADMIT };
        if connection.client.execute(statement, &[&token, &before]).await? == 0 {
            return Err(FenceError::Superseded);
        }
        *self.tokens.lock() = vec![token];
        Ok(())
    }

    /// Token of the connection in use.
    pub(crate) fn token(&self) -> Uuid {
        self.tokens.lock().last().copied().unwrap_or_default()
    }
}

fn new_token() -> Uuid {
    let mut bytes = [0; 16];
    SystemRandomness.fill(&mut bytes);
    Uuid::from_bytes(bytes)
}

/// Whether a transaction failed because its token is no longer in the list.
pub(crate) fn is_fenced(error: &Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        *error.code() == SqlState::NOT_NULL_VIOLATION && error.column() == Some(COLUMN)
    })
}
