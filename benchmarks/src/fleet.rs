//! Fleet under test: a process for each service on shared storage, or several of which one owns it.

use crate::{
    backends::CpuTimes,
    process::{DataFolder, Program, Server, configure, process_usage},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::Ipv4Addr,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};
use testkit::ReservedPort;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

/// Services with one owner, those that others call first.
const SERVICES: [&str; 9] = [
    "inventory-service",
    "payment-service",
    "product-service",
    "shopping-cart-service",
    "order-service",
    "audit-service",
    "notification-service",
    "auth-server",
    "storefront",
];
/// Service with the edges.
pub(crate) const GATEWAY: &str = "api-gateway";
/// Issuer below the shop edge: the provider needs no listener of its own, of which several processes would want the same.
const ISSUER: &str = "http://127.0.0.1:8080/auth";
/// File of the keys of personal data, which all processes have.
const KEYS: &str = "icommerce.keys";
/// Time limit for a process to listen.
const LISTEN_TIMEOUT: Duration = Duration::from_mins(1);

/// Processes of a fleet beside its gateway.
#[derive(Debug)]
pub(crate) struct Fleet {
    processes: Vec<ServiceProcess>,
    peers: String,
}

/// Process of a service.
#[derive(Debug)]
struct ServiceProcess {
    service: &'static str,
    port: ReservedPort,
    child: Option<Child>,
}

impl Server {
    /// Starts a fleet on new storage, with so many processes of each service and one gateway, through whose edges it is used.
    pub(crate) fn fleet(program: &Program, instances: usize) -> Result<Self, String> {
        let data = DataFolder::new(program)?;
        if !data.has_database() {
            return Err("a fleet needs a database: say `--storage postgres`".to_owned());
        }
        let reserve = || ReservedPort::reserve().map_err(|error| error.to_string());
        let mut processes = Vec::new();
        for service in (0..instances).flat_map(|_| SERVICES) {
            processes.push(ServiceProcess { service, port: reserve()?, child: None });
        }
        let address =
            |it: &ServiceProcess| format!("{}=http://127.0.0.1:{}", it.service, it.port.number());
        let peers = processes.iter().map(address).collect::<Vec<_>>().join(",");
        let mut fleet = Fleet { processes, peers };
        for index in 0..fleet.processes.len() {
            let first_line = fleet.spawn(index, &data)?;
            // The first process of each service owns it before a second one is there.
            if index < SERVICES.len() && first_line.recv().is_err() {
                return Err(format!("{} ended before it served", fleet.processes[index].service));
            }
        }
        let gateway = fleet.command(GATEWAY, &data)?;
        let mut server = data.serve_edges(gateway)?;
        server.fleet = Some(fleet);
        Ok(server)
    }

    /// Processes beside the gateway, with their data folder; an error for a shop in one process.
    pub(crate) fn fleet_processes(&mut self) -> Result<(&mut Fleet, &DataFolder), String> {
        let parts = self.fleet.as_mut().zip(self.data.as_ref());
        parts.ok_or_else(|| "this shop is one process".to_owned())
    }
}

impl Fleet {
    /// CPU time of the processes of each service since they started.
    pub(crate) fn cpu_times(&self) -> Result<CpuTimes, String> {
        let of = |service| -> Result<Duration, String> {
            let running = self.processes.iter().filter(|it| it.service == service);
            let children = running.filter_map(|it| it.child.as_ref());
            children.map(|child| Ok(process_usage(child.id())?.cpu)).sum()
        };
        SERVICES.iter().map(|service| Ok((*service, of(*service)?))).collect()
    }

    /// Resident memory of all processes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, String> {
        let children = self.processes.iter().filter_map(|it| it.child.as_ref());
        children.map(|child| Ok(process_usage(child.id())?.resident_bytes)).sum()
    }

    fn command(&self, service: &str, data: &DataFolder) -> Result<Command, String> {
        let failed = |error: std::io::Error| error.to_string();
        let (own, first) = (data.path().join(service), data.path().join(SERVICES[0]));
        fs::create_dir_all(&own).map_err(failed)?;
        if first.join(KEYS).exists() && !own.join(KEYS).exists() {
            fs::copy(first.join(KEYS), own.join(KEYS)).map_err(failed)?;
        }
        let mut command = data.command();
        command.arg("serve").arg(format!("--services={service}"));
        command.arg(format!("--peers={}", self.peers)).arg("--data").arg(own);
        command.env("ICOMMERCE_AUTH_SERVER__ISSUER", ISSUER);
        Ok(command)
    }

    /// Starts a process, and returns what will have its first line.
    fn spawn(&mut self, index: usize, data: &DataFolder) -> Result<Receiver<String>, String> {
        let ServiceProcess { service, port, .. } = &self.processes[index];
        let mut command = self.command(service, data)?;
        command.arg(format!("--service-listen=127.0.0.1:{}", port.number()));
        let spawned = configure(&mut command).stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("{service} cannot be started: {error}"))?;
        let output = child.stdout.take().ok_or("the process has no output")?;
        self.processes[index].child = Some(child);
        let (sender, first_line) = channel();
        // What a process prints when it becomes the owner must not fill the pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody waits for the other lines.
                let _ = sender.send(line);
            }
        });
        Ok(first_line)
    }

    /// Kills the owner of a service, which is the first of its processes in the list.
    pub(crate) fn kill_owner(&mut self, service: &str) -> Result<Instant, String> {
        let owner = self.processes.iter().position(|it| it.service == service);
        let mut owner = self.processes.remove(owner.ok_or("no such service")?);
        let mut child = owner.child.take().ok_or("the process does not run")?;
        self.processes.push(owner);
        let killed_at = Instant::now();
        child.kill().map_err(|error| error.to_string())?;
        child.wait().map_err(|error| error.to_string())?;
        Ok(killed_at)
    }

    /// Starts the processes that were killed, which stand by, and waits until they listen.
    pub(crate) async fn start_missing(&mut self, data: &DataFolder) -> Result<(), String> {
        for index in 0..self.processes.len() {
            if self.processes[index].child.is_some() {
                continue;
            }
            self.spawn(index, data)?;
            let address = (Ipv4Addr::LOCALHOST, self.processes[index].port.number());
            let until = Instant::now() + LISTEN_TIMEOUT;
            while TcpStream::connect(address).await.is_err() {
                if Instant::now() > until {
                    return Err(format!("{} does not start", self.processes[index].service));
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in &mut self.processes {
            if let Some(mut child) = process.child.take() {
                // The process may have exited already; then there is nothing to kill.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}
