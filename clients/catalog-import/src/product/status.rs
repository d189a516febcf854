//! Publication status of a product, from two columns.

use super::stock::parse_yes_or_no;
use crate::{columns::Columns, mapping::Fact, row::Remark};
use contracts::product::ProductStatus;

/// Status by its own column; an active product that is not published becomes a draft.
pub(super) fn status(
    columns: &Columns,
    status: &str,
    published: &str,
    remarks: &mut Vec<Remark>,
) -> ProductStatus {
    let mut remark = |fact: Fact, reason: String| {
        remarks.push(Remark { field: columns.label(fact), reason });
    };
    let is_published = published.is_empty()
        || parse_yes_or_no(published).unwrap_or_else(|| {
            remark(Fact::Published, format!("“{published}” is neither yes nor no; taken as no"));
            false
        });
    match status.to_ascii_lowercase().as_str() {
        "active" | "" if is_published => ProductStatus::Active,
        "active" | "" | "draft" => ProductStatus::Draft,
        "archived" => ProductStatus::Archived,
        _ => {
            let reason = format!("“{status}” is none of active, draft, archived; taken as draft");
            remark(Fact::Status, reason);
            ProductStatus::Draft
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ProductStatus::{Active, Archived, Draft};

    #[test]
    fn a_product_is_active_when_both_columns_agree() {
        for (word, published, expected, remarked) in [
            ("active", "TRUE", Active, 0),
            ("Active", "", Active, 0),
            ("", "", Active, 0),
            ("", "true", Active, 0),
            ("", "false", Draft, 0),
            ("active", "FALSE", Draft, 0),
            ("draft", "true", Draft, 0),
            ("ARCHIVED", "true", Archived, 0),
            ("unlisted", "true", Draft, 1),
            ("active", "perhaps", Draft, 1),
        ] {
            let mut remarks = Vec::new();
            let found = status(&Columns::default(), word, published, &mut remarks);
            assert_eq!((found, remarks.len()), (expected, remarked), "{word} {published}");
        }
    }
}
