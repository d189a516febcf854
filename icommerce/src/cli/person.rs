//! Arguments of `person`: export and erasure.

use super::TokenFlags;
use clap::Subcommand;

/// Subcommands of `person`.
#[derive(Debug, Subcommand)]
pub(crate) enum Person {
    /// Print what the shop knows of a person, as JSON
    #[command(after_help = "\
Examples:
  icommerce person export ada@example.com --data /srv/shop > ada.json
  icommerce person export ada@example.com --operator http://127.0.0.1:8081")]
    Export(PersonFlags),
    /// Erase a person: for good, from backups as well. What open orders need goes when they end
    #[command(after_help = "\
Examples:
  icommerce person erase ada@example.com --data /srv/shop
  icommerce person erase ada@example.com --operator http://127.0.0.1:8081

The guide is docs/guides/personal-data.md.")]
    Erase(PersonFlags),
}

/// The person, and the shop.
#[derive(Debug, clap::Args)]
pub(crate) struct PersonFlags {
    /// E-mail address
    #[arg(value_name = "EMAIL")]
    pub(crate) email: String,
    /// Operator edge of a running shop; without one, the command starts a shop of its own on the data folder
    #[arg(long, value_name = "URL")]
    pub(crate) operator: Option<String>,
    #[command(flatten)]
    pub(crate) token: TokenFlags,
}
