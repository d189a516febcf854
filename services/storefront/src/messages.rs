//! Message catalogue (i18n): all texts of the pages, a table per language. A text that is missing in one language does
//! not compile.
//!
//! `{name}` is a placeholder for a value; [`interpolate`] replaces it.

mod account;
mod de;
mod en;

use account::AccountMessages;
use contracts::cart::Country;

pub(crate) use de::DE;
pub(crate) use en::EN;

/// Messages of one language.
#[derive(Debug)]
pub(crate) struct Messages {
    /// Language tag, as in the `lang` attribute.
    pub(crate) tag: &'static str,
    /// Name of the language in itself.
    pub(crate) language_name: &'static str,
    pub(crate) decimal_separator: char,
    pub(crate) group_separator: char,
    pub(crate) currency_position: CurrencyPosition,
    pub(crate) minus_percent: &'static str,
    /// Suffix of the number of a day.
    pub(crate) day_suffix: &'static str,
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    /// Names of the default shipping methods, by their English names.
    pub(crate) shipping_methods: &'static [(&'static str, &'static str)],
    pub(crate) layout: LayoutMessages,
    pub(crate) home: HomeMessages,
    pub(crate) listing: ListingMessages,
    pub(crate) product: ProductMessages,
    pub(crate) cart: CartMessages,
    pub(crate) checkout: CheckoutMessages,
    pub(crate) order: OrderMessages,
    pub(crate) account: AccountMessages,
    pub(crate) error_pages: ErrorMessages,
    pub(crate) help: HelpMessages,
}

impl Messages {
    /// Name of a country in this language; by default, the name that the services use.
    pub(crate) fn country<'a>(&self, country: &'a Country) -> &'a str {
        self.country_of(&country.code).unwrap_or(&country.name)
    }

    /// Name of the country with this code, if it is known.
    pub(crate) fn country_of(&self, code: &str) -> Option<&'static str> {
        addresses::country_name(code, self.tag)
    }

    /// Name of a shipping method in this language; by default, the name that the merchant gave it.
    pub(crate) fn shipping_method<'a>(&self, label: &'a str) -> &'a str {
        let known = self.shipping_methods.iter().find(|(english, _)| *english == label);
        known.map_or(label, |(_, name)| name)
    }
}

/// Position of the currency relative to the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CurrencyPosition {
    Before,
    After,
}

/// Text with plural forms for a number, `{n}`.
#[derive(Debug)]
pub(crate) struct Plural {
    pub(crate) one: &'static str,
    pub(crate) other: &'static str,
}

impl Plural {
    /// Plural form for `count`, which is displayed as `shown`.
    pub(crate) fn of(&self, count: u64, shown: &str) -> String {
        let form = if count == 1 { self.one } else { self.other };
        form.replace("{n}", shown)
    }
}

/// Replaces the placeholders of a text by values. Values are not interpolated again.
pub(crate) fn interpolate(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { return filled };
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        filled.push_str(value);
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

/// Messages of the layout: header and footer.
#[derive(Debug)]
pub(crate) struct LayoutMessages {
    pub(crate) skip: &'static str,
    pub(crate) test_shop: &'static str,
    pub(crate) home_of: &'static str,
    pub(crate) home: &'static str,
    pub(crate) departments: &'static str,
    pub(crate) new: &'static str,
    pub(crate) reduced: &'static str,
    pub(crate) all_products: &'static str,
    pub(crate) search_label: &'static str,
    pub(crate) search_hint: &'static str,
    pub(crate) search_button: &'static str,
    pub(crate) menu: &'static str,
    pub(crate) close: &'static str,
    pub(crate) cart_link: Plural,
    pub(crate) free_from: &'static str,
    pub(crate) breadcrumb: &'static str,
    pub(crate) help: &'static str,
    pub(crate) shop: &'static str,
    pub(crate) where_is_my_order: &'static str,
    pub(crate) delivery_and_costs: &'static str,
    pub(crate) returns: &'static str,
    pub(crate) privacy: &'static str,
    pub(crate) imprint: &'static str,
    pub(crate) terms: &'static str,
    pub(crate) withdrawal: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) language: &'static str,
    pub(crate) see_all: &'static str,
    pub(crate) suggestions: &'static str,
}

