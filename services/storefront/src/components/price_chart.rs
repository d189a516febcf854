//! Price history chart: a step line with a step for each change.

use crate::locale::Locale;
use contracts::product::PastPrice;
use kernel::{Timestamp, UnitPrice};
use maud::{Markup, html};

/// Period that the chart covers.
const DAYS: i64 = 90;
const SECONDS: i64 = DAYS * 86_400;
/// Coordinates of the plot, in the units of its view box, which is stretched to the available width.
const WIDTH: i64 = 400;
const TOP: i64 = 8;
const FLOOR: i64 = 80;

/// Chart of the prices of the last 90 days; none where the price was the same all the time. The text stands beside the drawing, which is
/// stretched.
pub(crate) fn price_chart(locale: Locale, prices: &[PastPrice], now: Timestamp) -> Option<Markup> {
    let steps = steps(prices, now);
    if steps.len() < 2 {
        return None;
    }
    let (first, last) = (steps.first()?, steps.last()?);
    let line = line(&steps)?;
    let (_, end) = line.rsplit_once('V').unwrap_or(line.split_at("M0 ".len()));
    Some(html! {
        figure.chart role="img" aria-label=(description(locale, &steps)) {
            div aria-hidden="true" {
                span { (locale.price(first.price)) }
                strong { (locale.price(last.price)) }
            }
            svg viewBox={ "0 0 " (WIDTH) " " (FLOOR) } width=(WIDTH) height=(FLOOR) preserveAspectRatio="none" aria-hidden="true" {
                path d={ (line) "H" (WIDTH) "V" (FLOOR) "H0Z" } fill="currentColor" fill-opacity=".1" {}
                path.line d={ (line) "H" (WIDTH) } {}
                // A line of no length with round caps stays a dot however far it is stretched.
                path.end d={ "M" (WIDTH) " " (end) "h0" } {}
            }
            div.quiet aria-hidden="true" { span { (locale.date(first.at)) } span { (locale.messages.product.today) } }
        }
    })
}

/// Path of the steps, up to the beginning of the last one.
fn line(steps: &[PriceStep]) -> Option<String> {
    let fine =
        |price: UnitPrice| price.to_decimal().rounded(4, kernel::Rounding::HalfUp).unwrap_or(0);
    let high = steps.iter().map(|step| fine(step.price)).max()?;
    let height = |price: UnitPrice| {
        // The axis begins at zero: a reduction looks as large as it is.
        i128::from(FLOOR) - fine(price) * i128::from(FLOOR - TOP) / high.max(1)
    };
    let (first, others) = steps.split_first()?;
    let begin = format!("M0 {}", height(first.price));
    Some(
        others.iter().fold(begin, |line, step| format!("{line}H{}V{}", step.x, height(step.price))),
    )
}

/// Price with the time and the coordinate from which it was valid.
struct PriceStep {
    at: Timestamp,
    x: i64,
    price: UnitPrice,
}

fn steps(prices: &[PastPrice], now: Timestamp) -> Vec<PriceStep> {
    let begin = now.as_second() - SECONDS;
    let mut steps: Vec<PriceStep> = Vec::new();
    for past in prices.iter().filter(|past| past.from <= now) {
        let since = past.from.as_second().max(begin);
        let x = (since - begin) * WIDTH / SECONDS;
        let at = Timestamp::from_second(since).unwrap_or(past.from);
        // A price that ended before the period, or that lasted less than a pixel, is not drawn.
        if steps.last().is_some_and(|last| last.x == x) {
            steps.pop();
        }
        if steps.last().is_none_or(|last| last.price != past.price) {
            steps.push(PriceStep { at, x, price: past.price });
        }
    }
    if let Some(first) = steps.first_mut() {
        first.x = 0;
    }
    steps
}

/// Text alternative of the chart.
fn description(locale: Locale, steps: &[PriceStep]) -> String {
    let messages = &locale.messages.product;
    let description = steps.iter().map(|step| {
        let values = [("price", &*locale.price(step.price)), ("date", &*locale.date(step.at))];
        crate::messages::interpolate(messages.price_since, &values)
    });
    description.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::{CurrencyDisplay, Language};
    use kernel::Currency;

    fn past(from: &str, price: &str) -> PastPrice {
        let price = UnitPrice::parse_major(price, Currency::EUR).unwrap();
        PastPrice { from: from.parse().unwrap(), price }
    }

    #[test]
    fn a_price_from_before_the_period_is_the_first_step() {
        let now = "2025-11-21T12:00:00Z".parse().unwrap();
        let prices = [
            past("2024-01-01T00:00:00Z", "95"),
            past("2025-01-01T00:00:00Z", "89"),
            past("2025-11-18T12:00:00Z", "71.20"),
        ];
        let locale = Locale::new(Language::En, CurrencyDisplay::Symbol);
        let drawn = price_chart(locale, &prices, now).unwrap().into_string();
        assert!(drawn.contains("€89.00 since 23 Aug 2025, €71.20 since 18 Nov 2025"), "{drawn}");
        assert!(drawn.contains("M0 8H386V23H400"), "{drawn}");
        assert!(drawn.contains("M400 23h0"), "{drawn}");
        assert!(!drawn.contains("95"), "{drawn}");
    }

    #[test]
    fn a_price_that_never_changed_is_not_drawn() {
        let now = "2025-11-21T12:00:00Z".parse().unwrap();
        let locale = Locale::new(Language::De, CurrencyDisplay::Symbol);
        let constant = [past("2025-11-01T00:00:00Z", "8")];
        let ended_before = [past("2024-01-01T00:00:00Z", "9"), past("2024-02-01T00:00:00Z", "8")];
        for prices in [&[][..], &constant, &ended_before] {
            assert!(price_chart(locale, prices, now).is_none());
        }
    }
}
