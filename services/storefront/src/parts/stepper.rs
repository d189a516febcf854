//! A quantity with a step down and a step up. The steps are buttons of the form: they work without a script.

use maud::{Markup, html};

/// The largest quantity that can be typed.
pub(crate) const QUANTITY_MAX: i64 = 999;

/// What a stepper changes and is called.
pub(crate) struct Stepper<'a> {
    pub(crate) id: &'a str,
    pub(crate) quantity: i64,
    pub(crate) label: &'a str,
    pub(crate) one_less: &'a str,
    pub(crate) one_more: &'a str,
    /// Where a step leads without a script, when not to the form's own address.
    pub(crate) steps_to: Option<&'a str>,
}

pub(crate) fn stepper(stepper: &Stepper<'_>) -> Markup {
    let Stepper { id, quantity, label, one_less, one_more, steps_to } = stepper;
    let method = steps_to.map(|_| "get");
    html! {
        div.qty {
            button name="step" value="-1" formaction=[*steps_to] formmethod=[method] aria-label=(one_less) data-step="-1" { "−" }
            input id=(id) name="quantity" inputmode="numeric" value=(quantity) size="3" maxlength="3" autocomplete="off" aria-label=(label);
            button name="step" value="1" formaction=[*steps_to] formmethod=[method] aria-label=(one_more) data-step="1" { "+" }
        }
    }
}

/// The quantity a form asks for, after the step that was taken.
pub(crate) fn wanted(fields: &crate::http::Fields) -> i64 {
    let number = |name: &str| fields.text(name).and_then(|it| it.parse::<i64>().ok());
    let step = number("step").unwrap_or(0).clamp(-1, 1);
    number("quantity").unwrap_or(1).clamp(0, QUANTITY_MAX).saturating_add(step)
}
