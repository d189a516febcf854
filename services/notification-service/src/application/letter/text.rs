//! Layout of a letter as plain text.

use super::{Draft, one_line};
use contracts::{order::OrderLine, shared::Address};

/// Columns of the amounts, so that they stand below each other.
const NAME_COLUMNS: usize = 44;

impl Draft<'_> {
    /// The letter as plain text.
    pub(super) fn text(&self) -> String {
        let Self { words, order, .. } = self;
        let mut lines = vec![self.heading.clone(), String::new(), self.lead.clone(), String::new()];
        if let Some((due, account)) = self.transfer_due() {
            lines.push(format!("{}: {}", words.amount_due, words.money(due)));
            if let Some(by) = order.payment.pay_by {
                lines.push(format!("{}: {}", words.pay_by, words.date(by)));
            }
            lines.push(format!("{}: {}", words.reference, order.number));
            lines.push(format!("{}:", words.account));
            lines.extend(account.lines().map(|line| format!("  {}", one_line(line))));
            lines.push(String::new());
        }
        lines.push(format!("{} {}, {}", words.order, order.number, words.date(order.placed_at)));
        lines.push(String::new());
        lines.extend(order.lines.iter().map(|line| self.text_line(line)));
        lines.push(String::new());
        for (name, amount) in self.sums() {
            lines.push(columns(name, &amount));
        }
        lines.push(String::new());
        lines.push(format!(
            "{}: {}",
            words.delivery,
            one_line(words.shipping_method(&order.shipping.label))
        ));
        lines.push(String::new());
        for (title, address) in self.addresses() {
            lines.push(format!("{title}:"));
            lines.extend(words.address(address).into_iter().map(|line| format!("  {line}")));
            lines.push(String::new());
        }
        lines.push(format!("{}: {}", words.see_order, self.url));
        lines.push(String::new());
        lines.push("--".to_owned());
        lines.push(one_line(&words.why.replace("{shop}", &self.shop.name)));
        lines.join("\n") + "\n"
    }

    fn text_line(&self, line: &OrderLine) -> String {
        let quoted = &line.quoted;
        let name = line_name(line);
        columns(&format!("{} × {name}", quoted.quantity), &self.words.money(quoted.total))
    }

    /// Sums with their names, the total last.
    pub(super) fn sums(&self) -> Vec<(&'static str, String)> {
        let (words, totals) = (self.words, &self.order.totals);
        let mut sums = vec![(words.items, words.money(totals.items))];
        if totals.discount.is_positive() {
            sums.push((words.discount, format!("−{}", words.money(totals.discount))));
        }
        let shipping = if totals.shipping.is_zero() {
            words.free.to_owned()
        } else {
            words.money(totals.shipping)
        };
        sums.push((words.delivery, shipping));
        if !totals.tax.is_zero() {
            let name = if totals.tax_included { words.tax_included } else { words.tax_added };
            sums.push((name, words.money(totals.tax)));
        }
        sums.push((words.total, words.money(totals.total)));
        sums
    }

    /// Addresses with their titles: that of the delivery, and that of the invoice where it is another one.
    pub(super) fn addresses(&self) -> Vec<(&'static str, &Address)> {
        let (words, order) = (self.words, self.order);
        let mut addresses = Vec::new();
        if order.shipping.method != super::PICKUP {
            addresses.push((words.delivery_address, &order.shipping_address));
        }
        if order.billing_address != order.shipping_address {
            addresses.push((words.billing_address, &order.billing_address));
        }
        addresses
    }
}

/// Name of a line with its options.
pub(super) fn line_name(line: &OrderLine) -> String {
    let options: Vec<_> = line.quoted.options.values().map(String::as_str).collect();
    let name = &line.quoted.name;
    let name =
        if options.is_empty() { name.clone() } else { format!("{name} ({})", options.join(", ")) };
    one_line(&name)
}

/// A name and an amount, which stand below those of other lines as long as the name is short.
fn columns(name: &str, amount: &str) -> String {
    let width = NAME_COLUMNS.saturating_sub(name.chars().count()).max(2);
    format!("{name}{}{amount}", " ".repeat(width))
}
