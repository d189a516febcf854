//! Test shop: real processes on a temporary data folder and free ports.

use crate::{
    client::{Client, OPERATOR_TOKEN},
    servers::ShopServers,
};
#[cfg(feature = "postgres")]
use rustix::process::Pid;
use std::{
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use test_servers::{CertifiedKey, TestAuthority};
use testkit::ReservedPort;

/// Timeout for the start and the stop of a process.
const TIMEOUT: Duration = Duration::from_mins(3);

/// Number of the next time at which a process begins to serve.
static BEGINNINGS: AtomicU64 = AtomicU64::new(1);

/// File of the keys of personal data, in the data folder.
const KEYS: &str = "icommerce.keys";

/// Services of the only process.
const SINGLE_PROCESS: [&[&str]; 1] = [&[
    "product-service",
    "shopping-cart-service",
    "inventory-service",
    "payment-service",
    "order-service",
    "audit-service",
    "notification-service",
    "storefront",
    "api-gateway",
]];

/// Topology: which services share a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    SingleProcess,
    #[cfg(feature = "all-topologies")]
    TwoProcesses,
    ProcessPerService,
    #[cfg(feature = "postgres")]
    ProcessPerServiceOnPostgres,
    /// The same with two processes for each service, of which one owns it.
    #[cfg(feature = "postgres")]
    TwoPerServiceOnPostgres,
    #[cfg(feature = "postgres")]
    SingleProcessOnPostgres,
    #[cfg(feature = "kafka")]
    SingleProcessWithKafka,
    #[cfg(feature = "mongodb")]
    SingleProcessWithMongo,
    #[cfg(feature = "rabbitmq")]
    SingleProcessWithRabbitMq,
    #[cfg(feature = "redis")]
    SingleProcessWithRedisStreams,
}

impl Topology {
    /// Processes with their services; the one with the gateway is last.
    pub(crate) fn processes(self) -> Vec<&'static [&'static str]> {
        match self {
            Self::SingleProcess => SINGLE_PROCESS.to_vec(),
            #[cfg(feature = "postgres")]
            Self::SingleProcessOnPostgres => SINGLE_PROCESS.to_vec(),
            #[cfg(feature = "kafka")]
            Self::SingleProcessWithKafka => SINGLE_PROCESS.to_vec(),
            #[cfg(feature = "mongodb")]
            Self::SingleProcessWithMongo => SINGLE_PROCESS.to_vec(),
            #[cfg(feature = "rabbitmq")]
            Self::SingleProcessWithRabbitMq => SINGLE_PROCESS.to_vec(),
            #[cfg(feature = "redis")]
            Self::SingleProcessWithRedisStreams => SINGLE_PROCESS.to_vec(),
            #[cfg(feature = "all-topologies")]
            Self::TwoProcesses => vec![
                &[
                    "product-service",
                    "inventory-service",
                    "payment-service",
                    "audit-service",
                    "notification-service",
                ],
                &["shopping-cart-service", "order-service", "storefront", "api-gateway"],
            ],
            #[cfg(feature = "postgres")]
            Self::ProcessPerServiceOnPostgres | Self::TwoPerServiceOnPostgres => {
                Self::ProcessPerService.processes()
            }
            Self::ProcessPerService => vec![
                &["audit-service"],
                &["inventory-service"],
                &["payment-service"],
                &["product-service"],
                &["shopping-cart-service"],
                &["order-service"],
                &["notification-service"],
                &["storefront"],
                &["api-gateway"],
            ],
        }
    }
}

impl Topology {
    /// Processes with the same services.
    fn instances(self) -> usize {
        match self {
            #[cfg(feature = "postgres")]
            Self::TwoPerServiceOnPostgres => 2,
            _ => 1,
        }
    }
}

/// Running test shop.
pub(crate) struct TestShop {
    /// Data folder, deleted when the shop is dropped.
    _data: TempDir,
    /// Folder of the mails to customers.
    pub(crate) mail_folder: PathBuf,
    /// Address of the shop edge, which only the process with the edges knows by itself.
    shop_url: String,
    pub(crate) servers: ShopServers,
    /// Reserved ports: a restarted process listens on the same ones.
    _ports: Vec<ReservedPort>,
    tls: Option<FleetCertificate>,
    processes: Mutex<Vec<Process>>,
    /// Processes with the same services.
    instances: usize,
    settings: &'static [(&'static str, &'static str)],
    pub(crate) shopper: Client,
    pub(crate) operator: Client,
}

struct Process {
    services: &'static [&'static str],
    arguments: Vec<String>,
    /// Data folder.
    data: PathBuf,
    /// File of the fleet's secret.
    secret: Option<PathBuf>,
    /// Port of the service listener.
    port: u16,
    child: Option<Child>,
    /// When the child has printed its addresses last, as it does when it owns its services; 0 while it only stood by.
    served: Arc<AtomicU64>,
}

/// Certificate that the processes of a shop share, and its authority.
struct FleetCertificate {
    authority: TestAuthority,
    files: CertifiedKey,
}

