//! Shared shop: one real server process with the demonstration catalogue, on free ports and a temporary data folder.

use crate::{
    environment,
    http::{self, Response},
    process_guard::{self, Termination},
    wait,
    walkthrough::accounts,
};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

/// Services that a shop without them calls.
const REMOTE_SERVICES: [&str; 7] = [
    "audit-service",
    "inventory-service",
    "notification-service",
    "payment-service",
    "product-service",
    "shopping-cart-service",
    "order-service",
];
/// Settings of the shared shop: all walks through its pages have one address, and ask for the same things.
const MANY_VISITORS: &str = "[order-service]\nclaims_per_email_max = 10000\nclaims_per_account_max = 10000\n\
    [auth-server]\nmailed_links_per_address_max = 10000\nwrong_device_codes_per_address_max = 1000\ndevice_requests_per_address_max = 10000\n";
/// Address at which nothing listens.
const NOWHERE: &str = "http://127.0.0.1:9";

/// What a command that succeeds prints, of a running shop with this operator edge. The edge of the demonstration asks for no token.
fn execute((command, input): &Preparation<'_>, operator: &str) -> String {
    let mut command_line = Command::new(environment::shop_binary());
    command_line.args(*command).arg("--operator").arg(format!("http://{operator}"));
    command_line.stdin(Stdio::piped());
    command_line.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = command_line.spawn().and_then(|mut child| {
        let mut stdin = child.stdin.take().expect("the input is a pipe");
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        child.wait_with_output()
    });
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// A running shop.
#[derive(Debug)]
pub struct Shop {
    /// Scheme that the shop edge speaks.
    scheme: String,
    /// Address of the shop edge: `127.0.0.1:41234`.
    address: String,
    operator_address: String,
    /// One-time link of an account, if the shop has one that waits for it.
    account_link: String,
    /// Folder into which it writes mail.
    mail_folder: PathBuf,
    _shell: Child,
}

/// Command for a shop that has just started, with what it reads from standard input.
pub type Preparation<'a> = (&'a [&'a str], &'a str);

/// Address of the provider as commands print it, without the port.
const PROVIDER: &str = "http://127.0.0.1";

impl Shop {
    /// The shared shop, started by the first test.
    pub fn shared() -> &'static Self {
        static SHOP: OnceLock<Shop> = OnceLock::new();
        SHOP.get_or_init(|| {
            let (shop, printed) = Self::with_settings(MANY_VISITORS, accounts::COMMANDS);
            Self { account_link: printed.last().cloned().unwrap_or_default(), ..shop }
        })
    }

    /// Path of the one-time link of an account, on whose page its password is set.
    pub fn account_path(&self) -> &str {
        let address = self.account_link.trim().strip_prefix(PROVIDER).unwrap_or_default();
        &address[address.find('/').unwrap_or(address.len())..]
    }

    /// The edges of a shop whose other services cannot be reached, started by the first use: what it answers are errors.
    pub fn cut_off() -> &'static Self {
        static CUT_OFF: OnceLock<Shop> = OnceLock::new();
        CUT_OFF.get_or_init(|| {
            let peers = REMOTE_SERVICES.map(|name| format!("{name}={NOWHERE}")).join(",");
            let peers = format!("--peers={peers}");
            Self::start(&["--no-demo", "--services=api-gateway,storefront", &peers])
        })
    }

    /// A shop on which these commands have worked; with what each of them printed.
    pub fn after_commands(commands: &[Preparation<'_>]) -> (Self, Vec<String>) {
        Self::with_settings("", commands)
    }

    /// The same with these settings, in TOML.
    pub fn with_settings(settings: &str, commands: &[Preparation<'_>]) -> (Self, Vec<String>) {
        let folder = process_guard::temp_folder();
        let config = write_settings(&folder, settings);
        let shop = Self::start_in(&folder, &[&config]);
        let printed = commands.iter().map(|command| execute(command, &shop.operator_address));
        let printed = printed.collect();
        (shop, printed)
    }

    /// A shop of its own under the name `localhost`, to which passkeys belong, after these commands.
    pub fn at_localhost(commands: &[Preparation<'_>]) -> Self {
        let folder = process_guard::temp_folder();
        // The address must be known before the shop starts. Another program may take the port in between; then the shop says so.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = port.expect("a free port").port();
        let issuer = format!("[auth-server]\nissuer = \"http://localhost:{port}/auth\"\n");
        let listen = format!("--listen=127.0.0.1:{port}");
        let config = write_settings(&folder, &issuer);
        let shop = Self::start_at(&folder, &listen, &[&config]);
        for command in commands {
            execute(command, &shop.operator_address);
        }
        Self { address: format!("localhost:{port}"), ..shop }
    }

    /// Path of the link in the newest mail to an address with a link on a line of its own, which is waited for.
    pub fn mailed_path(&self, address: &str) -> String {
        let to = format!("To: <{address}>\r\n");
        let origin = format!("http://{}", self.address);
        wait::until(&format!("a mail to {address}"), || {
            let entries = std::fs::read_dir(&self.mail_folder).ok()?;
            let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            paths.sort();
            let texts =
                paths.iter().rev().filter(|path| path.extension().is_some_and(|it| it == "eml"));
            let texts = texts.filter_map(|path| std::fs::read_to_string(path).ok());
            let link = |text: String| {
                text.lines().find_map(|line| line.strip_prefix(&origin).map(ToOwned::to_owned))
            };
            texts.filter(|text| text.contains(&to)).find_map(link)
        })
    }

    fn start(more_arguments: &[&str]) -> Self {
        Self::start_in(&process_guard::temp_folder(), more_arguments)
    }

    fn start_in(folder: &Path, more_arguments: &[&str]) -> Self {
        Self::start_at(folder, "--listen=127.0.0.1:0", more_arguments)
    }

    fn start_at(folder: &Path, listen: &str, more_arguments: &[&str]) -> Self {
        let mail_folder = folder.join("mail");
        let mut arguments = vec![
            "--data".to_owned(),
            folder.join("data").display().to_string(),
            "--mail-folder".to_owned(),
            mail_folder.display().to_string(),
            listen.to_owned(),
            "--operator-listen=127.0.0.1:0".to_owned(),
        ];
        arguments.extend(more_arguments.iter().map(|&argument| argument.to_owned()));
        let mut shell = process_guard::spawn(
            Termination::Signal,
            folder,
            &environment::shop_binary(),
            &arguments,
        );
        let output = shell.stdout.take().expect("the output is a pipe");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let mut address = |edge: &str| {
            let announced = lines.find_map(|line| {
                let (scheme, address) = line.strip_prefix(edge)?.trim().split_once("://")?;
                Some((scheme.to_owned(), address.to_owned()))
            });
            announced.unwrap_or_else(|| {
                panic!("the shop exited before it announced the address of its {edge} edge")
            })
        };
        let (scheme, shop) = address("shop");
        Self {
            scheme,
            address: shop,
            operator_address: address("operator").1,
            account_link: String::new(),
            mail_folder,
            _shell: shell,
        }
    }

    /// The URL of a path at the shop edge.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The URL of a path at the operator edge.
    pub fn operator_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.operator_address)
    }

    /// Sends a GET request to the shop edge.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        http::get(&self.address, path, headers)
    }

    /// Sends a POST request to the operator edge.
    pub fn operator_post(&self, path: &str, json: &str) -> Response {
        http::post(&self.operator_address, path, json)
    }

    /// Sends a GET request to the operator edge.
    pub fn operator_get(&self, path: &str) -> Response {
        http::get(&self.operator_address, path, &[])
    }

    /// Sends a GET request with an access token to the operator edge.
    pub fn operator_get_with_token(&self, path: &str, token: &str) -> Response {
        let authorization = format!("Bearer {token}");
        http::get(&self.operator_address, path, &[("authorization", &authorization)])
    }
}

/// Argument that names a settings file with this text.
fn write_settings(folder: &Path, text: &str) -> String {
    let file = folder.join("settings.toml");
    std::fs::write(&file, text).expect("the folder is writable");
    format!("--config={}", file.display())
}
