//! Texts of letters, in the languages of the pages.

use super::letter::{AccountNotice, Letter};

/// Texts of one letter; `{shop}` stands for the name of the shop.
#[derive(Clone, Copy, Debug)]
pub(super) struct LetterText {
    pub(super) subject: &'static str,
    pub(super) before: &'static str,
    /// What the link does.
    pub(super) link: &'static str,
    pub(super) after: &'static str,
}

/// Texts in the language of this tag; English for one that there is not.
pub(super) fn text(letter: Letter, language: &str) -> LetterText {
    match language {
        "de" => german(letter),
        _ => english(letter),
    }
}

fn english(letter: Letter) -> LetterText {
    let (subject, before, link, after) = match letter {
        Letter::ConfirmSignUp => (
            "Confirm your address",
            "Somebody, probably you, wants an account at {shop} with this e-mail address. Follow the link to choose a password. It works once, within 24 hours.",
            "Create the account",
            "If it was not you, do nothing: there is no account without the link.",
        ),
        Letter::AccountExists => (
            "You have an account already",
            "Somebody, probably you, wants an account at {shop} with this e-mail address. There is one already: sign in with your password. If you forgot it, ask for a new one.",
            "Ask for a new password",
            "If it was not you, do nothing: nothing was changed.",
        ),
        Letter::ResetPassword => (
            "Set a new password",
            "Follow the link to set a new password for your account at {shop}. It works once, within 30 minutes. Whoever is signed in is signed out then, and the passkeys of the account are removed.",
            "Set a new password",
            "If you did not ask for it, do nothing: your password stays as it is.",
        ),
        Letter::ConfirmEmailChange => (
            "Confirm your new address",
            "Follow the link to use this e-mail address for your account at {shop}. It works once, within 30 minutes.",
            "Use this address",
            "If you did not ask for it, do nothing: nothing changes without the link.",
        ),
        Letter::Notice(notice) => return english_notice(notice),
    };
    LetterText { subject, before, link, after }
}

fn english_notice(notice: AccountNotice) -> LetterText {
    let (subject, before) = match notice {
        AccountNotice::PasswordChanged => (
            "Your password was changed",
            "The password of your account at {shop} was changed, and whoever was signed in was signed out.",
        ),
        AccountNotice::EmailChanged => (
            "Your e-mail address was changed",
            "Your account at {shop} has another e-mail address now. This one no longer belongs to it.",
        ),
        AccountNotice::SecondFactorEnabled => (
            "Two-step sign-in is on",
            "Your account at {shop} now asks for a code of your authenticator app at sign-in.",
        ),
        AccountNotice::SecondFactorDisabled => (
            "Two-step sign-in is off",
            "Your account at {shop} no longer asks for a code at sign-in.",
        ),
        AccountNotice::RecoveryCodeUsed => (
            "A recovery code was used",
            "Somebody signed in to your account at {shop} with a recovery code. It cannot be used again.",
        ),
        AccountNotice::RecoveryCodesReplaced => (
            "You have new recovery codes",
            "New recovery codes were made for your account at {shop}. The earlier ones no longer work.",
        ),
        AccountNotice::PasskeyAdded => (
            "A passkey was added",
            "A passkey was added to your account at {shop}. Whoever has it can sign in.",
        ),
        AccountNotice::PasskeyRemoved => (
            "A passkey was removed",
            "A passkey was removed from your account at {shop}. It can no longer be used to sign in.",
        ),
    };
    let after = "If it was not you, set a new password at once, and tell the shop.";
    LetterText { subject, before, link: "Set a new password", after }
}

