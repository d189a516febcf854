//! Arguments of `auth`: accounts, clients and keys.

mod session;

pub(crate) use session::Session;

use super::client_policy::ClientPolicyFlags;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Subcommands of `auth`.
#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    /// Accounts of people who can sign in
    #[command(subcommand, arg_required_else_help = false)]
    User(User),
    /// Clients: programs that act for people, or for themselves
    #[command(subcommand, arg_required_else_help = false)]
    Client(Client),
    /// Groups of accounts: the roles of those who run the shop
    #[command(subcommand, arg_required_else_help = false)]
    Group(Group),
    /// Consents of people to clients
    #[command(subcommand, arg_required_else_help = false)]
    Consent(Consent),
    /// Sessions in which people are signed in
    #[command(subcommand, arg_required_else_help = false)]
    Session(Session),
    /// Keys with which tokens are signed
    #[command(subcommand, arg_required_else_help = false)]
    Keys(Keys),
}

/// Operator edge of a running shop, with the token for it; of every command of `auth`.
#[derive(Debug, Default, Args)]
pub(crate) struct AuthTargetFlags {
    /// Operator edge of a running shop; without one, that of the settings if a shop is serving the data folder
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) operator: Option<String>,
    /// File with an operator's token, or with the credentials of a client as `auth client add --json` prints them; the variable
    /// `ICOMMERCE_TOKEN` may have either as well
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// File with the authorities, in PEM, that may have certified an edge at https://; the public ones without it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) authority: Option<PathBuf>,
}

/// Subcommands of `auth user`.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add an account, and print a one-time link with which its password is set
    #[command(after_help = "\
Examples:
  icommerce auth user add ada@example.com --role admin
  icommerce auth user add ada@example.com --password-stdin < password.txt")]
    Add {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Role of somebody who runs the shop
        #[arg(long, value_parser = auth_server::role_names())]
        role: Option<String>,
        /// Read the password from standard input, instead of printing a link
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all accounts
    #[command(after_help = "\
Example:
  icommerce auth user list --json")]
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Disable an account: it is signed out, and its tokens are void
    #[command(after_help = "\
Example:
  icommerce auth user disable ada@example.com")]
    Disable {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
    },
    /// Replace what programs may learn about a person: name, address, telephone number and the like
    #[command(after_help = "\
Example:
  icommerce auth user describe ada@example.com claims.json

The file is a JSON object of standard claims of OpenID Connect, such as {\"name\": \"Ada Lovelace\"}.")]
    Describe {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// File with the claims
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print a one-time link with which a new password is set; a disabled account is enabled
    #[command(after_help = "\
Examples:
  icommerce auth user reset ada@example.com
  icommerce auth user reset ada@example.com --second-factor --passkeys

With an option, the first lines say what was removed, and the last one is the link.")]
    Reset {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Turn off two-step sign-in as well, for somebody who lost the app and the recovery codes
        #[arg(long)]
        second_factor: bool,
        /// Remove all passkeys as well, at once and not only when the link is used
        #[arg(long)]
        passkeys: bool,
    },
}

/// Subcommands of `auth client`.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// Register a client, and print its secret, which is kept nowhere
    #[command(after_help = "\
Examples:
  icommerce auth client add app --public --redirect https://app.example/back
  icommerce auth client add robot --grant client_credentials --role admin --json")]
    Add(Box<NewClientFlags>),
    /// List all clients
    #[command(after_help = "\
Example:
  icommerce auth client list --json")]
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a client; what it was granted is void
    #[command(after_help = "\
Example:
  icommerce auth client remove app")]
    Remove {
        /// Identifier
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Arguments of `auth client add`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct NewClientFlags {
    /// Identifier (`client_id`)
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Name that people read when they are asked for consent
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Address to which answers go; may be given several times
    #[arg(long = "redirect", value_name = "URI")]
    pub(crate) redirect_uris: Vec<String>,
    /// Address to which people go on after they signed out; may be given several times
    #[arg(long = "post-logout", value_name = "URI")]
    pub(crate) post_logout_redirect_uris: Vec<String>,
    /// Grant type; may be given several times; authorization codes with refresh tokens by default
    #[arg(long = "grant", value_name = "TYPE", value_parser = ["authorization_code", "refresh_token", "client_credentials", "device", "token_exchange"])]
    pub(crate) grant_types: Vec<String>,
    /// Scope; may be given several times; identity, e-mail address and offline access by default
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// Role of a client that runs the shop by itself, with client credentials; its scopes are then shop.read and shop.write
    #[arg(long, value_parser = auth_server::role_names())]
    pub(crate) role: Option<String>,
    /// The client can keep no secret
    #[arg(long, conflicts_with = "keys")]
    pub(crate) public: bool,
    /// The client belongs to the shop: people are not asked for consent
    #[arg(long)]
    pub(crate) trusted: bool,
    /// The client is older than PKCE, and may do without it
    #[arg(long, conflicts_with = "public")]
    pub(crate) without_pkce: bool,
    /// File with the public keys of the client (JWK set), with which it signs assertions in place of a secret
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Algorithm of the client's ID tokens; RS256 by default
    #[arg(long, value_name = "ALGORITHM", value_parser = ["RS256", "ES256", "EdDSA"])]
    pub(crate) id_token_algorithm: Option<String>,
    #[command(flatten)]
    pub(crate) policy: ClientPolicyFlags,
    /// Print the client as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Subcommands of `auth group`.
#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// List the groups with their accounts
    #[command(after_help = "\
Example:
  icommerce auth group list --json")]
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Add an account to a group; it leaves the one in which it was
    #[command(after_help = "\
Example:
  icommerce auth group add finance ada@example.com")]
    Add(Membership),
    /// Remove an account from a group
    #[command(after_help = "\
Example:
  icommerce auth group remove finance ada@example.com")]
    Remove(Membership),
}

/// Arguments of `auth group add` and `auth group remove`.
#[derive(Debug, Args)]
pub(crate) struct Membership {
    /// Group
    #[arg(value_name = "GROUP", value_parser = auth_server::role_names())]
    pub(crate) group: String,
    /// E-mail address
    #[arg(value_name = "EMAIL")]
    pub(crate) email: String,
}

/// Subcommands of `auth consent`.
#[derive(Debug, Subcommand)]
pub(crate) enum Consent {
    /// List the clients that may act for a person
    #[command(after_help = "\
Example:
  icommerce auth consent list ada@example.com --json")]
    List {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Take back a consent, with what the client was granted by it
    #[command(after_help = "\
Example:
  icommerce auth consent revoke ada@example.com app")]
    Revoke {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Client
        #[arg(value_name = "ID")]
        client: String,
    },
}

/// Subcommands of `auth keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Rotate the signing keys: new ones are published now and sign two hours later
    #[command(after_help = "\
Example:
  icommerce auth keys rotate")]
    Rotate {
        /// In an emergency: sign with the new keys at once, and drop the old ones with all tokens that they signed
        #[arg(long)]
        at_once: bool,
    },
}
