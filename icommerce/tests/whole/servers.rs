//! Servers that a test shop uses.

#[cfg(feature = "postgres")]
use crate::logins::ServiceLogins;
use crate::shop::Topology;
use std::any::Any;

/// Servers of a shop.
#[derive(Default)]
pub(crate) struct ShopServers {
    /// Flag that names them to each process.
    flag: Option<String>,
    /// Database that each process has a login of its own for.
    #[cfg(feature = "postgres")]
    pub(crate) logins: Option<ServiceLogins>,
    /// Settings beside it.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// What goes with the shop.
    _running: Option<Box<dyn Any + Send + Sync>>,
}

impl ShopServers {
    /// Flag that names them to the process with these services.
    pub(crate) fn flag(&self, services: &[&str]) -> Option<String> {
        #[cfg(feature = "postgres")]
        if let Some(logins) = &self.logins {
            return Some(format!("--storage={}", logins.url(services)));
        }
        #[cfg(not(feature = "postgres"))]
        let _ = services;
        self.flag.clone()
    }

    /// Starts what the topology needs and nobody has started.
    pub(crate) fn start(topology: Topology) -> Self {
        match topology {
            Topology::SingleProcess | Topology::ProcessPerService => Self::default(),
            #[cfg(feature = "all-topologies")]
            Topology::TwoProcesses => Self::default(),
            #[cfg(feature = "postgres")]
            Topology::ProcessPerServiceOnPostgres | Topology::TwoPerServiceOnPostgres => {
                let logins = ServiceLogins::create(&topology.processes());
                Self { logins: Some(logins), ..Self::default() }
            }
            #[cfg(feature = "postgres")]
            Topology::SingleProcessOnPostgres => {
                let database = test_servers::PostgresDatabase::create();
                let database = database.expect("the server takes another database");
                let flag = Some(format!("--storage={}", database.url()));
                let variables = vec![("ICOMMERCE_STORAGE__MIGRATE_AT_START", "true".to_owned())];
                Self { flag, variables, _running: Some(Box::new(database)), ..Self::default() }
            }
            #[cfg(feature = "kafka")]
            Topology::SingleProcessWithKafka => {
                let url = test_servers::KafkaServer::shared_url().expect("a broker runs");
                Self { flag: Some(format!("--bus={url}")), ..Self::default() }
            }
            #[cfg(feature = "mongodb")]
            Topology::SingleProcessWithMongo => {
                let database = test_servers::MongoDatabase::create().expect("a server runs");
                let variables = vec![
                    ("ICOMMERCE_STORAGE__DOCUMENTS__ENGINE", "mongodb".to_owned()),
                    ("ICOMMERCE_STORAGE__DOCUMENTS__URL", database.url().to_owned()),
                ];
                Self { variables, ..Self::default() }
            }
            #[cfg(feature = "rabbitmq")]
            Topology::SingleProcessWithRabbitMq => {
                let server = test_servers::RabbitServer::shared();
                let url = server.new_virtual_host().expect("the broker takes another one");
                Self {
                    flag: Some(format!("--bus={url}")),
                    // Each is a quorum queue for each group.
                    variables: vec![("ICOMMERCE_BUS__PARTITIONS", "2".to_owned())],
                    _running: Some(Box::new(server)),
                    ..Self::default()
                }
            }
            #[cfg(feature = "redis")]
            Topology::SingleProcessWithRedisStreams => {
                // Of this shop alone: topics have no prefix there.
                let program = test_servers::redis_program().expect("the tests know redis-server");
                let server = test_servers::RedisServer::start(&program).expect("it starts");
                let flag = Some(format!("--bus={}", server.url()));
                Self { flag, _running: Some(Box::new(server)), ..Self::default() }
            }
        }
    }
}
