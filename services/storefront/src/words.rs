//! What the pages say, a table per language. A text that is missing in one language does not compile.
//!
//! `{name}` marks the place of a value; [`fill`] puts it in.

mod de;
mod en;

use contracts::cart::Country;

pub(crate) use de::DE;
pub(crate) use en::EN;

/// Everything in one language.
#[derive(Debug)]
pub(crate) struct Words {
    /// The language tag, as in `lang`.
    pub(crate) tag: &'static str,
    pub(crate) decimal_mark: char,
    pub(crate) group_mark: char,
    pub(crate) currency_place: MarkPlace,
    pub(crate) minus_percent: &'static str,
    /// What follows the number of a day.
    pub(crate) day_mark: &'static str,
    pub(crate) weekdays: [&'static str; 7],
    pub(crate) months: [&'static str; 12],
    /// Countries by code, where the language has names of its own for them; by code.
    pub(crate) countries: &'static [(&'static str, &'static str)],
    /// Ways of delivery by their English names, where the language has names of its own for them.
    pub(crate) deliveries: &'static [(&'static str, &'static str)],
    pub(crate) shell: Shell,
    pub(crate) home: Home,
    pub(crate) list: List,
    pub(crate) goods: Goods,
    pub(crate) cart: Cart,
    pub(crate) checkout: Checkout,
    pub(crate) order: Order,
    pub(crate) trouble: Trouble,
    pub(crate) help: Help,
}

impl Words {
    /// The name of a country in this language, or as the services name it.
    pub(crate) fn country<'a>(&self, country: &'a Country) -> &'a str {
        self.country_of(&country.code).unwrap_or(&country.name)
    }

    /// The name of the country with this code, if this language has one of its own.
    pub(crate) fn country_of(&self, code: &str) -> Option<&'static str> {
        let known = self.countries.binary_search_by_key(&code, |(code, _)| *code);
        known.ok().map(|place| self.countries[place].1)
    }

    /// The name of a way of delivery in this language, or as the merchant called it.
    pub(crate) fn delivery<'a>(&self, label: &'a str) -> &'a str {
        let known = self.deliveries.iter().find(|(english, _)| *english == label);
        known.map_or(label, |(_, name)| name)
    }
}

/// Where a currency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkPlace {
    Before,
    After,
}

/// A text that depends on a number, `{n}`.
#[derive(Debug)]
pub(crate) struct Plural {
    pub(crate) one: &'static str,
    pub(crate) other: &'static str,
}

impl Plural {
    /// The form for this number, with `shown` in its place.
    pub(crate) fn of(&self, count: u64, shown: &str) -> String {
        let form = if count == 1 { self.one } else { self.other };
        form.replace("{n}", shown)
    }

    /// The form for this small number.
    pub(crate) fn small(&self, count: i64) -> String {
        self.of(u64::try_from(count).unwrap_or(0), &count.to_string())
    }
}

/// Puts values into the places of a text, once each.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { return filled };
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        filled.push_str(value);
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Header and footer.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) skip: &'static str,
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
    pub(crate) see_all: &'static str,
    pub(crate) suggestions: &'static str,
}

/// The home page.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) lead: &'static str,
    pub(crate) button: &'static str,
    pub(crate) see_all: &'static str,
    pub(crate) new_in: &'static str,
    pub(crate) reduced_now: &'static str,
    pub(crate) empty: &'static str,
}

/// Lists of products.
#[derive(Debug)]
pub(crate) struct List {
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
}

