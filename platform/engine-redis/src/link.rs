//! Link to the server: one connection that all share, made anew when it is lost, with a deadline for each operation.

use crate::{
    RedisOptions,
    call::RedisCall,
    connection::{RedisConnection, RedisConnector},
    error::{ServerError, is_lost, sentence, unavailable},
};
use parking_lot::Mutex;
use redis::{FromRedisValue, RedisResult, Value, from_redis_value};
use std::time::Duration;
use storage::StorageError;
use tokio::time::Instant;

/// Attempts of an operation: what was lost with its connection is repeated on the next one.
const ATTEMPTS_MAX: u32 = 3;
/// Pause before a repetition.
const PAUSE: Duration = Duration::from_millis(10);

/// Link to the server.
pub(crate) struct Link {
    connector: RedisConnector,
    server: String,
    state: Mutex<LinkState>,
    /// Held by whoever connects.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct LinkState {
    connection: Option<RedisConnection>,
    /// How many connections there have been.
    generation: u64,
    /// Until when operations fail at once, and since when the server does not answer.
    resting: Option<(Instant, Instant)>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Link").field(&self.server).finish()
    }
}

impl Link {
    pub(crate) async fn open(options: RedisOptions) -> Result<Self, ServerError> {
        let server = options.server();
        let connector = RedisConnector::new(options)?;
        let connection = Some(connector.checked().await?);
        let state = Mutex::new(LinkState { connection, ..LinkState::default() });
        Ok(Self { connector, server, state, connecting: tokio::sync::Mutex::default() })
    }

    /// Connection that nobody shares, for commands that block and are answered within this time.
    pub(crate) async fn own_connection(
        &self,
        response_timeout: Duration,
    ) -> RedisResult<RedisConnection> {
        self.connector.connect(Some(response_timeout)).await
    }

    /// Asks the server whether it is there.
    pub(crate) async fn ping(&self) -> Result<(), StorageError> {
        self.run(RedisCall::command(redis::cmd("PING"))).await.map(drop)
    }

    /// Runs a call within its deadline, and reads its answer.
    pub(crate) async fn answer<T: FromRedisValue>(
        &self,
        call: RedisCall,
    ) -> Result<T, StorageError> {
        let value = self.run(call).await?;
        from_redis_value(value).map_err(|error| unavailable(&self.server, error))
    }

    /// Runs a call within its deadline.
    pub(crate) async fn run(&self, call: RedisCall) -> Result<Value, StorageError> {
        let options = &self.connector.options;
        if self.is_resting() {
            return Err(unavailable(&self.server, "it did not answer a moment ago"));
        }
        let mut generation = 0;
        let answer = self.attempts(&call, &mut generation);
        match tokio::time::timeout(options.operation_timeout, answer).await {
            Ok(Ok(value)) => {
                self.answered();
                Ok(value)
            }
            Ok(Err(error)) => {
                if is_lost(&error) {
                    self.rest(generation);
                }
                Err(unavailable(&self.server, sentence(&error)))
            }
            Err(_) => {
                self.rest(generation);
                Err(unavailable(&self.server, "it does not answer in time"))
            }
        }
    }

    async fn attempts(&self, call: &RedisCall, generation: &mut u64) -> RedisResult<Value> {
        let mut attempt = 1;
        loop {
            let (mut connection, current) = self.connection().await?;
            *generation = current;
            match call.send(&mut connection).await {
                Err(error) if is_lost(&error) => {
                    self.forget(current);
                    if !call.is_repeatable || attempt == ATTEMPTS_MAX {
                        return Err(error);
                    }
                    attempt += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    async fn connection(&self) -> RedisResult<(RedisConnection, u64)> {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let made = self.connector.connect(Some(self.connector.options.operation_timeout)).await?;
        let mut state = self.state.lock();
        state.generation += 1;
        state.connection = Some(made.clone());
        Ok((made, state.generation))
    }

    fn current(&self) -> Option<(RedisConnection, u64)> {
        let state = self.state.lock();
        state.connection.clone().map(|connection| (connection, state.generation))
    }

    /// Drops the connection of this number, unless there is another one meanwhile.
    fn forget(&self, generation: u64) {
        let mut state = self.state.lock();
        if state.generation == generation {
            state.connection = None;
        }
    }

    fn is_resting(&self) -> bool {
        let state = self.state.lock();
        state.resting.is_some_and(|(until, _)| Instant::now() < until)
    }

    /// Begins a rest: the server is asked again after it, on a new connection.
    fn rest(&self, generation: u64) {
        self.forget(generation);
        let now = Instant::now();
        let mut state = self.state.lock();
        let since = state.resting.map_or(now, |(_, since)| since);
        if state.resting.is_none() {
            tracing::warn!(server = %self.server, "Redis does not answer");
        }
        state.resting = Some((now + self.connector.options.rest, since));
    }

    fn answered(&self) {
        let Some((_, since)) = self.state.lock().resting.take() else { return };
        tracing::info!(server = %self.server, seconds = since.elapsed().as_secs(), "Redis answers again");
    }
}
