//! A shop of real processes on a folder of its own and free ports.

use crate::client::Client;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use testkit::Port;

/// How long a process may take until it serves, and until it has stopped.
const PATIENCE: Duration = Duration::from_mins(3);

/// Which services share a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    Together,
    Halves,
    Each,
}

impl Topology {
    /// The processes, each with its services; the one with the gateway last.
    fn processes(self) -> Vec<&'static [&'static str]> {
        match self {
            Self::Together => vec![&[
                "product-service",
                "shopping-cart-service",
                "inventory-service",
                "payment-service",
                "order-service",
                "audit-service",
                "storefront",
                "api-gateway",
            ]],
            Self::Halves => vec![
                &["product-service", "inventory-service", "payment-service", "audit-service"],
                &["shopping-cart-service", "order-service", "storefront", "api-gateway"],
            ],
            Self::Each => vec![
                &["audit-service"],
                &["inventory-service"],
                &["payment-service"],
                &["product-service"],
                &["shopping-cart-service"],
                &["order-service"],
                &["storefront"],
                &["api-gateway"],
            ],
        }
    }
}

/// A running shop.
pub(crate) struct Shop {
    /// Its data, kept as long as it runs.
    _data: TempDir,
    /// Its ports, kept as well: a process that is started again listens where it listened before.
    _ports: Vec<Port>,
    processes: Mutex<Vec<Process>>,
    settings: &'static [(&'static str, &'static str)],
    pub(crate) shopper: Client,
    pub(crate) operator: Client,
}

struct Process {
    services: &'static [&'static str],
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Shop {
    /// Starts the processes, each with these settings, and waits until every one of them is ready.
    pub(crate) async fn start(
        topology: Topology,
        settings: &'static [(&'static str, &'static str)],
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let groups = topology.processes();
        let ports: Vec<Port> =
            (0..groups.len() + 2).map(|_| Port::take().expect("a free port")).collect();
        let numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        let [shop, operator, listen @ ..] = &*numbers else { unreachable!("two edges and more") };
        let mut peers = Vec::new();
        for (services, port) in groups.iter().zip(listen) {
            peers.extend(
                services.iter().map(|service| format!("{service}=http://127.0.0.1:{port}")),
            );
        }
        let mut processes = Vec::new();
        for (services, port) in groups.iter().zip(listen) {
            let data = folder.path().join(services.first().unwrap());
            let mut arguments = vec![
                "--no-demo".to_owned(),
                format!("--data={}", data.display()),
                format!("--listen=127.0.0.1:{shop}"),
                format!("--operator-listen=127.0.0.1:{operator}"),
            ];
            if topology != Topology::Together {
                arguments.push(format!("--services={}", services.join(",")));
                arguments.push(format!("--service-listen=127.0.0.1:{port}"));
                arguments.push(format!("--peers={}", peers.join(",")));
            }
            processes.push(Process { services, arguments, child: None });
        }
        let this = Self {
            _data: folder,
            _ports: ports,
            processes: Mutex::new(processes),
            settings,
            shopper: Client::new(*shop),
            operator: Client::new(*operator),
        };
        this.run_all();
        this.becomes_ready().await;
        this
    }

    /// Kills the processes that run `service`, or all of them, without warning.
    pub(crate) fn kill(&self, service: Option<&str>) {
        for process in self.processes().iter_mut() {
            let meant = service.is_none_or(|service| process.services.contains(&service));
            if let Some(mut child) = process.child.take_if(|_| meant) {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    }

    /// Starts again what was killed, and waits until it is ready.
    pub(crate) async fn revive(&self) {
        self.run_all();
        self.becomes_ready().await;
    }

    /// Stops everything the polite way; each process has to end well.
    pub(crate) async fn stop(&self) {
        let children: Vec<Child> =
            self.processes().iter_mut().rev().filter_map(|process| process.child.take()).collect();
        for child in &children {
            let id = rustix::process::Pid::from_child(child);
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        }
        for mut child in children {
            let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
            let status =
                tokio::time::timeout(PATIENCE, ended).await.expect("it stops in time").unwrap();
            assert!(status.success(), "a process ended with {status}");
        }
    }

    /// The processes, also after a failure among them: they have to be killed all the same.
    fn processes(&self) -> MutexGuard<'_, Vec<Process>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_all(&self) {
        for process in self.processes().iter_mut().filter(|process| process.child.is_none()) {
            let mut child = Command::new(env!("CARGO_BIN_EXE_icommerce"))
                .args(&process.arguments)
                .env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true")
                .env("ICOMMERCE_LOG_FILTER", "warn")
                .envs(
                    self.settings.iter().map(|(name, value)| (format!("ICOMMERCE_{name}"), value)),
                )
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let first = lines.next().map(Result::unwrap);
            process.child = Some(child);
            let first = first.expect("the process says where it serves");
            assert!(first.contains("http://127.0.0.1:"), "{first}");
        }
    }

    async fn becomes_ready(&self) {
        let ready = async {
            loop {
                let answers = [
                    self.shopper.get("/health/ready").await,
                    self.operator.get("/api/v1/orders").await,
                ];
                if answers.iter().all(|answer| answer.status == 200) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the shop becomes ready in time");
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.kill(None);
    }
}