fn german(letter: Letter) -> LetterText {
    let (subject, before, link, after) = match letter {
        Letter::ConfirmSignUp => (
            "Bestätigen Sie Ihre Adresse",
            "Jemand, vermutlich Sie, möchte mit dieser E-Mail-Adresse ein Konto bei {shop}. Folgen Sie dem Link, um ein Passwort zu wählen. Er gilt einmal, 24 Stunden lang.",
            "Konto anlegen",
            "Wenn Sie das nicht waren, tun Sie nichts: Ohne den Link entsteht kein Konto.",
        ),
        Letter::AccountExists => (
            "Sie haben schon ein Konto",
            "Jemand, vermutlich Sie, möchte mit dieser E-Mail-Adresse ein Konto bei {shop}. Es gibt schon eines: Melden Sie sich mit Ihrem Passwort an. Wenn Sie es vergessen haben, lassen Sie sich ein neues setzen.",
            "Ein neues Passwort anfordern",
            "Wenn Sie das nicht waren, tun Sie nichts: Es wurde nichts geändert.",
        ),
        Letter::ResetPassword => (
            "Ein neues Passwort setzen",
            "Folgen Sie dem Link, um ein neues Passwort für Ihr Konto bei {shop} zu setzen. Er gilt einmal, 30 Minuten lang. Wer angemeldet ist, wird dann abgemeldet, und die Passkeys des Kontos werden entfernt.",
            "Ein neues Passwort setzen",
            "Wenn Sie nicht darum gebeten haben, tun Sie nichts: Ihr Passwort bleibt, wie es ist.",
        ),
        Letter::ConfirmEmailChange => (
            "Bestätigen Sie Ihre neue Adresse",
            "Folgen Sie dem Link, um diese E-Mail-Adresse für Ihr Konto bei {shop} zu verwenden. Er gilt einmal, 30 Minuten lang.",
            "Diese Adresse verwenden",
            "Wenn Sie nicht darum gebeten haben, tun Sie nichts: Ohne den Link ändert sich nichts.",
        ),
        Letter::Notice(notice) => return german_notice(notice),
    };
    LetterText { subject, before, link, after }
}

fn german_notice(notice: AccountNotice) -> LetterText {
    let (subject, before) = match notice {
        AccountNotice::PasswordChanged => (
            "Ihr Passwort wurde geändert",
            "Das Passwort Ihres Kontos bei {shop} wurde geändert, und wer angemeldet war, wurde abgemeldet.",
        ),
        AccountNotice::EmailChanged => (
            "Ihre E-Mail-Adresse wurde geändert",
            "Ihr Konto bei {shop} hat jetzt eine andere E-Mail-Adresse. Diese gehört nicht mehr dazu.",
        ),
        AccountNotice::SecondFactorEnabled => (
            "Die Anmeldung in zwei Schritten ist an",
            "Ihr Konto bei {shop} fragt bei der Anmeldung jetzt nach einem Code Ihrer Authenticator-App.",
        ),
        AccountNotice::SecondFactorDisabled => (
            "Die Anmeldung in zwei Schritten ist aus",
            "Ihr Konto bei {shop} fragt bei der Anmeldung nicht mehr nach einem Code.",
        ),
        AccountNotice::RecoveryCodeUsed => (
            "Ein Wiederherstellungscode wurde benutzt",
            "Jemand hat sich mit einem Wiederherstellungscode an Ihrem Konto bei {shop} angemeldet. Er gilt nicht noch einmal.",
        ),
        AccountNotice::RecoveryCodesReplaced => (
            "Sie haben neue Wiederherstellungscodes",
            "Für Ihr Konto bei {shop} wurden neue Wiederherstellungscodes erzeugt. Die früheren gelten nicht mehr.",
        ),
        AccountNotice::PasskeyAdded => (
            "Ein Passkey kam hinzu",
            "Zu Ihrem Konto bei {shop} kam ein Passkey hinzu. Wer ihn hat, kann sich anmelden.",
        ),
        AccountNotice::PasskeyRemoved => (
            "Ein Passkey wurde entfernt",
            "Ein Passkey Ihres Kontos bei {shop} wurde entfernt. Er kann nicht mehr zur Anmeldung benutzt werden.",
        ),
    };
    let after = "Wenn Sie das nicht waren, setzen Sie sofort ein neues Passwort, und sagen Sie es dem Shop.";
    LetterText { subject, before, link: "Ein neues Passwort setzen", after }
}
