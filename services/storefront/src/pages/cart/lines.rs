//! Lines of the cart, a page of them at a time.

use super::{CartView, option_values};
use crate::{
    components::{
        image::{self, ImageLoading, ImageSlot},
        quantity_stepper::{QuantityStepper, quantity_stepper},
    },
    form_fields::FormFields,
    messages::{Messages, interpolate},
};
use contracts::cart::{Cart, CartLine, CartStatus, NoticeCode};
use maud::{Markup, html};

/// Maximum number of lines on one page.
const LINES_SHOWN_MAX: usize = 100;

/// Position of the first line on a page of a long cart, as an address or a form names it.
pub(super) fn first_line(fields: &FormFields) -> usize {
    let from = fields.text("from").and_then(|it| it.parse().ok()).unwrap_or(0);
    from - from % LINES_SHOWN_MAX
}

/// Address of the page with the line at this position.
pub(super) fn address(from: usize) -> String {
    if from == 0 { "/cart".to_owned() } else { format!("/cart?from={from}") }
}

impl CartView<'_> {
    pub(super) fn lines(&self, cart: &Cart) -> Markup {
        // Behind the last line, after others were removed, is the last page.
        let last = cart.lines.len().saturating_sub(1);
        let from = self.from.min(last - last % LINES_SHOWN_MAX);
        let shown = cart.lines.iter().skip(from).take(LINES_SHOWN_MAX);
        html! {
            ul.lines role="list" {
                @for (position, line) in shown.enumerate() { (self.line(position, line, cart.status)) }
            }
            (self.pages(from, cart.lines.len()))
        }
    }

    /// Links to the other pages of a long cart.
    fn pages(&self, from: usize, total: usize) -> Markup {
        let messages = &self.locale.messages.cart;
        let to = total.min(from + LINES_SHOWN_MAX);
        let count = |number: usize| self.locale.count(number as u64);
        let values = [("from", &*count(from + 1)), ("to", &*count(to)), ("total", &*count(total))];
        html! {
            @if total > LINES_SHOWN_MAX {
                nav.cart-pages aria-label=(messages.items) {
                    p.quiet { (interpolate(messages.lines_shown, &values)) }
                    @if from > 0 { a.button.quiet-button rel="prev" href=(address(from - LINES_SHOWN_MAX)) { (messages.previous_lines) } }
                    @if to < total { a.button.quiet-button rel="next" href=(address(to)) { (messages.next_lines) } }
                }
            }
        }
    }

    fn line(&self, position: usize, line: &CartLine, status: CartStatus) -> Markup {
        let locale = self.locale;
        let messages = locale.messages;
        html! {
            li.line {
                div.tile { (image::decorative_image(messages, line.image.as_ref(), ImageSlot::Thumbnail, ImageLoading::of_line(position))) }
                div.line-text {
                    h3 { @if let Some(slug) = &line.slug { a href={ "/p/" (slug) } { (locale.shop_text(&line.name)) } } @else { (locale.shop_text(&line.name)) } }
                    @if !line.options.is_empty() { p.quiet { (option_values(locale, &line.options)) } }
                    @if let Some(problem) = line.problem && problem != NoticeCode::FewerLeft {
                        p.stock.none { (problem_label(messages, problem)) }
                    } @else if let Some(left) = line.only_left {
                        p.stock.low { (messages.product.only_left.replace("{n}", &locale.count(left.unsigned_abs()))) }
                    }
                }
                p.line-price {
                    strong { (locale.money(line.total)) }
                    @if line.quantity > 1 { span.quiet { (messages.cart.each.replace("{price}", &locale.price(line.unit_price))) } }
                }
                @if status == CartStatus::CheckingOut {
                    p.line-form { "× " (locale.count(line.quantity.unsigned_abs())) }
                } @else { (self.line_form(line)) }
            }
        }
    }

    /// Form that changes the quantity of a line or removes it.
    fn line_form(&self, line: &CartLine) -> Markup {
        let messages = self.locale.messages;
        let id = format!("q-{}", crate::slug::identifier(line.sku.as_str()));
        html! {
                form.line-form action="/cart/change" method="post" data-swap {
                    button.vh type="submit" tabindex="-1" aria-hidden="true" {}
                    input type="hidden" name="sku" value=(line.sku);
                    @if self.from > 0 { input type="hidden" name="from" value=(self.from); }
                    (quantity_stepper(&QuantityStepper {
                        id: &id, quantity: line.quantity,
                        label: &interpolate(messages.cart.quantity_of, &[("name", &line.name)]),
                        decrease_label: messages.product.decrease_quantity, increase_label: messages.product.increase_quantity, step_action: None,
                    }))
                    noscript { button.text-button type="submit" { (messages.cart.set_quantity) } }
                    button.text-button type="submit" name="remove" value="1"
                        aria-label=(interpolate(messages.cart.remove_what, &[("name", &line.name)])) {
                        (messages.cart.remove)
                    }
                }
        }
    }
}

