//! Database of one test, on the server of MongoDB's protocol that `cargo xtask test` starts.

use crate::environment::variable;
use std::{
    io,
    sync::atomic::{AtomicU32, Ordering},
};

/// Variable with the URL of the server, without a database.
const SERVER: &str = "TEST_MONGODB_URL";

/// Database that nobody else uses. It begins to exist with the first write, and goes with the server.
#[derive(Debug)]
pub struct MongoDatabase {
    url: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl MongoDatabase {
    /// Names a new database.
    ///
    /// # Errors
    ///
    /// When the environment names no server.
    pub fn create() -> io::Result<Self> {
        let server = variable(SERVER, "a server of MongoDB's protocol")?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Self { url: format!("{server}/test_{}_{number}", std::process::id()) })
    }

    /// URL of the database.
    pub fn url(&self) -> &str {
        &self.url
    }
}
