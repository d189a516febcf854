//! Servers that the suites share: started for a run on free loopback ports, and stopped at its end.

use crate::Outcome;
use std::path::Path;
use test_servers::{Durability, PostgresServer};

/// Running servers.
#[derive(Debug, Default)]
pub(super) struct Servers {
    #[expect(dead_code, reason = "it is stopped when it is dropped")]
    postgres: Option<PostgresServer>,
}

impl Servers {
    /// Starts a server of each kind whose programs are there, and adds its address to the variables of the tests.
    pub(super) fn start(variables: &mut Vec<(&'static str, String)>) -> Outcome<Self> {
        let programs = variables.iter().find(|(name, _)| *name == "TEST_POSTGRES");
        let Some((_, programs)) = programs else { return Ok(Self::default()) };
        let postgres = PostgresServer::start(Path::new(programs), Durability::None)?;
        println!("  postgresql: runs at {}", postgres.url());
        variables.push(("TEST_POSTGRES_URL", postgres.url()));
        Ok(Self { postgres: Some(postgres) })
    }
}
