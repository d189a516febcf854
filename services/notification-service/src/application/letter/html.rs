//! Layout of a letter as HTML: one column that fits a phone, with the styles in place, since many mail programs know no style sheets.
//! Nothing is loaded from anywhere, so that opening it tells nobody.

use super::{Draft, colour::brand, text::line_name};
use contracts::order::OrderLine;
use maud::{DOCTYPE, Markup, html};

const BODY: &str = "margin:0;padding:0;background:#f6f4f0;color:#1f1d1a;font-family:Inter,system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:16px;line-height:1.5";
const CARD: &str = "box-sizing:border-box;width:100%;max-width:600px;margin:0 auto;padding:24px;background:#ffffff;border-radius:14px;overflow-wrap:anywhere";
const QUIET: &str = "color:#5c5852;font-size:14px";
const TABLE: &str = "width:100%;border-collapse:collapse;margin:16px 0";
const NAME: &str = "padding:6px 12px 6px 0;text-align:left;vertical-align:top;font-weight:400";
const AMOUNT: &str = "padding:6px 0;text-align:right;vertical-align:top;white-space:nowrap";
const RULED: &str = "border-top:1px solid #e4e0d9";
const HEADING: &str = "margin:0 0 12px;font-size:24px;line-height:1.25;overflow-wrap:anywhere";
const TITLE: &str = "margin:24px 0 4px;font-size:16px";
const PANEL: &str = "margin:16px 0;padding:16px;background:#f6f4f0;border-radius:8px";

impl Draft<'_> {
    /// The letter as a document.
    pub(super) fn html(&self) -> String {
        let Self { words, shop, order, .. } = self;
        let colour = brand(shop.hue);
        let button = format!(
            "display:inline-block;padding:12px 20px;border-radius:8px;background:{colour};color:#ffffff;text-decoration:none;font-weight:600"
        );
        let name = format!("margin:0 0 24px;font-size:18px;font-weight:700;color:{colour}");
        let document = html! {
            (DOCTYPE)
            html lang=(words.tag) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.subject) }
                }
                body style=(BODY) {
                    div style="padding:16px" {
                        div style=(CARD) {
                            p style=(name) { (shop.name) }
                            h1 style=(HEADING) { (self.heading) }
                            p style="margin:0 0 16px" { (self.lead) }
                            (self.transfer())
                            p style="margin:0 0 16px" { a href=(self.url) style=(button) { (words.see_order) } }
                            h2 style=(TITLE) { (words.order) " " (order.number) }
                            p style=(format!("margin:0;{QUIET}")) { (words.date(order.placed_at)) ", " (words.shipping_method(&order.shipping.label)) }
                            table style=(TABLE) role="presentation" {
                                @for line in &order.lines { (self.html_line(line)) }
                                (self.html_sums())
                            }
                            (self.html_addresses())
                            p style=(format!("margin:24px 0 0;{QUIET}")) { (words.why.replace("{shop}", &shop.name)) }
                        }
                    }
                }
            }
        };
        document.into_string()
    }

    fn html_line(&self, line: &OrderLine) -> Markup {
        html! {
            tr {
                td style=(NAME) { (line.quoted.quantity) " × " (line_name(line)) }
                td style=(AMOUNT) { (self.words.money(line.quoted.total)) }
            }
        }
    }

    fn html_sums(&self) -> Markup {
        let sums = self.sums();
        let last = sums.len().saturating_sub(1);
        html! {
            @for (index, (name, amount)) in sums.iter().enumerate() {
                @let rule = if index == 0 || index == last { RULED } else { "" };
                @let weight = if index == last { ";font-weight:700" } else { "" };
                tr {
                    td style=(format!("{NAME};{rule}{weight}")) { (name) }
                    td style=(format!("{AMOUNT};{rule}{weight}")) { (amount) }
                }
            }
        }
    }

    fn transfer(&self) -> Markup {
        let words = self.words;
        let Some((due, account)) = self.transfer_due() else { return html! {} };
        html! {
            div style=(PANEL) {
                h2 style="margin:0 0 8px;font-size:16px" { (words.how_to_pay) }
                p style="margin:0" { (words.amount_due) ": " strong { (words.money(due)) } }
                @if let Some(by) = self.order.payment.pay_by { p style="margin:0" { (words.pay_by) ": " (words.date(by)) } }
                p style="margin:0" { (words.reference) ": " strong { (self.order.number) } }
                p style="margin:8px 0 0" { (words.account) ":" @for line in account.lines() { br; (line) } }
            }
        }
    }

    fn html_addresses(&self) -> Markup {
        html! {
            @for (title, address) in self.addresses() {
                h2 style=(TITLE) { (title) }
                p style="margin:0" {
                    @for (index, line) in self.words.address(address).iter().enumerate() { @if index > 0 { br; } (line) }
                }
            }
        }
    }
}