/// Messages of the home page.
#[derive(Debug)]
pub(crate) struct HomeMessages {
    pub(crate) button: &'static str,
    pub(crate) see_all: &'static str,
    pub(crate) new_in: &'static str,
    pub(crate) reduced_now: &'static str,
    pub(crate) empty: &'static str,
}

/// Messages of product listings.
#[derive(Debug)]
pub(crate) struct ListingMessages {
    pub(crate) results_for: &'static str,
    pub(crate) products: &'static str,
    pub(crate) filters: &'static str,
    pub(crate) close_filters: &'static str,
    pub(crate) department: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) price: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) availability: &'static str,
    pub(crate) in_stock: &'static str,
    pub(crate) reduced: &'static str,
    pub(crate) lowest_price: &'static str,
    pub(crate) highest_price: &'static str,
    pub(crate) from_price: &'static str,
    pub(crate) up_to_price: &'static str,
    pub(crate) show_products: Plural,
    pub(crate) count_of_total: &'static str,
    pub(crate) count_all: Plural,
    pub(crate) clear_all: &'static str,
    pub(crate) remove_filter: &'static str,
    pub(crate) sort: &'static str,
    pub(crate) sort_button: &'static str,
    pub(crate) featured: &'static str,
    pub(crate) best_match: &'static str,
    pub(crate) newest: &'static str,
    pub(crate) price_up: &'static str,
    pub(crate) price_down: &'static str,
    pub(crate) name_up: &'static str,
    pub(crate) shown_of: &'static str,
    pub(crate) products_shown: &'static str,
    pub(crate) show_more: &'static str,
    pub(crate) nothing_for: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) did_you_mean: &'static str,
    pub(crate) remove_filters: &'static str,
    pub(crate) description: &'static str,
}

/// Messages of products, in listings and on product pages.
#[derive(Debug)]
pub(crate) struct ProductMessages {
    pub(crate) current_price: &'static str,
    pub(crate) prior_price: &'static str,
    pub(crate) from: &'static str,
    pub(crate) colours: Plural,
    pub(crate) new: &'static str,
    pub(crate) only_left: &'static str,
    pub(crate) sold_out: &'static str,
    pub(crate) in_stock: &'static str,
    pub(crate) only_left_in_stock: &'static str,
    pub(crate) lowest_prior_price: &'static str,
    pub(crate) tax_included_plus: &'static str,
    pub(crate) delivery: &'static str,
    pub(crate) quantity: &'static str,
    pub(crate) decrease_quantity: &'static str,
    pub(crate) increase_quantity: &'static str,
    pub(crate) update: &'static str,
    pub(crate) unknown_choice: &'static str,
    pub(crate) add_to_cart: &'static str,
    pub(crate) adding: &'static str,
    pub(crate) pictures: &'static str,
    pub(crate) pictures_scroll: &'static str,
    pub(crate) no_picture: &'static str,
    pub(crate) combination_unavailable: &'static str,
    pub(crate) arrives: &'static str,
    pub(crate) delivery_free_over: &'static str,
    pub(crate) delivery_free: &'static str,
    pub(crate) delivery_costs: &'static str,
    pub(crate) delivery_costs_until: &'static str,
    pub(crate) return_days: &'static str,
    pub(crate) guarantee: Plural,
    pub(crate) details: &'static str,
    pub(crate) specifications: &'static str,
    pub(crate) sku: &'static str,
    pub(crate) weight: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) price_history: &'static str,
    pub(crate) today: &'static str,
    pub(crate) price_since: &'static str,
    pub(crate) related: &'static str,
}