/// What stands in the way of a line, in a word or two.
fn problem_label(messages: &Messages, problem: NoticeCode) -> &'static str {
    match problem {
        NoticeCode::SoldOut => messages.product.sold_out,
        NoticeCode::AmountLimit => messages.cart.over_limit,
        NoticeCode::NotForSale
        | NoticeCode::NotSoldInCurrency
        | NoticeCode::FewerLeft
        | NoticeCode::PriceChanged => messages.cart.unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        components::layout::LayoutData,
        locale::{CurrencyDisplay, Language, Locale},
    };
    use serde_json::json;

    fn cart(lines: usize) -> Cart {
        let money = json!({"amount": 100, "currency": "EUR"});
        let line = |number: usize| {
            json!({
                "sku": format!("S-{number}"), "product_id": null, "slug": null, "name": "Mug", "options": {},
                "quantity": 1, "unit_price": money, "previous_unit_price": null, "total": money, "image": null,
                "in_stock": true, "only_left": null, "problem": null,
            })
        };
        let totals = json!({
            "items": money, "discount": money, "shipping": money, "tax": money, "total": money, "tax_included": true,
        });
        serde_json::from_value(json!({
            "id": "01890000-0000-7000-8000-000000000001", "status": "open", "currency": "EUR", "item_count": lines,
            "lines": (0..lines).map(line).collect::<Vec<_>>(), "notices": [], "totals": totals, "version": 1,
            "expires_at": "2025-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn a_long_cart_is_shown_a_page_at_a_time() {
        for (lines, asked, first, last, shown, links) in [
            (1, "", 0, 0, "", vec![]),
            (100, "", 0, 99, "", vec![]),
            (101, "", 0, 99, "Products 1 to 100 of 101", vec!["/cart?from=100"]),
            (101, "from=100", 100, 100, "Products 101 to 101 of 101", vec!["/cart"]),
            (1_000, "from=0", 0, 99, "Products 1 to 100 of 1,000", vec!["/cart?from=100"]),
            (
                1_000,
                "from=250",
                200,
                299,
                "Products 201 to 300 of 1,000",
                vec!["/cart?from=100", "/cart?from=300"],
            ),
            (1_000, "from=900", 900, 999, "Products 901 to 1,000 of 1,000", vec!["/cart?from=800"]),
            (
                1_000,
                "from=99999999",
                900,
                999,
                "Products 901 to 1,000 of 1,000",
                vec!["/cart?from=800"],
            ),
            (1_000, "from=-1", 0, 99, "Products 1 to 100 of 1,000", vec!["/cart?from=100"]),
            (100, "from=100", 0, 99, "", vec![]),
        ] {
            let view = CartView {
                locale: Locale::new(Language::En, CurrencyDisplay::Symbol),
                layout: &LayoutData::default(),
                rejections: &[],
                can_pay: true,
                paying_order: None,
                from: first_line(&FormFields::parse(asked.as_bytes())),
            };
            let html = view.lines(&cart(lines)).into_string();
            let skus: Vec<&str> = html
                .split("name=\"sku\" value=\"")
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap())
                .collect();
            assert_eq!(skus.len(), last - first + 1, "{lines} {asked}");
            assert_eq!(
                (skus[0], skus[last - first]),
                (&*format!("S-{first}"), &*format!("S-{last}"))
            );
            let found: Vec<&str> =
                html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            assert_eq!(found, links, "{lines} {asked}");
            assert!(
                shown.is_empty() != html.contains("cart-pages") && html.contains(shown),
                "{html}"
            );
        }
    }
}
