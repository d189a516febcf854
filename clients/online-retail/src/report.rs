//! CSV report of a replay: the outcome of every line, in the order of the files.

use crate::{
    books::{Books, LineOutcome},
    catalogue::Skus,
    error::ReplayError,
    pounds::Pounds,
    progress_log::PlacedOrder,
};
use contracts::shared::Sku;
use shop_client::spreadsheet_cell;
use std::path::Path;

const HEADER: [&str; 14] = [
    "file",
    "line",
    "invoice",
    "stock_code",
    "quantity",
    "unit_price",
    "amount",
    "outcome",
    "ordered",
    "returned",
    "refunded",
    "credited_outside",
    "sku",
    "orders",
];

/// Writes the report.
pub(crate) fn write(
    path: &Path,
    books: &Books,
    skus: &Skus,
    placed: &[Option<PlacedOrder>],
) -> Result<(), ReplayError> {
    let write = || -> Result<(), csv::Error> {
        let mut report = csv::Writer::from_path(path)?;
        report.write_record(HEADER)?;
        for (line, outcome) in books.lines.iter().zip(&books.outcomes) {
            let file =
                books.files[line.file].file_name().map(|name| name.to_string_lossy().into_owned());
            let (sums, orders) = sums(outcome, line.amount());
            let names = orders.iter().map(|order| {
                let id = placed[*order]
                    .map_or_else(|| "refused".to_owned(), |placed| placed.order.to_string());
                format!("{}={id}", books.orders[*order].name)
            });
            let variant = books.goods.variant(line.code, line.price);
            let sku = match outcome {
                LineOutcome::Ordered { .. } | LineOutcome::Settled(_) => {
                    variant.map(|variant| skus.variant(variant))
                }
                LineOutcome::Corrected => Some(skus.usual(line.code)),
                LineOutcome::Rejected(_) => None,
            };
            let label = match outcome {
                LineOutcome::Rejected(reason) => format!("rejected: {reason}"),
                outcome => outcome.label().to_owned(),
            };
            let [ordered, returned, refunded, credited] = sums.map(Pounds::to_plain_string);
            report.write_record([
                &*spreadsheet_cell(file.as_deref().unwrap_or_default()),
                &line.row.to_string(),
                &*spreadsheet_cell(&books.invoices[line.invoice].number),
                &*spreadsheet_cell(&books.goods.codes[line.code].code),
                &line.quantity.to_string(),
                &line.price.to_plain_string(),
                &line.amount().to_plain_string(),
                &*spreadsheet_cell(&label),
                &ordered,
                &returned,
                &refunded,
                &credited,
                &*spreadsheet_cell(sku.map_or("", Sku::as_str)),
                &names.collect::<Vec<_>>().join(" "),
            ])?;
        }
        Ok(report.flush()?)
    };
    write().map_err(|error| ReplayError::Report { path: path.to_owned(), error })
}

/// Amounts ordered, returned, refunded and credited, and the orders concerned.
fn sums(outcome: &LineOutcome, amount: Pounds) -> ([Pounds; 4], Vec<usize>) {
    let zero = Pounds::ZERO;
    match outcome {
        LineOutcome::Ordered { order } => ([amount, zero, zero, zero], vec![*order]),
        LineOutcome::Settled(it) => {
            let mut orders: Vec<usize> = it.orders.iter().map(|(order, _)| *order).collect();
            orders.dedup();
            ([zero, it.returned, it.refunded, it.credited], orders)
        }
        LineOutcome::Corrected | LineOutcome::Rejected(_) => ([zero; 4], Vec::new()),
    }
}