/// Messages of the cart.
#[derive(Debug)]
pub(crate) struct CartMessages {
    pub(crate) title: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) see_new: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) remove_what: &'static str,
    pub(crate) quantity_of: &'static str,
    pub(crate) set_quantity: &'static str,
    pub(crate) each: &'static str,
    pub(crate) lines_shown: &'static str,
    pub(crate) previous_lines: &'static str,
    pub(crate) next_lines: &'static str,
    pub(crate) keep_shopping: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) items: &'static str,
    pub(crate) discount: &'static str,
    pub(crate) delivery: &'static str,
    pub(crate) free: &'static str,
    pub(crate) tax_included: &'static str,
    pub(crate) tax_added: &'static str,
    pub(crate) total: &'static str,
    pub(crate) check_out: &'static str,
    pub(crate) view: &'static str,
    pub(crate) until_free: &'static str,
    pub(crate) added: Plural,
    pub(crate) added_unavailable: Plural,
    pub(crate) item_count: Plural,
    pub(crate) notice_sold_out: &'static str,
    pub(crate) notice_fewer_left: &'static str,
    pub(crate) notice_not_for_sale: &'static str,
    pub(crate) notice_other_currency: &'static str,
    pub(crate) notice_amount_limit: &'static str,
    pub(crate) notice_price_changed: &'static str,
    /// Heading above the lines that cannot be bought as they are.
    pub(crate) problems: Plural,
    pub(crate) set_to: &'static str,
    pub(crate) unavailable: &'static str,
    pub(crate) over_limit: &'static str,
    pub(crate) quantity_range: &'static str,
    pub(crate) quantity_limit: &'static str,
    /// The product has no price in the currency of the cart.
    pub(crate) other_currency: &'static str,
    pub(crate) line_limit: &'static str,
    pub(crate) amount_limit: &'static str,
    pub(crate) change_limit: &'static str,
    pub(crate) checking_out: &'static str,
    pub(crate) check_again: &'static str,
    pub(crate) to_order: &'static str,
}

/// Label of a field, and the sentence that asks for it.
#[derive(Debug)]
pub(crate) struct FieldMessages {
    pub(crate) label: &'static str,
    pub(crate) enter: &'static str,
}

/// Messages of the checkout.
#[derive(Debug)]
pub(crate) struct CheckoutMessages {
    pub(crate) title: &'static str,
    pub(crate) error_title: &'static str,
    pub(crate) no_account: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) with_account: &'static str,
    pub(crate) other_address: &'static str,
    pub(crate) use_address: &'static str,
    pub(crate) save_address: &'static str,
    pub(crate) back_to_cart: &'static str,
    pub(crate) your_order: &'static str,
    pub(crate) fix_fields: Plural,
    pub(crate) error_prefix: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) email: &'static str,
    pub(crate) email_hint: &'static str,
    pub(crate) delivery_address: &'static str,
    pub(crate) billing_address: &'static str,
    pub(crate) billing_differs: &'static str,
    pub(crate) country: &'static str,
    pub(crate) change_country: &'static str,
    pub(crate) name: &'static str,
    pub(crate) line1: &'static str,
    pub(crate) line2: &'static str,
    pub(crate) optional: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) city: FieldMessages,
    pub(crate) post_town: FieldMessages,
    pub(crate) suburb: FieldMessages,
    pub(crate) district: FieldMessages,
    pub(crate) state: FieldMessages,
    pub(crate) province: FieldMessages,
    pub(crate) prefecture: FieldMessages,
    pub(crate) county: FieldMessages,
    pub(crate) area: FieldMessages,
    pub(crate) emirate: FieldMessages,
    pub(crate) department: FieldMessages,
    pub(crate) region: FieldMessages,
    pub(crate) postal_code: FieldMessages,
    pub(crate) postcode: FieldMessages,
    pub(crate) zip: FieldMessages,
    pub(crate) pin: FieldMessages,
    pub(crate) eircode: FieldMessages,
    pub(crate) delivery: &'static str,
    pub(crate) update_delivery: &'static str,
    pub(crate) pickup_title: &'static str,
    pub(crate) pickup_name: &'static str,
    pub(crate) opening_hours: &'static str,
    pub(crate) billing_add: &'static str,
    pub(crate) working_days: &'static str,
    pub(crate) working_days_exactly: Plural,
    pub(crate) payment: &'static str,
    pub(crate) test_note: &'static str,
    pub(crate) no_payment_method: &'static str,
    pub(crate) card_success: &'static str,
    pub(crate) card_requires_action: &'static str,
    pub(crate) card_declined: &'static str,
    pub(crate) card_insufficient_funds: &'static str,
    pub(crate) card_slow: &'static str,
    pub(crate) card_unknown_outcome: &'static str,
    pub(crate) card_late_webhook: &'static str,
    pub(crate) more_cards: &'static str,
    pub(crate) prepayment: &'static str,
    pub(crate) prepayment_text: &'static str,
    pub(crate) prepayment_days: &'static str,
    pub(crate) invoice: &'static str,
    pub(crate) invoice_days: &'static str,
    pub(crate) pay: &'static str,
    pub(crate) paying: &'static str,
    pub(crate) place_order: &'static str,
    pub(crate) placing_order: &'static str,
    pub(crate) cancel_hint: &'static str,
    pub(crate) enter_email: &'static str,
    pub(crate) enter_name: &'static str,
    pub(crate) enter_line1: &'static str,
    pub(crate) shorten: &'static str,
    pub(crate) choose_country: &'static str,
    pub(crate) check_field: &'static str,
    pub(crate) of_billing_address: &'static str,
    pub(crate) declined: &'static str,
    pub(crate) sold_out_meanwhile: &'static str,
    pub(crate) fewer_meanwhile: &'static str,
    pub(crate) not_for_sale_meanwhile: &'static str,
    pub(crate) price_changed: &'static str,
    pub(crate) new_total: &'static str,
    pub(crate) not_deliverable: &'static str,
    pub(crate) test_payments_off: &'static str,
    pub(crate) method_not_offered: &'static str,
    pub(crate) unpaid_orders_limit: &'static str,
    pub(crate) unpaid_share_limit: &'static str,
    pub(crate) waiting_title: &'static str,
    pub(crate) waiting_text: &'static str,
}

