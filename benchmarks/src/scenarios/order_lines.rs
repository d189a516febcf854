//! Order size scenario: the cost of a line has to stay constant as orders grow.

use super::{catalogue::stock, checkout::OneRequestOrder, compare_with_baseline, row};
use crate::{config::RunConfig, process::Server, report::Row};

const LINES: [u16; 4] = [1, 10, 100, 1_000];

/// Orders in one request with 1 to 1,000 lines, each of another SKU.
pub(super) async fn orders(config: RunConfig) -> Result<Vec<Row>, String> {
    let products = usize::from(LINES[LINES.len() - 1]);
    let mut rows = Vec::new();
    for lines in LINES {
        let shop = Server::shop(&config.program)?;
        stock(&shop, products).await?;
        let name = format!("order of {lines} {}", if lines == 1 { "line" } else { "lines" });
        let workload = || OneRequestOrder { lines: usize::from(lines), products };
        let shop = shop.via_operator_edge();
        let row =
            compare_with_baseline(row(&name, "order", &config), &config, shop, workload).await?;
        let per_line = |of: fn(&crate::report::ServerMeasurements) -> f64| {
            row.shop.as_ref().map_or(f64::NAN, of) / f64::from(lines)
        };
        let (cpu, p50) = (per_line(|shop| shop.cpu_us), per_line(|shop| shop.p50_us));
        rows.push(row.with("CPU a line", cpu, "µs").with("p50 a line", p50, "µs"));
    }
    Ok(rows)
}