/// A product, in a list or on its own page.
#[derive(Debug)]
pub(crate) struct Goods {
    pub(crate) now: &'static str,
    pub(crate) before: &'static str,
    pub(crate) from: &'static str,
    pub(crate) colours: Plural,
    pub(crate) new: &'static str,
    pub(crate) last: &'static str,
    pub(crate) sold_out: &'static str,
    pub(crate) in_stock: &'static str,
    pub(crate) only_left: &'static str,
    pub(crate) lowest_30_days: &'static str,
    pub(crate) with_tax_plus: &'static str,
    pub(crate) delivery: &'static str,
    pub(crate) quantity: &'static str,
    pub(crate) one_less: &'static str,
    pub(crate) one_more: &'static str,
    pub(crate) update: &'static str,
    pub(crate) add_to_cart: &'static str,
    pub(crate) adding: &'static str,
    pub(crate) pictures: &'static str,
    pub(crate) pictures_scroll: &'static str,
    pub(crate) no_picture: &'static str,
    pub(crate) not_made: &'static str,
    pub(crate) arrives: &'static str,
    pub(crate) delivery_free_over: &'static str,
    pub(crate) delivery_free: &'static str,
    pub(crate) delivery_costs: &'static str,
    pub(crate) delivery_costs_until: &'static str,
    pub(crate) return_days: &'static str,
    pub(crate) return_how: &'static str,
    pub(crate) guarantee: Plural,
    pub(crate) guarantee_how: &'static str,
    pub(crate) details: &'static str,
    pub(crate) facts: &'static str,
    pub(crate) article_number: &'static str,
    pub(crate) weight: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) price_90_days: &'static str,
    pub(crate) today: &'static str,
    pub(crate) price_since: &'static str,
    pub(crate) price_steady: &'static str,
    pub(crate) goes_well: &'static str,
}

/// The cart.
#[derive(Debug)]
pub(crate) struct Cart {
    pub(crate) title: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) see_new: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) remove_what: &'static str,
    pub(crate) quantity_of: &'static str,
    pub(crate) set_quantity: &'static str,
    pub(crate) each: &'static str,
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
    pub(crate) item_count: Plural,
    pub(crate) went_sold_out: &'static str,
    pub(crate) went_fewer: &'static str,
    pub(crate) went_off_sale: &'static str,
    pub(crate) quantity_limit: &'static str,
    /// An article has no price in the currency of what is in the cart.
    pub(crate) other_currency: &'static str,
    pub(crate) line_limit: &'static str,
    pub(crate) checking_out: &'static str,
    pub(crate) look_again: &'static str,
}

/// The checkout.
#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) title: &'static str,
    pub(crate) error_title: &'static str,
    pub(crate) no_account: &'static str,
    pub(crate) back_to_cart: &'static str,
    pub(crate) your_order: &'static str,
    pub(crate) errors: Plural,
    pub(crate) error: &'static str,
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
    pub(crate) postal_code: &'static str,
    pub(crate) city: &'static str,
    pub(crate) region: &'static str,
    pub(crate) delivery: &'static str,
    pub(crate) working_days: &'static str,
    pub(crate) working_days_exactly: Plural,
    pub(crate) payment: &'static str,
    pub(crate) test_note: &'static str,
    pub(crate) no_payment: &'static str,
    pub(crate) card_good: &'static str,
    pub(crate) card_asks: &'static str,
    pub(crate) card_declined: &'static str,
    pub(crate) card_no_funds: &'static str,
    pub(crate) card_slow: &'static str,
    pub(crate) card_silent: &'static str,
    pub(crate) card_late: &'static str,
    pub(crate) more_cards: &'static str,
    pub(crate) pay: &'static str,
    pub(crate) cancel_hint: &'static str,
    pub(crate) enter_email: &'static str,
    pub(crate) enter_name: &'static str,
    pub(crate) enter_line1: &'static str,
    pub(crate) enter_city: &'static str,
    pub(crate) enter_region: &'static str,
    pub(crate) enter_postal_code: &'static str,
    pub(crate) enter_five_digits: &'static str,
    pub(crate) choose_country: &'static str,
    pub(crate) check_field: &'static str,
    pub(crate) declined: &'static str,
    pub(crate) sold_out_meanwhile: &'static str,
    pub(crate) fewer_meanwhile: &'static str,
    pub(crate) price_went: &'static str,
    pub(crate) new_total: &'static str,
    pub(crate) not_deliverable: &'static str,
    pub(crate) test_payments_off: &'static str,
    pub(crate) waiting_title: &'static str,
    pub(crate) waiting_for_bank: &'static str,
}

