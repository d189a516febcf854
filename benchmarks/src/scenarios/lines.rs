//! Orders of more and more lines: what a line costs has to stay the same.

use super::{buy::OneRequest, catalogue::stock, compared, row};
use crate::{Setup, process::Server, report::Row};

const LINES: [u16; 4] = [1, 10, 100, 1_000];

/// Orders of one request with so many lines, each line of another article.
pub(super) async fn orders(setup: Setup) -> Result<Vec<Row>, String> {
    let articles = usize::from(LINES[LINES.len() - 1]);
    let mut rows = Vec::new();
    for lines in LINES {
        let shop = Server::shop(&setup.binary)?;
        stock(&shop, articles).await?;
        let name = format!("order of {lines} {}", if lines == 1 { "line" } else { "lines" });
        let round = || OneRequest { lines: usize::from(lines), articles };
        let shop = shop.by_the_operator_edge();
        let row = compared(row(&name, "order", &setup), &setup, shop, round).await?;
        let a_line = |of: fn(&crate::report::Side) -> f64| {
            row.shop.as_ref().map_or(f64::NAN, of) / f64::from(lines)
        };
        let (cpu, p50) = (a_line(|shop| shop.cpu_us), a_line(|shop| shop.p50_us));
        rows.push(row.with("CPU a line", cpu, "µs").with("p50 a line", p50, "µs"));
    }
    Ok(rows)
}