impl FleetCertificate {
    fn issue() -> Self {
        let authority = TestAuthority::create().unwrap();
        let files = authority.certify_member().unwrap();
        Self { authority, files }
    }

    fn settings(&self) -> [(&'static str, PathBuf); 3] {
        [
            ("ICOMMERCE_FLEET__TLS__CERTIFICATE", self.files.certificate.clone()),
            ("ICOMMERCE_FLEET__TLS__KEY", self.files.key.clone()),
            ("ICOMMERCE_FLEET__TLS__AUTHORITY", self.authority.certificate()),
        ]
    }
}

impl Process {
    /// Token of the operator, for the process with the edges.
    fn operator_token(&self) -> Option<(&'static str, &'static str)> {
        let has_edges = self.services.contains(&"api-gateway");
        has_edges.then_some(("ICOMMERCE_API_GATEWAY__OPERATOR_TOKEN", OPERATOR_TOKEN))
    }

    /// When it began to serve a service; `None` when it does not run it, or stands by.
    fn served(&self, service: &str) -> Option<u64> {
        let served = self.served.load(Ordering::Relaxed);
        let runs = self.child.is_some() && self.services.contains(&service);
        (runs && served > 0).then_some(served)
    }

    /// Notes each time at which the child begins to serve; returns when it has ended, or the first time if only `once`.
    fn note_lines(served: &AtomicU64, lines: &mut Lines<BufReader<ChildStdout>>, once: bool) {
        for line in lines.map_while(Result::ok) {
            if line.contains("://127.0.0.1:") {
                served.store(BEGINNINGS.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
                if once {
                    return;
                }
            }
        }
    }
}

impl TestShop {
    /// Starts the processes with these settings and waits until all are ready.
    pub(crate) async fn start(
        topology: Topology,
        settings: &'static [(&'static str, &'static str)],
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let groups = topology.processes();
        let instances = topology.instances();
        let listeners = groups.len() * instances + 2 * instances;
        let ports: Vec<ReservedPort> =
            (0..listeners).map(|_| ReservedPort::reserve().expect("a free port")).collect();
        let numbers: Vec<u16> = ports.iter().map(ReservedPort::number).collect();
        let (edges, listen) = numbers.split_at(2 * instances);
        let (shop, operator) = (edges[0], edges[1]);
        // The second processes come after all first ones.
        let groups: Vec<_> = (0..instances).flat_map(|_| groups.clone()).collect();
        // One topology with mutual TLS, one with a secret, the others need neither.
        let tls = (instances > 1).then(FleetCertificate::issue);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut peers = Vec::new();
        for (services, port) in groups.iter().zip(listen) {
            peers.extend(
                services.iter().map(|service| format!("{service}={scheme}://127.0.0.1:{port}")),
            );
        }
        let secret = folder.path().join("fleet-secret");
        std::fs::write(&secret, "the secret of the fleet of a test").unwrap();
        let mail_folder = folder.path().join("mail");
        let servers = ShopServers::start(topology);
        let mut processes = Vec::new();
        for (index, (services, port)) in groups.iter().zip(listen).enumerate() {
            let instance = index * instances / groups.len();
            let (shop, operator) = (edges[2 * instance], edges[2 * instance + 1]);
            let data = folder.path().join(services.first().unwrap());
            let mut arguments = vec![
                "--no-demo".to_owned(),
                format!("--data={}", data.display()),
                format!("--listen=127.0.0.1:{shop}"),
                format!("--operator-listen=127.0.0.1:{operator}"),
                format!("--mail-folder={}", mail_folder.display()),
            ];
            if groups.len() > 1 {
                arguments.push(format!("--services={}", services.join(",")));
                arguments.push(format!("--service-listen=127.0.0.1:{port}"));
                arguments.push(format!("--peers={}", peers.join(",")));
            }
            arguments.extend(servers.flag(services));
            let has_secret = topology == Topology::ProcessPerService;
            let secret = has_secret.then(|| secret.clone());
            let (port, served) = (*port, Arc::default());
            let child = None;
            processes.push(Process { services, arguments, data, secret, port, child, served });
        }
        let this = Self {
            _data: folder,
            mail_folder,
            shop_url: format!("http://127.0.0.1:{shop}"),
            servers,
            _ports: ports,
            tls,
            processes: Mutex::new(processes),
            instances,
            settings,
            shopper: Client::new(shop),
            operator: Client::of_operator(operator),
        };
        this.start_missing(true);
        this.wait_until_ready().await;
        this
    }

    /// Client of the service listener of `service`, which knows no secret, if its fleet has one.
    pub(crate) fn stranger(&self, service: &str) -> Option<Client> {
        let processes = self.processes();
        let process = processes.iter().find(|process| process.services.contains(&service))?;
        process.secret.as_ref().map(|_| Client::new(process.port))
    }

    /// Data folder of the process that runs `service`.
    #[cfg(feature = "postgres")]
    pub(crate) fn data_of(&self, service: &str) -> PathBuf {
        let processes = self.processes();
        let process = processes.iter().find(|process| process.services.contains(&service));
        process.expect("a process runs it").data.clone()
    }