/// An order, after it was placed.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) thank_you: &'static str,
    pub(crate) confirming: &'static str,
    pub(crate) needs_you: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) completed: &'static str,
    pub(crate) number: &'static str,
    pub(crate) news_to: &'static str,
    pub(crate) confirm_text: &'static str,
    pub(crate) confirm_button: &'static str,
    pub(crate) pending_text: &'static str,
    pub(crate) cancelled_text: &'static str,
    pub(crate) cancelled_refund_text: &'static str,
    pub(crate) declined_text: &'static str,
    pub(crate) keep_link: &'static str,
    pub(crate) progress: &'static str,
    pub(crate) placed: &'static str,
    pub(crate) paid: &'static str,
    pub(crate) payment_pending: &'static str,
    pub(crate) shipped: &'static str,
    pub(crate) to_ship: &'static str,
    pub(crate) was_cancelled: &'static str,
    pub(crate) lines: &'static str,
    pub(crate) goes_to: &'static str,
    pub(crate) bill_goes_to: &'static str,
    pub(crate) sums: &'static str,
    pub(crate) refunded: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) cancel_explained: &'static str,
    pub(crate) keep: &'static str,
    pub(crate) too_late: &'static str,
    pub(crate) find_title: &'static str,
    pub(crate) find_lead: &'static str,
    pub(crate) find_number: &'static str,
    pub(crate) find_button: &'static str,
    pub(crate) find_nothing: &'static str,
    pub(crate) bank_title: &'static str,
    pub(crate) bank_ask: &'static str,
    pub(crate) bank_note: &'static str,
    pub(crate) bank_confirm: &'static str,
    pub(crate) bank_refuse: &'static str,
    pub(crate) bank_done: &'static str,
    pub(crate) back: &'static str,
}

/// Pages nobody wants to see.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) gone: &'static str,
    pub(crate) gone_text: &'static str,
    pub(crate) broken: &'static str,
    pub(crate) broken_text: &'static str,
    pub(crate) request_id: &'static str,
    pub(crate) busy: &'static str,
    pub(crate) busy_text: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) refused_text: &'static str,
    pub(crate) not_here: &'static str,
    pub(crate) not_here_text: &'static str,
    pub(crate) to_home: &'static str,
    pub(crate) to_products: &'static str,
    pub(crate) again: &'static str,
}

/// The help page.
#[derive(Debug)]
pub(crate) struct Help {
    pub(crate) title: &'static str,
    pub(crate) delivery_lead: &'static str,
    pub(crate) method: &'static str,
    pub(crate) price: &'static str,
    pub(crate) free_from: &'static str,
    pub(crate) days: &'static str,
    pub(crate) countries: &'static str,
    pub(crate) returns_text: &'static str,
    pub(crate) no_returns_text: &'static str,
    pub(crate) privacy_text: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of a table with the name of its field, read from how the table is printed.
    fn texts(words: &Words) -> Vec<(String, String)> {
        let printed = format!("{words:#?}").replace("\\u{a0}", " ");
        let pair = |line: &str| {
            let (name, text) = line.trim().split_once(": \"")?;
            Some((name.to_owned(), text.trim_end_matches(['"', ',']).to_owned()))
        };
        printed.lines().filter_map(pair).collect()
    }

    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<_> =
            text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn both_languages_have_the_same_places_for_values() {
        let (english, german) = (texts(&EN), texts(&DE));
        assert!(english.len() > 150, "the tables were not read: {}", english.len());
        assert_eq!(english.len(), german.len());
        for ((name, english), (_, german)) in english.iter().zip(&german) {
            if name != "one" {
                assert_eq!(places(english), places(german), "{name}: {english} / {german}");
            }
        }
    }

    #[test]
    fn countries_are_found_by_their_codes() {
        assert!(DE.countries.is_sorted());
        let country = |code: &str| Country {
            code: code.to_owned(),
            name: "As named".to_owned(),
            required: Vec::new(),
            postal_code_pattern: None,
        };
        let (austria, nowhere) = (country("AT"), country("XX"));
        assert_eq!((DE.country(&austria), EN.country(&austria)), ("Österreich", "As named"));
        assert_eq!(DE.country(&nowhere), "As named");
    }

    #[test]
    fn ways_of_delivery_are_named_as_the_merchant_did_unless_they_are_the_usual_ones() {
        assert_eq!(DE.delivery("Express delivery"), "Express");
        assert_eq!(EN.delivery("Express delivery"), "Express delivery");
        assert_eq!(DE.delivery("By bicycle"), "By bicycle");
    }

    #[test]
    fn texts_follow_the_rules_of_the_house() {
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
    fn values_are_put_in_once_and_never_read_again() {
        assert_eq!(fill("{a} of {b}", &[("a", "{b}"), ("b", "2")]), "{b} of 2");
        assert_eq!(fill("{missing}{", &[]), "");
        let items = Plural { one: "{n} item", other: "{n} items" };
        assert_eq!((items.small(1), items.small(0)), ("1 item".to_owned(), "0 items".to_owned()));
    }
}
