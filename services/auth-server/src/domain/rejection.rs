//! Rejections of commands.

/// Rejection of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("there is no such account")]
    UnknownAccount,
    #[error("the account exists already")]
    AccountExists,
    #[error("the account is disabled")]
    AccountDisabled,
    #[error("the link is not valid, or no longer; ask for a new one")]
    OfferInvalid,
    #[error("the code is not right, or was used")]
    CodeInvalid,
    #[error("the account has this passkey already")]
    PasskeyExists,
    #[error("an account has at most {max} passkeys")]
    TooManyPasskeys { max: usize },
    #[error("the passkey is not valid here")]
    PasskeyInvalid,
    #[error("the account was changed at the same time; try again")]
    RecordChanged,
    #[error("the account is not at this version")]
    VersionChanged,
    #[error("an account can remember consents to at most {max} clients")]
    TooManyConsents { max: usize },
    #[error("another account has this e-mail address")]
    AddressTaken,
    #[error("there is no such client")]
    UnknownClient,
    #[error("a client of this name exists already; remove it first")]
    ClientExists,
    #[error("the authorization is not valid, or no longer")]
    GrantInvalid,
}