    /// Kills the process that serves `service`, or all of them, with SIGKILL.
    pub(crate) fn kill(&self, service: Option<&str>) {
        let mut processes = self.processes();
        let owner = service.and_then(|service| owner(&processes, service));
        for (index, process) in processes.iter_mut().enumerate() {
            let meant = service.is_none() || owner == Some(index);
            if let Some(mut child) = process.child.take_if(|_| meant) {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    }

    /// Sends a signal to the process that serves `service`, as SIGSTOP or to one that was stopped so; returns its number.
    #[cfg(feature = "postgres")]
    pub(crate) fn signal(&self, service: &str, signal: rustix::process::Signal) -> Pid {
        let processes = self.processes();
        let owner = owner(&processes, service).expect("a process serves it");
        let child = processes[owner].child.as_ref().expect("it runs");
        let id = Pid::from_child(child);
        rustix::process::kill_process(id, signal).unwrap();
        id
    }

    /// Restarts the killed processes and waits until they are ready.
    pub(crate) async fn restart_killed(&self) {
        self.start_missing(false);
        self.wait_until_ready().await;
    }

    /// Stops all processes with SIGTERM; each must exit successfully.
    pub(crate) async fn stop(&self) {
        let children: Vec<Child> =
            self.processes().iter_mut().rev().filter_map(|process| process.child.take()).collect();
        for child in &children {
            let id = rustix::process::Pid::from_child(child);
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        }
        for mut child in children {
            let ended = tokio::task::spawn_blocking(move || child.wait().unwrap());
            let status = tokio::time::timeout(TIMEOUT, ended)
                .await
                .expect("the process stops in time")
                .unwrap();
            assert!(status.success(), "a process ended with {status}");
        }
    }

    /// Processes, also after a panic elsewhere: they must be killed in any case.
    fn processes(&self) -> MutexGuard<'_, Vec<Process>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the processes that do not run. Of several with the same services, the first one serves them when they are all new.
    fn start_missing(&self, are_new: bool) {
        let mut processes = self.processes();
        let first = processes[0].data.join(KEYS);
        let count = processes.len();
        for (index, process) in processes.iter_mut().enumerate() {
            if process.child.is_some() {
                continue;
            }
            self.share_keys(&first, &process.data);
            let mut child = Command::new(env!("CARGO_BIN_EXE_icommerce"))
                .args(&process.arguments)
                .env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true")
                .env("ICOMMERCE_LOG_FILTER", "warn")
                .env("ICOMMERCE_NOTIFICATION_SERVICE__SHOP_URL", &self.shop_url)
                .env("ICOMMERCE_NOTIFICATION_SERVICE__MAILS_PER_SECOND_MAX", "1000")
                // So soon after a kill a mail is tried again.
                .env("ICOMMERCE_NOTIFICATION_SERVICE__SMTP__TIMEOUT_SECONDS", "1")
                .envs(process.operator_token())
                .envs(self.servers.variables.iter().map(|(name, value)| (name, value)))
                .envs(self.tls.iter().flat_map(FleetCertificate::settings))
                .envs(process.secret.iter().map(|file| ("ICOMMERCE_FLEET__SECRET_FILE", file)))
                .envs(
                    self.settings.iter().map(|(name, value)| (format!("ICOMMERCE_{name}"), value)),
                )
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            process.child = Some(child);
            process.served = Arc::default();
            let served = Arc::clone(&process.served);
            let stands_by = self.instances > 1 && (!are_new || index >= count / 2);
            if !stands_by {
                Process::note_lines(&served, &mut lines, true);
                assert_ne!(served.load(Ordering::Relaxed), 0, "it prints its addresses");
            }
            std::thread::spawn(move || Process::note_lines(&served, &mut lines, false));
        }
    }

    /// Gives a process the keys of the first one, where all have one database, which must have one set of keys.
    #[cfg(feature = "postgres")]
    fn share_keys(&self, first: &Path, data: &Path) {
        let keys = data.join(KEYS);
        if self.servers.logins.is_some() && first.exists() && !keys.exists() {
            std::fs::create_dir_all(data).unwrap();
            std::fs::copy(first, keys).unwrap();
        }
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(clippy::unused_self, reason = "without a database nothing is shared")]
    fn share_keys(&self, _: &Path, _: &Path) {}

    async fn wait_until_ready(&self) {
        let ready = async {
            loop {
                let answers = [
                    self.operator.get("/health/ready").await,
                    self.operator.get("/api/v1/orders").await,
                ];
                if answers.iter().all(|answer| answer.status == 200) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(TIMEOUT, ready).await.expect("the shop becomes ready in time");
    }
}

/// Index of the process that serves a service: of several with it, the one that began last.
fn owner(processes: &[Process], service: &str) -> Option<usize> {
    let served = processes.iter().enumerate();
    let served = served.filter_map(|(index, process)| Some((process.served(service)?, index)));
    served.max().map(|(_, index)| index)
}

impl Drop for TestShop {
    fn drop(&mut self) {
        self.kill(None);
    }
}
