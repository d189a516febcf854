//! `cargo xtask fleet`: every service in processes of its own on real servers of this machine, for people who want to see it.

use crate::{
    Outcome, process,
    suites::backends::{self, Backend},
};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Services with the port of the first process of each; that of the next one is a hundred above it. Those that others call come first.
const SERVICES: [(&str, u16); 10] = [
    ("inventory-service", 9301),
    ("payment-service", 9302),
    ("product-service", 9303),
    ("shopping-cart-service", 9304),
    ("order-service", 9305),
    ("audit-service", 9306),
    ("notification-service", 9307),
    ("auth-server", 9308),
    ("storefront", 9309),
    ("api-gateway", 9310),
];
/// The service with the edges.
const GATEWAY: &str = "api-gateway";
/// Ports of the edges of the first process of the gateway.
const SHOP_PORT: u16 = 8080;
const OPERATOR_PORT: u16 = 8081;
/// Between the ports of two processes of a service.
const INSTANCE_PORTS: u16 = 100;
/// Most processes of a service: their ports must not meet those of other servers on this machine.
pub(crate) const INSTANCES_MAX: u16 = 4;
/// Servers of the fleet.
const SERVERS: [Backend; 3] = [Backend::Postgres, Backend::Kafka, Backend::Redis];
/// File of the keys of personal data, which all processes have.
const KEYS: &str = "icommerce.keys";
/// Between two looks whether a process has ended.
const POLL: Duration = Duration::from_millis(500);

/// Process of a service.
struct Member {
    service: &'static str,
    instance: u16,
    port: u16,
    child: Child,
}

/// Builds the program and starts the fleet; runs until it is interrupted or a process ends, which makes it false.
pub(crate) fn up(root: &Path, instances: u16) -> Outcome<bool> {
    let features = ["icommerce/postgres", "icommerce/kafka", "icommerce/redis"];
    let built = process::build_release_with(root, &["icommerce"], &features)?;
    let Some(target) = built else { return Ok(false) };
    if !backends::up(root, &SERVERS)? {
        return Ok(false);
    }
    let fleet = Fleet::new(&target, &backends::settings(root, &SERVERS)?, instances)?;
    fleet.migrate()?;
    let mut members = Vec::new();
    // The first process of each service first, so that it owns the service.
    for instance in 0..instances {
        for (service, port) in SERVICES {
            members.push(fleet.start(service, instance, port + instance * INSTANCE_PORTS)?);
        }
    }
    print(&members, instances);
    Ok(wait(&mut members))
}

/// What all processes have in common.
struct Fleet {
    program: PathBuf,
    folder: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Fleet {
    fn new(target: &Path, settings: &[String], instances: u16) -> Outcome<Self> {
        let folder = target.join("fleet");
        fs::create_dir_all(&folder)?;
        let words = settings.iter().flat_map(|setting| setting.split(' '));
        let (mut arguments, mut variables) = (Vec::new(), Vec::new());
        for word in words {
            match word.split_once('=') {
                Some((name, value)) if name.starts_with("ICOMMERCE_") => {
                    variables.push((name.to_owned(), value.to_owned()));
                }
                _ => arguments.push(word.to_owned()),
            }
        }
        let peers = (0..instances).flat_map(|instance| {
            SERVICES.map(|(service, port)| {
                format!("{service}=http://127.0.0.1:{}", port + instance * INSTANCE_PORTS)
            })
        });
        variables.push(("ICOMMERCE_PEERS".to_owned(), peers.collect::<Vec<_>>().join(",")));
        // The same whichever process of the provider serves, which takes no listener of its own for that.
        let issuer = format!("http://127.0.0.1:{SHOP_PORT}/auth");
        variables.push(("ICOMMERCE_AUTH_SERVER__ISSUER".to_owned(), issuer));
        let program = target.join("release/icommerce");
        Ok(Self { program, folder, arguments, variables })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null()).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Makes the schemas of all services.
    fn migrate(&self) -> Outcome<()> {
        // A migration has nothing to do with a bus.
        let storage = self.arguments.iter().skip_while(|it| *it != "--storage").take(2);
        let status = self.command().arg("migrate").args(storage).status()?;
        if status.success() { Ok(()) } else { Err("the schemas could not be made".into()) }
    }

    /// Data folder of the processes of a service.
    fn data(&self, service: &str) -> PathBuf {
        self.folder.join(service)
    }

    /// Starts a process; the first one of a service is waited for until it serves.
    fn start(&self, service: &'static str, instance: u16, port: u16) -> Outcome<Member> {
        let (data, first) = (self.data(service), self.data(SERVICES[0].0));
        fs::create_dir_all(&data)?;
        if first.join(KEYS).exists() && !data.join(KEYS).exists() {
            fs::copy(first.join(KEYS), data.join(KEYS))?;
        }
        let log = self.folder.join(format!("{service}-{}.log", instance + 1));
        let mut command = self.command();
        command.arg("serve").args(&self.arguments).arg(format!("--data={}", data.display()));
        command.arg(format!("--services={service}"));
        command.arg(format!("--service-listen=127.0.0.1:{port}"));
        if service == GATEWAY {
            let next = instance * INSTANCE_PORTS;
            command.arg(format!("--listen=127.0.0.1:{}", SHOP_PORT + next));
            command.arg(format!("--operator-listen=127.0.0.1:{}", OPERATOR_PORT + next));
        }
        command.stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut child = command.spawn()?;
        let lines = child.stdout.take().map(|output| BufReader::new(output).lines());
        let mut lines = lines.into_iter().flatten().map_while(Result::ok);
        if instance == 0 && lines.next().is_none() {
            return Err(format!("{service} ended at its start; {} says why", log.display()).into());
        }
        // What it prints when it becomes the owner must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        println!("{service} {} runs", instance + 1);
        Ok(Member { service, instance, port, child })
    }
}

fn print(members: &[Member], instances: u16) {
    println!("\n{:<24} {:>8} {:<24} process", "service", "instance", "address");
    for Member { service, instance, port, child } in members {
        let (instance, address) = (instance + 1, format!("http://127.0.0.1:{port}"));
        println!("{service:<24} {instance:>8} {address:<24} {:>7}", child.id());
    }
    for instance in 0..instances {
        let next = instance * INSTANCE_PORTS;
        println!("\nshop      http://127.0.0.1:{}", SHOP_PORT + next);
        println!("operator  http://127.0.0.1:{}", OPERATOR_PORT + next);
    }
    println!(
        "\nThe first process of each service owns it, the others stand by: kill one and see. Ctrl+C stops the processes;\n\
         `cargo xtask backends down` stops the servers and removes their data."
    );
}

/// Waits until every process of a service has ended.
fn wait(members: &mut Vec<Member>) -> bool {
    loop {
        members.retain_mut(|member| match member.child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                println!("{} {} has ended ({status})", member.service, member.instance + 1);
                false
            }
            Err(error) => {
                println!("{} {}: {error}", member.service, member.instance + 1);
                false
            }
        });
        let missing =
            SERVICES.iter().find(|(service, _)| members.iter().all(|it| it.service != *service));
        if let Some((service, _)) = missing {
            println!("no process of {service} is left");
            for member in members.iter_mut() {
                // It may have ended meanwhile.
                let _ = member.child.kill();
                let _ = member.child.wait();
            }
            return false;
        }
        #[expect(clippy::disallowed_methods, reason = "a task without tests of its time")]
        std::thread::sleep(POLL);
    }
}
