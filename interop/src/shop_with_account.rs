//! A shop with an account and clients, as the programs of others meet it.

use browser_tests::Shop;
use serde_json::Value;

/// E-mail address of the account.
pub const EMAIL: &str = "ada@example.com";
/// Password that the programs give the account, at its one-time link.
pub const PASSWORD: &str = "correct horse battery staple";

/// Command that registers a client.
pub fn client(id: &str, options: &[&str]) -> Vec<String> {
    let words = ["auth", "client", "add", id].into_iter().chain(options.iter().copied());
    words.map(ToOwned::to_owned).collect()
}

/// A shop with an account whose password is not set yet.
#[derive(Debug)]
pub struct ShopWithAccount {
    pub shop: Shop,
    /// What the commands printed.
    pub printed: Vec<String>,
    /// One-time link of the account.
    pub link: String,
    /// Issuer of the provider, which the link begins with.
    pub issuer: String,
}

impl ShopWithAccount {
    /// Starts a shop after these commands.
    pub fn after_commands(commands: &[Vec<String>]) -> Self {
        Self::with_settings("", commands)
    }

    /// The same with these settings, in TOML.
    pub fn with_settings(settings: &str, commands: &[Vec<String>]) -> Self {
        let words: Vec<Vec<&str>> =
            commands.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
        let account: &[&str] = &["auth", "user", "add", EMAIL];
        let commands = words.iter().map(Vec::as_slice).chain([account]);
        let commands: Vec<_> = commands.map(|command| (command, "")).collect();
        let (shop, mut printed) = Shop::with_settings(settings, &commands);
        let link = printed.pop().expect("the link of the account");
        let link = link.trim().to_owned();
        let (issuer, _) = link.split_once("/set-up?").expect("an address of the provider");
        Self { shop, printed, issuer: issuer.to_owned(), link }
    }

    /// Secret of the client that a command with `--json` printed.
    pub fn secret(&self, command: usize) -> Value {
        let client: Value = serde_json::from_str(&self.printed[command]).expect("JSON");
        client["client_secret"].clone()
    }
}
