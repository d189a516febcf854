//! Least privilege of the processes of a fleet: each connects to the database as a user of its own, with the roles of its services alone.

use crate::{
    behaviours, invariants,
    shop::{TestShop, Topology},
};
use std::{fmt::Write, process::Command};
use test_servers::PostgresDatabase;

/// Database with a login for each process.
pub(crate) struct ServiceLogins {
    database: PostgresDatabase,
}

impl ServiceLogins {
    /// Creates the logins, and has the owner of the database migrate the schemas of the services of each.
    pub(crate) fn create(processes: &[&[&str]]) -> Self {
        let logins = Self { database: PostgresDatabase::create().expect("one more database") };
        for services in processes {
            logins.database.run(&format!("CREATE USER {}", logins.user(services))).unwrap();
            let migrated = Command::new(env!("CARGO_BIN_EXE_icommerce"))
                .arg("migrate")
                .arg(format!("--storage={}", logins.url(services)))
                .arg(format!("--services={}", services.join(",")))
                .env("ICOMMERCE_STORAGE__MIGRATE_URL", logins.database.url())
                .output()
                .unwrap();
            assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        }
        logins
    }

    /// URL of the database for the process with these services.
    pub(crate) fn url(&self, services: &[&str]) -> String {
        let user = format!("postgres://{}", self.user(services));
        self.database.url().replace("postgres://postgres", &user)
    }

    /// User of the process with these services.
    fn user(&self, services: &[&str]) -> String {
        format!("{}_login_{}", self.database.name(), services[0].replace('-', "_"))
    }

    /// Reads the events of a service as the user of a process, in the role of the service.
    fn count_events(&self, of: &str, as_user: &str) -> Result<String, String> {
        let schema = of.replace('-', "_");
        let mut sql = format!("SET SESSION AUTHORIZATION {as_user};");
        let role = format!("{}_{schema}", self.database.name());
        write!(sql, "SET ROLE {role}; SELECT count(*) FROM {schema}.events").unwrap();
        self.database.query(&sql).map_err(|error| error.to_string())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_process_has_a_login_that_reads_its_own_services_alone() {
    let topology = Topology::ProcessPerServiceOnPostgres;
    let shop = TestShop::start(topology, &[]).await;
    behaviours::buying::a_guest_buys_two_products(&shop).await;
    behaviours::crashes::any_single_service_may_be_killed_at_any_time(&shop).await;
    invariants::check(&shop).await;
    shop.stop().await;
    let logins = shop.servers.logins.as_ref().unwrap();
    for process in topology.processes() {
        let user = logins.user(process);
        for [service] in topology.processes().iter().map(|it| <[&str; 1]>::try_from(*it).unwrap()) {
            let read = logins.count_events(service, &user);
            if process == [service] {
                assert!(read.is_ok(), "{service}: {read:?}");
            } else {
                let refused = read.expect_err("this login belongs to another service");
                assert!(refused.contains("permission denied"), "{service} as {user}: {refused}");
            }
        }
    }
    let sold = logins.count_events("order-service", &logins.user(&["order-service"])).unwrap();
    assert!(sold.parse::<u64>().unwrap() > 0, "orders are in its schema: {sold}");
    let mut other = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    let url = logins.url(&["inventory-service"]);
    other.args(["check", "--services=order-service", &format!("--storage={url}")]);
    let refused = other.arg("--data").arg(shop.data_of("order-service")).output().unwrap();
    let refused = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.contains("order_service") && refused.contains("permission"), "{refused}");
    for service in ["order-service", "inventory-service"] {
        let mut own = Command::new(env!("CARGO_BIN_EXE_icommerce"));
        own.args(["check", "--services", service, "--storage", &logins.url(&[service])]);
        let checked = own.arg("--data").arg(shop.data_of(service)).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}
