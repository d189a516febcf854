//! Real engines of a run: servers beside the shop, on the same machine, started for the run and stopped at its end.

mod bare_append;
mod bare_rows;
mod pgbench;

pub(crate) use bare_append::BareAppend;
pub(crate) use bare_rows::{BareRows, RowCounts};

use clap::ValueEnum;
use std::{
    io,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use test_servers::{Durability, KafkaServer, PostgresServer, RabbitServer, RedisServer};

/// Engine of the storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StorageEngine {
    /// Log in the data folder.
    #[default]
    Embedded,
    /// `PostgreSQL` server, with every commit flushed; a new database for each shop.
    Postgres,
}

/// Message bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum BusEngine {
    /// None: consumers pull feeds.
    #[default]
    Feeds,
    Kafka,
    Rabbitmq,
    RedisStreams,
}

/// Running servers.
#[derive(Debug, Default)]
pub(crate) struct Backends {
    postgres: Option<PostgresServer>,
    bus: Option<Bus>,
    key_value: Option<RedisServer>,
    shops: AtomicU32,
}

#[derive(Debug)]
enum Bus {
    Kafka(KafkaServer),
    Rabbitmq(RabbitServer),
    RedisStreams(RedisServer),
}

/// Settings of a shop on these servers.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShopSettings {
    /// Environment variables.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Its database; empty without one.
    pub(crate) database: String,
}

/// CPU time of each server since it started.
pub(crate) type CpuTimes = Vec<(&'static str, Duration)>;

impl Backends {
    /// Starts the servers whose programs the environment names; `cargo xtask bench` finds them.
    pub(crate) fn start(
        storage: StorageEngine,
        bus: BusEngine,
        redis: bool,
    ) -> Result<Self, String> {
        let start = || -> io::Result<Self> {
            let postgres = match storage {
                StorageEngine::Embedded => None,
                StorageEngine::Postgres => Some(PostgresServer::start(
                    &test_servers::postgres_programs()?,
                    Durability::Full,
                )?),
            };
            let bus = match bus {
                BusEngine::Feeds => None,
                BusEngine::Kafka => {
                    Some(Bus::Kafka(KafkaServer::start(&test_servers::kafka_libraries()?)?))
                }
                BusEngine::Rabbitmq => {
                    Some(Bus::Rabbitmq(RabbitServer::start(&test_servers::rabbitmq_program()?)?))
                }
                BusEngine::RedisStreams => {
                    Some(Bus::RedisStreams(RedisServer::start(&test_servers::redis_program()?)?))
                }
            };
            let key_value = if redis {
                Some(RedisServer::start(&test_servers::redis_program()?)?)
            } else {
                None
            };
            Ok(Self { postgres, bus, key_value, shops: AtomicU32::new(0) })
        };
        start().map_err(|error| error.to_string())
    }

    /// Settings of a new shop, which shares no data with the others of the run.
    pub(crate) fn new_shop(&self) -> Result<ShopSettings, String> {
        let number = self.shops.fetch_add(1, Ordering::Relaxed);
        let mut settings = ShopSettings::default();
        let variables = &mut settings.variables;
        if self.postgres.is_some() {
            settings.database = self.new_database(&format!("shop_{number}"))?;
            variables.push(("ICOMMERCE_STORAGE__ENGINE", "postgres".to_owned()));
            variables.push(("ICOMMERCE_STORAGE__URL", self.database_url(&settings.database)?));
            variables.push(("ICOMMERCE_STORAGE__MIGRATE_AT_START", "true".to_owned()));
        }
        if let Some(bus) = &self.bus {
            let (engine, url) = match bus {
                // Topics of its own.
                Bus::Kafka(server) => ("kafka", format!("{}/shop-{number}", server.url())),
                Bus::Rabbitmq(server) => ("rabbitmq", server.url()),
                Bus::RedisStreams(server) => {
                    ("redis-streams", format!("{}/{number}", server.url()))
                }
            };
            variables.push(("ICOMMERCE_BUS__ENGINE", engine.to_owned()));
            variables.push(("ICOMMERCE_BUS__URL", url));
        }
        if let Some(server) = &self.key_value {
            let url = format!("{}/{number}", server.url());
            variables.push(("ICOMMERCE_STORAGE__KEY_VALUE__ENGINE", "redis".to_owned()));
            variables.push(("ICOMMERCE_STORAGE__KEY_VALUE__URL", url));
        }
        Ok(settings)
    }

    /// Creates an empty database, and returns its name.
    pub(crate) fn new_database(&self, name: &str) -> Result<String, String> {
        self.run_sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(name.to_owned())
    }

    /// URL of a database.
    pub(crate) fn database_url(&self, name: &str) -> Result<String, String> {
        let (postgres, _) = self.postgres()?;
        Ok(format!("{}/{name}", postgres.url()))
    }

    /// CPU time of each server.
    pub(crate) fn cpu_times(&self) -> CpuTimes {
        let postgres = self.postgres.as_ref().map(|server| ("PostgreSQL", server.cpu_time()));
        let bus = self.bus.as_ref().map(|bus| match bus {
            Bus::Kafka(server) => ("Kafka", server.cpu_time()),
            Bus::Rabbitmq(server) => ("RabbitMQ", server.cpu_time()),
            Bus::RedisStreams(server) => ("Redis", server.cpu_time()),
        });
        let key_value =
            self.key_value.as_ref().map(|server| ("Redis for values", server.cpu_time()));
        [postgres, bus, key_value].into_iter().flatten().collect()
    }

    /// The database server, with the folder of its programs.
    fn postgres(&self) -> Result<(&PostgresServer, PathBuf), String> {
        let programs = test_servers::postgres_programs().map_err(|error| error.to_string())?;
        Ok((
            self.postgres.as_ref().ok_or("there is no database: say `--storage postgres`")?,
            programs,
        ))
    }
}