/// Messages of placed orders, the order lookup and the test bank.
#[derive(Debug)]
pub(crate) struct OrderMessages {
    pub(crate) thank_you: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) action_required: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) shipped_title: &'static str,
    pub(crate) collectable_title: &'static str,
    pub(crate) number: &'static str,
    pub(crate) find_again: &'static str,
    pub(crate) mailed: &'static str,
    pub(crate) confirm_text: &'static str,
    pub(crate) confirm_button: &'static str,
    pub(crate) pending_text: &'static str,
    pub(crate) cancelled_text: &'static str,
    pub(crate) cancelled_refund_text: &'static str,
    pub(crate) declined_text: &'static str,
    pub(crate) bookmark: &'static str,
    pub(crate) how_to_pay: &'static str,
    pub(crate) pay_amount_by: &'static str,
    pub(crate) pay_amount: &'static str,
    pub(crate) bank_account: &'static str,
    pub(crate) pay_reference: &'static str,
    pub(crate) pay_by: &'static str,
    pub(crate) amount_due: &'static str,
    pub(crate) ships_when_paid: &'static str,
    pub(crate) order_date: &'static str,
    pub(crate) delivery_method: &'static str,
    pub(crate) payment_method: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) collect_from: &'static str,
    pub(crate) transfer_pending: &'static str,
    pub(crate) progress: &'static str,
    pub(crate) placed: &'static str,
    pub(crate) paid: &'static str,
    pub(crate) payment_pending: &'static str,
    pub(crate) shipped: &'static str,
    pub(crate) to_ship: &'static str,
    pub(crate) collectable: &'static str,
    pub(crate) to_collect: &'static str,
    pub(crate) cancelled_step: &'static str,
    pub(crate) items_title: &'static str,
    pub(crate) delivery_address: &'static str,
    pub(crate) billing_address: &'static str,
    pub(crate) totals_title: &'static str,
    pub(crate) refunded: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) cancel_explained: &'static str,
    pub(crate) keep_order: &'static str,
    pub(crate) cancel_too_late: &'static str,
    pub(crate) find_title: &'static str,
    pub(crate) find_lead: &'static str,
    pub(crate) find_number: &'static str,
    pub(crate) find_button: &'static str,
    pub(crate) find_nothing: &'static str,
    pub(crate) again: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) receipt_of: &'static str,
    pub(crate) article: &'static str,
    pub(crate) unit_price: &'static str,
    pub(crate) not_again: &'static str,
    pub(crate) bank_title: &'static str,
    pub(crate) bank_request: &'static str,
    pub(crate) bank_note: &'static str,
    pub(crate) bank_confirm: &'static str,
    pub(crate) bank_decline: &'static str,
    pub(crate) bank_nothing_to_confirm: &'static str,
    pub(crate) back: &'static str,
}

