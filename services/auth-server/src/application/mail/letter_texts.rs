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
            "Bestätige deine Adresse",
            "Jemand, vermutlich du, möchte mit dieser E-Mail-Adresse ein Konto bei {shop}. Folge dem Link, um ein Passwort zu wählen. Er gilt einmal, 24 Stunden lang.",
            "Konto anlegen",
            "Wenn du das nicht warst, musst du nichts tun: Ohne den Link entsteht kein Konto.",
        ),
        Letter::AccountExists => (
            "Du hast schon ein Konto",
            "Jemand, vermutlich du, möchte mit dieser E-Mail-Adresse ein Konto bei {shop}. Es gibt schon eines: Melde dich mit deinem Passwort an. Wenn du es vergessen hast, fordere ein neues an.",
            "Ein neues Passwort anfordern",
            "Wenn du das nicht warst, musst du nichts tun: Es wurde nichts geändert.",
        ),
        Letter::ResetPassword => (
            "Ein neues Passwort setzen",
            "Folge dem Link, um ein neues Passwort für dein Konto bei {shop} zu setzen. Er gilt einmal, 30 Minuten lang. Wer angemeldet ist, wird dann abgemeldet, und die Passkeys des Kontos werden entfernt.",
            "Ein neues Passwort setzen",
            "Wenn du nicht darum gebeten hast, musst du nichts tun: Dein Passwort bleibt, wie es ist.",
        ),
        Letter::ConfirmEmailChange => (
            "Bestätige deine neue Adresse",
            "Folge dem Link, um diese E-Mail-Adresse für dein Konto bei {shop} zu verwenden. Er gilt einmal, 30 Minuten lang.",
            "Diese Adresse verwenden",
            "Wenn du nicht darum gebeten hast, musst du nichts tun: Ohne den Link ändert sich nichts.",
        ),
        Letter::Notice(notice) => return german_notice(notice),
    };
    LetterText { subject, before, link, after }
}

fn german_notice(notice: AccountNotice) -> LetterText {
    let (subject, before) = match notice {
        AccountNotice::PasswordChanged => (
            "Dein Passwort wurde geändert",
            "Das Passwort deines Kontos bei {shop} wurde geändert, und wer angemeldet war, wurde abgemeldet.",
        ),
        AccountNotice::EmailChanged => (
            "Deine E-Mail-Adresse wurde geändert",
            "Dein Konto bei {shop} hat jetzt eine andere E-Mail-Adresse. Diese gehört nicht mehr dazu.",
        ),
        AccountNotice::SecondFactorEnabled => (
            "Die Anmeldung in zwei Schritten ist an",
            "Dein Konto bei {shop} fragt bei der Anmeldung jetzt nach einem Code deiner Authenticator-App.",
        ),
        AccountNotice::SecondFactorDisabled => (
            "Die Anmeldung in zwei Schritten ist aus",
            "Dein Konto bei {shop} fragt bei der Anmeldung nicht mehr nach einem Code.",
        ),
        AccountNotice::RecoveryCodeUsed => (
            "Ein Wiederherstellungscode wurde benutzt",
            "Jemand hat sich mit einem Wiederherstellungscode an deinem Konto bei {shop} angemeldet. Er gilt nicht noch einmal.",
        ),
        AccountNotice::RecoveryCodesReplaced => (
            "Du hast neue Wiederherstellungscodes",
            "Für dein Konto bei {shop} wurden neue Wiederherstellungscodes erzeugt. Die früheren gelten nicht mehr.",
        ),
        AccountNotice::PasskeyAdded => (
            "Ein Passkey kam hinzu",
            "Zu deinem Konto bei {shop} kam ein Passkey hinzu. Wer ihn hat, kann sich anmelden.",
        ),
        AccountNotice::PasskeyRemoved => (
            "Ein Passkey wurde entfernt",
            "Ein Passkey deines Kontos bei {shop} wurde entfernt. Er kann nicht mehr zur Anmeldung benutzt werden.",
        ),
    };
    let after = "Wenn du das nicht warst, setze sofort ein neues Passwort, und sag es dem Shop.";
    LetterText { subject, before, link: "Ein neues Passwort setzen", after }
}
