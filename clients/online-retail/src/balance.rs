//! Balance of a replay: sums of the books, sums of the shop, and their differences.

use crate::{
    books::{Books, MonthSums},
    reconciliation::{Findings, ShopSums},
};
use comfy_table::{CellAlignment, Table, presets};
use shop_client::duration_in_words;
use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    time::Duration,
};

/// The most differences that are listed.
const DIFFERENCES_SHOWN_MAX: usize = 20;

/// Balance of a replay. It displays as tables and a verdict, within 80 columns.
#[derive(Debug)]
pub struct Balance {
    /// Whether the books account for every line, the shop rejected nothing, and its money, orders and stock equal those
    /// of the books.
    pub is_balanced: bool,
    /// Lines of the files.
    pub lines: u64,
    /// Invoices that became orders.
    pub orders: u64,
    /// Differences and rejections, one sentence each.
    pub differences: Vec<String>,
    text: String,
}

impl Balance {
    pub(crate) fn of(
        books: &Books,
        findings: &Findings,
        rejections: Vec<String>,
        took: Duration,
    ) -> Self {
        let months = books.by_month();
        let mut total = MonthSums::default();
        for sums in months.values() {
            total.add(sums);
        }
        let nothing = ShopSums::default();
        let shop = |month| findings.months.get(month).unwrap_or(&nothing);
        let explained = months.values().all(|sums| sums.unexplained().is_zero());
        let matches_books = months.iter().all(|(month, sums)| shop(month).matches_books(sums));
        let mut differences = rejections;
        differences.extend(findings.differences.iter().cloned());
        let is_balanced = explained && matches_books && differences.is_empty();

        let rows: Vec<(String, MonthSums, ShopSums)> =
            months.iter().map(|(month, sums)| (month.to_string(), *sums, *shop(month))).collect();
        let mut all = ShopSums::default();
        for (.., sums) in &rows {
            all.add(sums);
        }
        let rows: Vec<_> = rows.into_iter().chain([("total".to_owned(), total, all)]).collect();
        let text = [
            outcomes_table(books),
            books_table(&rows),
            shop_table(&rows),
            verdict(is_balanced, &differences, total.orders, took),
        ]
        .join("\n\n");
        Self { is_balanced, lines: total.lines, orders: total.orders, differences, text }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn table(title: &str, header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{title}\n{table}")
}

fn outcomes_table(books: &Books) -> String {
    let mut rows = Vec::new();
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for (outcome, sums) in books.by_outcome() {
        rows.push(vec![outcome.to_owned(), sums.lines.to_string(), sums.amount.to_string()]);
        for (reason, lines) in sums.reasons {
            *reasons.entry(reason.to_string()).or_default() += lines;
        }
    }
    let mut text = table("Outcomes of the lines", &["outcome", "lines", "GBP"], rows);
    for (reason, lines) in reasons {
        let _ = write!(text, "\n  {lines} rejected: {reason}");
    }
    text
}

fn books_table(rows: &[(String, MonthSums, ShopSums)]) -> String {
    let header = ["month", "lines", "input", "= ordered", "− returned", "− refunded"];
    let row = |(month, sums, _): &(String, MonthSums, ShopSums)| {
        let amounts = [sums.input, sums.ordered, sums.returned, sums.refunded];
        let amounts = amounts.map(|amount| amount.to_string());
        [month.clone(), sums.lines.to_string()].into_iter().chain(amounts).collect()
    };
    let title =
        "The books, in GBP (returned: units of an earlier order; refunded: a sum out of\none)";
    let taken = table(title, &header, rows.iter().map(row).collect());
    let header = ["month", "− credited outside", "+ rejected", "unexplained"];
    let row = |(month, sums, _): &(String, MonthSums, ShopSums)| {
        let amounts = [sums.credited, sums.rejected, sums.unexplained()];
        [month.clone()].into_iter().chain(amounts.map(|amount| amount.to_string())).collect()
    };
    let title = "The books, continued (credited outside: no earlier order in the data)";
    [taken, table(title, &header, rows.iter().map(row).collect())].join("\n\n")
}

fn shop_table(rows: &[(String, MonthSums, ShopSums)]) -> String {
    let header = ["month", "orders", "ordered", "+ rounding", "= revenue", "captured"];
    let row = |(month, books, shop): &(String, MonthSums, ShopSums)| {
        let amounts = [books.ordered, books.rounding(), shop.revenue, shop.captured];
        let amounts = amounts.map(|amount| amount.to_string());
        [month.clone(), shop.orders.to_string()].into_iter().chain(amounts).collect()
    };
    let title =
        "The shop, read back through its API, in GBP (each line is rounded to the penny\nonce)";
    let money = table(title, &header, rows.iter().map(row).collect());
    let header = ["month", "refunded", "received", "sold", "returned", "corrected", "agrees"];
    let row = |(month, books, shop): &(String, MonthSums, ShopSums)| {
        let matches_books = if shop.matches_books(books) { "yes" } else { "NO" };
        vec![
            month.clone(),
            shop.refunded_total.to_string(),
            shop.units_received.to_string(),
            shop.units_sold.to_string(),
            shop.units_returned.to_string(),
            shop.units_corrected.to_string(),
            matches_books.to_owned(),
        ]
    };
    let title = "The shop, continued: refunds in GBP, and units";
    [money, table(title, &header, rows.iter().map(row).collect())].join("\n\n")
}

fn verdict(is_balanced: bool, differences: &[String], orders: u64, took: Duration) -> String {
    let mut text: Vec<String> = differences.iter().take(DIFFERENCES_SHOWN_MAX).cloned().collect();
    if let Some(more) =
        differences.len().checked_sub(DIFFERENCES_SHOWN_MAX).filter(|more| *more > 0)
    {
        text.push(format!("… and {more} more"));
    }
    let took = duration_in_words(took);
    text.push(if is_balanced {
        format!("Balanced to the penny: {orders} orders in {took}.")
    } else {
        format!("NOT balanced: {} differences in {orders} orders, after {took}.", differences.len())
    });
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_large_sums_fit_a_terminal() {
        let sums = MonthSums {
            lines: 541_909,
            input: Pounds::from_pence(-1_066_668_454),
            ordered: Pounds::from_pence(1_066_668_454),
            returned: Pounds::from_pence(1_066_668_454),
            ..MonthSums::default()
        };
        let rows = [("2011-12".to_owned(), sums, ShopSums::default())];
        let text = [books_table(&rows), shop_table(&rows)].join("\n\n");
        for line in text.lines() {
            assert!(line.trim_end().chars().count() <= 80, "{line}");
        }
    }

    #[test]
    fn the_verdict_is_the_last_line_and_long_lists_are_truncated() {
        let differences: Vec<String> = (0..25).map(|index| format!("difference {index}")).collect();
        let text = verdict(false, &differences, 3, Duration::from_secs(2));
        assert!(
            text.contains("difference 19\n… and 5 more\nNOT balanced: 25 differences"),
            "{text}"
        );
        assert_eq!(
            verdict(true, &[], 3, Duration::from_secs(2)),
            "Balanced to the penny: 3 orders in 2 seconds."
        );
    }
}