/// Messages of error pages.
#[derive(Debug)]
pub(crate) struct ErrorMessages {
    pub(crate) not_found: &'static str,
    pub(crate) not_found_text: &'static str,
    pub(crate) internal: &'static str,
    pub(crate) internal_text: &'static str,
    pub(crate) request_id: &'static str,
    pub(crate) rate_limited: &'static str,
    pub(crate) unavailable: &'static str,
    pub(crate) unavailable_text: Plural,
    pub(crate) busy: &'static str,
    pub(crate) busy_text: Plural,
    pub(crate) cross_origin: &'static str,
    pub(crate) cross_origin_text: &'static str,
    pub(crate) method_not_allowed: &'static str,
    pub(crate) method_not_allowed_text: &'static str,
    pub(crate) go_home: &'static str,
    pub(crate) go_to_products: &'static str,
    pub(crate) try_again: &'static str,
}

/// Messages of the help page.
#[derive(Debug)]
pub(crate) struct HelpMessages {
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) delivery_lead: &'static str,
    pub(crate) method: &'static str,
    pub(crate) price: &'static str,
    pub(crate) free_from: &'static str,
    pub(crate) days: &'static str,
    pub(crate) countries: &'static str,
    pub(crate) cancel_text: &'static str,
    pub(crate) privacy_text: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All texts of a table with their field names, read from its debug output.
    fn texts(messages: &Messages) -> Vec<(String, String)> {
        let printed = format!("{messages:#?}").replace("\\u{a0}", " ");
        let pair = |line: &str| {
            let (name, text) = line.trim().split_once(": \"")?;
            Some((name.to_owned(), text.trim_end_matches(['"', ',']).to_owned()))
        };
        printed.lines().filter_map(pair).collect()
    }

    fn placeholders(text: &str) -> Vec<&str> {
        let mut placeholders: Vec<_> =
            text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        placeholders.sort_unstable();
        placeholders
    }

    #[test]
    fn both_languages_have_the_same_placeholders() {
        let (english, german) = (texts(&EN), texts(&DE));
        assert!(english.len() > 150, "the tables were not read: {}", english.len());
        assert_eq!(english.len(), german.len());
        for ((name, english), (_, german)) in english.iter().zip(&german) {
            if name != "one" {
                assert_eq!(
                    placeholders(english),
                    placeholders(german),
                    "{name}: {english} / {german}"
                );
            }
        }
    }

    #[test]
    fn countries_are_found_by_their_codes() {
        let country = |code: &str| Country {
            code: code.to_owned(),
            name: "As named".to_owned(),
            ..Country::default()
        };
        let (austria, nowhere) = (country("AT"), country("XX"));
        assert_eq!((DE.country(&austria), EN.country(&austria)), ("Österreich", "Austria"));
        assert_eq!(DE.country(&nowhere), "As named");
    }

    #[test]
    fn only_the_default_shipping_methods_are_translated() {
        assert_eq!(DE.shipping_method("Express delivery"), "Express");
        assert_eq!(EN.shipping_method("Express delivery"), "Express delivery");
        assert_eq!(DE.shipping_method("By bicycle"), "By bicycle");
    }

    #[test]
    fn texts_follow_the_style_guide() {
        for (name, text) in texts(&EN) {
            let lower = text.to_lowercase();
            for word in ["please", "oops", "invalid", "!"] {
                assert!(!lower.contains(word), "{name} says {word:?}: {text}");
            }
        }
        for (name, text) in texts(&DE) {
            assert!(
                !text.contains('!') && !text.to_lowercase().contains("ungültig"),
                "{name}: {text}"
            );
        }
    }

    #[test]
    fn interpolated_values_are_not_interpolated_again() {
        assert_eq!(interpolate("{a} of {b}", &[("a", "{b}"), ("b", "2")]), "{b} of 2");
        assert_eq!(interpolate("{missing}{", &[]), "");
        let items = Plural { one: "{n} item", other: "{n} items" };
        assert_eq!(
            (items.of(1, "1"), items.of(0, "0")),
            ("1 item".to_owned(), "0 items".to_owned())
        );
    }
}
