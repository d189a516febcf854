//! Fields of the pages' forms.

use super::texts::Texts;
use crate::application::accounts::new_password::{
    CHARACTERS_BESIDE_SECOND_FACTOR_MIN, CHARACTERS_MIN, PasswordRefusal,
};
use maud::{Markup, html};

/// What was wrong with the last attempt, if there was one.
pub(crate) fn notice(error: Option<&str>) -> Markup {
    html! { @if let Some(error) = error { p.notice #error role="alert" { (error) } } }
}

/// What was done.
pub(crate) fn done(sentence: &str) -> Markup {
    html! { p.done #done role="status" { (sentence) } }
}

/// Field of an e-mail address.
pub(crate) fn email(label: &str, value: &str, error: Option<&str>) -> Markup {
    address(label, value, "email", error)
}

/// Field of the e-mail address of somebody who signs in, to whom browsers offer passkeys as well.
pub(crate) fn sign_in_email(label: &str, value: &str, error: Option<&str>) -> Markup {
    address(label, value, "username webauthn", error)
}

fn address(label: &str, value: &str, autocomplete: &str, error: Option<&str>) -> Markup {
    html! {
        div.field {
            label for="email" { (label) }
            input.input #email name="email" type="email" value=(value) autocomplete=(autocomplete) spellcheck="false"
                required maxlength="254" aria-describedby=[error.map(|_| "error")];
        }
    }
}

/// Name of the account for password managers, which nobody sees. They read text fields only, so it is no field of the type `hidden`.
pub(crate) fn account_name(email: &str) -> Markup {
    html! { input type="email" name="username" value=(email) autocomplete="username" readonly hidden; }
}

/// First button of a form with several, which is the one that Enter presses: in a field, Enter then does nothing, and none of what the
/// others do is done by accident.
pub(crate) fn nothing_on_enter() -> Markup {
    html! { button type="submit" disabled hidden {} }
}

/// Field of the present password.
pub(crate) fn current_password(label: &str, error: Option<&str>) -> Markup {
    html! {
        div.field {
            label for="password" { (label) }
            input.input #password name="password" type="password" autocomplete="current-password" required maxlength="512"
                aria-describedby=[error.map(|_| "error")];
        }
    }
}

/// Field of a new password, with a name, for a person with a second factor or without.
pub(crate) fn new_password(
    texts: &'static Texts,
    name: &str,
    label: &str,
    has_second_factor: bool,
) -> Markup {
    let (hint, min) = if has_second_factor {
        (texts.account.short_password_hint, CHARACTERS_BESIDE_SECOND_FACTOR_MIN)
    } else {
        (texts.password_hint, CHARACTERS_MIN)
    };
    html! {
        div.field {
            label for=(name) { (label) }
            p.hint #password-hint { (hint) }
            input.input id=(name) name=(name) type="password" autocomplete="new-password" required minlength=(min)
                maxlength="512" aria-describedby="password-hint";
        }
    }
}

/// Field of a code of an app.
pub(crate) fn code(texts: &'static Texts, hint: Option<&str>) -> Markup {
    html! {
        div.field {
            label for="code" { (texts.account.code) }
            @if let Some(hint) = hint { p.hint #code-hint { (hint) } }
            input.input #code name="code" type="text" autocomplete="one-time-code" autocapitalize="off" spellcheck="false"
                required maxlength="40" aria-describedby=[hint.map(|_| "code-hint")];
        }
    }
}

/// Why a password was refused.
pub(crate) fn refusal(
    texts: &'static Texts,
    refusal: PasswordRefusal,
    has_second_factor: bool,
) -> &'static str {
    match refusal {
        PasswordRefusal::Short if has_second_factor => texts.account.short_password_too_short,
        PasswordRefusal::Short => texts.password_too_short,
        PasswordRefusal::Long => texts.password_too_long,
        PasswordRefusal::Simple => texts.password_too_simple,
        PasswordRefusal::Breached => texts.account.password_breached,
    }
}
