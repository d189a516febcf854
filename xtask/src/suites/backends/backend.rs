//! Kinds of servers: how each is started, and how a shop is told of it.

use super::super::prerequisites::{NEW_KAFKA, Prerequisite};
use super::state::RunningBackend;
use crate::{Outcome, process};
use std::path::Path;
use std::process::Command;
use test_servers::{
    Durability, KafkaServer, KeptServer, MongoServer, PostgresServer, RabbitServer, RedisServer,
};

/// Server that a shop can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Backend {
    /// PostgreSQL, with an empty database `shop`.
    Postgres,
    /// Redis.
    Redis,
    /// Kafka.
    Kafka,
    /// RabbitMQ.
    Rabbitmq,
    /// A server of MongoDB's protocol.
    Mongodb,
}

/// Database for the shop.
const DATABASE: &str = "shop";

impl Backend {
    pub(super) const ALL: &[Self] =
        &[Self::Postgres, Self::Redis, Self::Kafka, Self::Rabbitmq, Self::Mongodb];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Kafka => "kafka",
            Self::Rabbitmq => "rabbitmq",
            Self::Mongodb => "mongodb",
        }
    }

    pub(super) fn prerequisite(self) -> Prerequisite {
        match self {
            Self::Postgres => Prerequisite::Postgres,
            Self::Redis => Prerequisite::Redis,
            Self::Kafka => Prerequisite::Kafka,
            Self::Rabbitmq => Prerequisite::RabbitMq,
            Self::Mongodb => Prerequisite::MongoDb,
        }
    }

    /// Starts it with what the prerequisite has found, and lets it go on.
    pub(super) fn start(self, place: &Path) -> Outcome<RunningBackend> {
        let (address, setting, server) = match self {
            Self::Postgres => {
                let server = PostgresServer::start(place, Durability::Full)?;
                create_database(place, &server.url())?;
                let setting = format!("--storage {}/{DATABASE}", server.url());
                (server.address(), setting, server.keep()?)
            }
            Self::Redis => {
                let server = RedisServer::start(place)?;
                (server.address(), variables("key_value", "redis", &server.url()), server.keep()?)
            }
            Self::Kafka => {
                let server = KafkaServer::start(place)?;
                (server.address(), format!("--bus {}", server.url()), server.keep()?)
            }
            Self::Rabbitmq => {
                let server = RabbitServer::start(place)?;
                (server.address(), format!("--bus {}", server.url()), server.keep()?)
            }
            Self::Mongodb => {
                let server = MongoServer::start(place)?;
                let url = format!("{}/{DATABASE}", server.url());
                (server.address(), variables("documents", "mongodb", &url), server.keep()?)
            }
        };
        let version = self.version(place, &server).unwrap_or_default();
        Ok(RunningBackend::new(self.name(), version, address, setting, server))
    }

    /// Version, as the program says it.
    fn version(self, place: &Path, server: &KeptServer) -> Option<String> {
        let text = match self {
            Self::Postgres => process::output_of(place.join("postgres").to_str()?, "--version")?,
            Self::Redis => process::output_of(place.to_str()?, "--version")?,
            Self::Kafka => NEW_KAFKA.to_owned(),
            Self::Rabbitmq => {
                let log = std::fs::read_to_string(server.folder.join("output")).ok()?;
                log.split_once("RabbitMQ ")?.1.to_owned()
            }
            // What it says to clients.
            Self::Mongodb => "5.0".to_owned(),
        };
        version_in(&text).map(str::to_owned)
    }
}

/// First number with a point in a text, such as 15.18.
fn version_in(text: &str) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let words = text.split(|letter| !is_part(letter)).map(|word| word.trim_matches('.'));
    words.into_iter().find(|word| word.contains('.'))
}

/// Variables that name an engine for a part of the storage.
fn variables(part: &str, engine: &str, url: &str) -> String {
    let name = format!("ICOMMERCE_STORAGE__{}", part.to_uppercase());
    format!("{name}__ENGINE={engine} {name}__URL={url}")
}

fn create_database(programs: &Path, url: &str) -> Outcome<()> {
    let mut create = Command::new(programs.join("createdb"));
    let output = create.arg(format!("--maintenance-db={url}/postgres")).arg(DATABASE).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_a_program_says() {
        assert_eq!(version_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0)"), Some("15.18"));
        assert_eq!(version_in("Redis server v=7.0.15 sha=00000000:0 bits=64"), Some("7.0.15"));
        assert_eq!(version_in("3.10.8 on Erlang 25.2"), Some("3.10.8"));
        assert_eq!(version_in("nothing"), None);
    }

    #[test]
    fn a_part_of_the_storage_is_named_by_its_variables() {
        assert_eq!(
            variables("key_value", "redis", "redis://127.0.0.1:1"),
            "ICOMMERCE_STORAGE__KEY_VALUE__ENGINE=redis ICOMMERCE_STORAGE__KEY_VALUE__URL=redis://127.0.0.1:1"
        );
    }
}
