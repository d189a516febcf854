//! Writes what became of every line, one row a line, in the order of the files.

use crate::{
    books::{Books, Fate},
    catalogue::Skus,
    diary::Placed,
    failure::ReplayFailure,
    pounds::Pounds,
};
use std::path::Path;

const HEADER: [&str; 14] = [
    "file",
    "line",
    "invoice",
    "stock_code",
    "quantity",
    "unit_price",
    "amount",
    "fate",
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
    placed: &[Option<Placed>],
) -> Result<(), ReplayFailure> {
    let write = || -> Result<(), csv::Error> {
        let mut report = csv::Writer::from_path(path)?;
        report.write_record(HEADER)?;
        for (line, fate) in books.lines.iter().zip(&books.fates) {
            let file =
                books.files[line.file].file_name().map(|name| name.to_string_lossy().into_owned());
            let (sums, orders) = sums(fate, line.amount());
            let names = orders.iter().map(|order| {
                let id = placed[*order]
                    .map_or_else(|| "refused".to_owned(), |placed| placed.order.to_string());
                format!("{}={id}", books.orders[*order].name)
            });
            let article = books.goods.article(line.code, line.price);
            let sku = match fate {
                Fate::Ordered { .. } | Fate::Settled(_) => {
                    article.map(|article| skus.article(article))
                }
                Fate::Corrected => Some(skus.usual(line.code)),
                Fate::Rejected(_) => None,
            };
            let word = match fate {
                Fate::Rejected(reason) => format!("rejected: {reason}"),
                fate => fate.word().to_owned(),
            };
            let [ordered, returned, refunded, credited] = sums.map(Pounds::plain);
            report.write_record([
                file.as_deref().unwrap_or_default(),
                &line.row.to_string(),
                &books.invoices[line.invoice].number,
                &books.goods.codes[line.code].code,
                &line.quantity.to_string(),
                &line.price.plain(),
                &line.amount().plain(),
                &word,
                &ordered,
                &returned,
                &refunded,
                &credited,
                sku.unwrap_or_default(),
                &names.collect::<Vec<_>>().join(" "),
            ])?;
        }
        Ok(report.flush()?)
    };
    write().map_err(|error| ReplayFailure::Report { path: path.to_owned(), error })
}

/// What was ordered, returned, refunded and credited, and the orders concerned.
fn sums(fate: &Fate, amount: Pounds) -> ([Pounds; 4], Vec<usize>) {
    let zero = Pounds::ZERO;
    match fate {
        Fate::Ordered { order } => ([amount, zero, zero, zero], vec![*order]),
        Fate::Settled(it) => {
            let mut orders: Vec<usize> = it.orders.iter().map(|(order, _)| *order).collect();
            orders.dedup();
            ([zero, it.returned, it.refunded, it.credited], orders)
        }
        Fate::Corrected | Fate::Rejected(_) => ([zero; 4], Vec::new()),
    }
}
