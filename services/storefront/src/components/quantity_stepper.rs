//! Quantity stepper: a number field with buttons to decrease and increase it, which submit the form and so work without
//! a script.

use crate::{form_fields::FormFields, locale::Locale, messages::interpolate};
use maud::{Markup, html};

/// Maximum quantity that can be entered.
pub(crate) const QUANTITY_MAX: i64 = 999;

/// Properties of a quantity stepper.
pub(crate) struct QuantityStepper<'a> {
    pub(crate) id: &'a str,
    pub(crate) quantity: i64,
    pub(crate) label: &'a str,
    pub(crate) decrease_label: &'a str,
    pub(crate) increase_label: &'a str,
    /// Address that the buttons submit to without a script, if it is not that of the form.
    pub(crate) step_action: Option<&'a str>,
}

pub(crate) fn quantity_stepper(stepper: &QuantityStepper<'_>) -> Markup {
    let QuantityStepper { id, quantity, label, decrease_label, increase_label, step_action } =
        stepper;
    let method = step_action.map(|_| "get");
    html! {
        div.qty {
            button name="step" value="-1" formaction=[*step_action] formmethod=[method] aria-label=(decrease_label) data-step="-1" { "−" }
            input id=(id) name="quantity" inputmode="numeric" value=(quantity) size="3" maxlength="3" autocomplete="off" aria-label=(label);
            button name="step" value="1" formaction=[*step_action] formmethod=[method] aria-label=(increase_label) data-step="1" { "+" }
        }
    }
}

/// Quantity that a form asks for, 0 to the maximum, with the step of the button that was pressed; one without a field.
/// Nothing is ordered in place of a text that is no such number.
pub(crate) fn requested_quantity(fields: &FormFields) -> Option<i64> {
    let step = fields.text("step").and_then(|it| it.parse::<i64>().ok()).unwrap_or(0).clamp(-1, 1);
    let quantity = match fields.text("quantity") {
        None if fields.has("quantity") => return None,
        None => 1,
        Some(text) => text.parse().ok().filter(|it| (0..=QUANTITY_MAX).contains(it))?,
    };
    Some((quantity + step).clamp(0, QUANTITY_MAX))
}

/// Sentence that asks for a quantity in place of one that cannot be read.
pub(crate) fn quantity_range(locale: Locale) -> String {
    let max = locale.count(QUANTITY_MAX.unsigned_abs());
    interpolate(locale.messages.cart.quantity_range, &[("max", &max)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_number_within_the_limits_is_a_quantity() {
        for (form, expected) in [
            ("", Some(1)),
            ("quantity=+7+", Some(7)),
            ("quantity=0", Some(0)),
            ("quantity=999", Some(999)),
            ("quantity=3&step=1", Some(4)),
            ("quantity=0&step=-1", Some(0)),
            ("quantity=999&step=1", Some(999)),
            ("quantity=3&step=50", Some(4)),
            ("quantity=", None),
            ("quantity=-3", None),
            ("quantity=1000", None),
            ("quantity=1.5", None),
            ("quantity=1,5", None),
            ("quantity=abc", None),
            ("quantity=%D9%A3", None),
            ("quantity=99999999999999999999", None),
            ("quantity=abc&step=1", None),
        ] {
            let fields = FormFields::parse(form.as_bytes());
            assert_eq!(requested_quantity(&fields), expected, "{form}");
        }
    }
}
