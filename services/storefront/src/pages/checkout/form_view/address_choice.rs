//! Choice among the addresses of the customer: buttons that fill one in, without a script as well, and the wish to keep what was typed.

use super::super::{AddressForm, CheckoutView};
use crate::{components::address::one_line, messages::interpolate};
use maud::{Markup, html};

impl CheckoutView<'_> {
    /// Other addresses of the customer than the one that is filled in, a button each.
    pub(super) fn address_choice(&self, name: &str, filled_in: &AddressForm) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        let shown = filled_in.to_address();
        let others: Vec<_> = self.book.items.iter().filter(|it| it.address != shown).collect();
        html! {
            @if !others.is_empty() {
                details.address-choice id=(name) {
                    summary { (messages.other_address) }
                    ul role="list" {
                        @for stored in others {
                            li {
                                button.button.quiet-button type="submit" name=(name) value=(stored.id) formnovalidate
                                    aria-label=(interpolate(messages.use_address, &[("address", &one_line(&stored.address))])) {
                                    (one_line(&stored.address))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Wish to keep the delivery address, where there is room for it and it is not there yet.
    pub(super) fn save_address(&self) -> Markup {
        let messages = &self.context.locale.messages.checkout;
        let address = self.form.shipping.to_address();
        let is_stored = self.book.items.iter().any(|stored| stored.address == address);
        html! {
            @if self.context.customer.is_some() && !self.book.is_full() && !is_stored {
                label.tick {
                    input #save_address type="checkbox" name="save_address" checked[self.form.save_address];
                    span { (messages.save_address) }
                }
            }
        }
    }
}
