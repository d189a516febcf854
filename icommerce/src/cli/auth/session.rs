//! Arguments of `auth session`.

use clap::Subcommand;

/// Subcommands of `auth session`.
#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// List the sessions in which a person is signed in
    #[command(after_help = "\
Example:
  icommerce auth session list ada@example.com --json")]
    List {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Sign a person out: in one session, or everywhere, with what was granted to programs
    #[command(after_help = "\
Examples:
  icommerce auth session end ada@example.com
  icommerce auth session end ada@example.com 8AlQtnZbQyuEfj0b9MSLeA")]
    End {
        /// E-mail address
        #[arg(value_name = "EMAIL")]
        email: String,
        /// Session, as the list names it; all of them by default
        #[arg(value_name = "ID")]
        session: Option<String>,
    },
}
