//! Quantity stepper: a number field with buttons to decrease and increase it, which submit the form and so work without
//! a script.

use crate::form_fields::FormFields;
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

/// Quantity that a form asks for, with the step of the button that was pressed.
pub(crate) fn requested_quantity(fields: &FormFields) -> i64 {
    let number = |name: &str| fields.text(name).and_then(|it| it.parse::<i64>().ok());
    let step = number("step").unwrap_or(0).clamp(-1, 1);
    number("quantity").unwrap_or(1).clamp(0, QUANTITY_MAX).saturating_add(step)
}
