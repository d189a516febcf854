//! Servers that the suites share: started for a run on free loopback ports, and stopped at its end.

use crate::Outcome;
use std::path::PathBuf;
use test_servers::{Durability, KafkaServer, MongoServer, PostgresServer};

/// Running servers.
#[derive(Debug, Default)]
pub(super) struct Servers {
    postgres: Option<PostgresServer>,
    mongodb: Option<MongoServer>,
    kafka: Option<KafkaServer>,
}

impl Servers {
    /// Starts a server of each kind whose programs are there, and adds its address to the variables of the tests.
    pub(super) fn start(variables: &mut Vec<(&'static str, String)>) -> Outcome<Self> {
        let mut servers = Self::default();
        let place = |name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, place)| PathBuf::from(place))
        };
        let (postgres, mongodb) = (place("TEST_POSTGRES"), place("TEST_MONGODB"));
        let kafka = place("TEST_KAFKA");
        if let Some(programs) = postgres {
            let server = PostgresServer::start(&programs, Durability::None)?;
            println!("  postgresql: runs at {}", server.url());
            variables.push(("TEST_POSTGRES_URL", server.url()));
            servers.postgres = Some(server);
        }
        if let Some(libraries) = mongodb {
            let server = MongoServer::start(&libraries)?;
            println!("  mongodb: runs at {}", server.url());
            variables.push(("TEST_MONGODB_URL", server.url()));
            servers.mongodb = Some(server);
        }
        if let Some(libraries) = kafka {
            let server = KafkaServer::start(&libraries)?;
            println!("  kafka: runs at {}", server.url());
            variables.push(("TEST_KAFKA_URL", server.url()));
            servers.kafka = Some(server);
        }
        Ok(servers)
    }
}
