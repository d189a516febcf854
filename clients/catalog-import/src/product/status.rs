//! Publication status of a product, from two columns.

use crate::{columns::Column, row::Remark};
use contracts::product::ProductStatus;

/// Status by the column `Status`; an active product with `Published` false becomes a draft.
pub(super) fn status(status: &str, published: &str, remarks: &mut Vec<Remark>) -> ProductStatus {
    let published = match published.to_ascii_lowercase().as_str() {
        "" | "true" | "yes" | "1" => true,
        "false" | "no" | "0" => false,
        _ => {
            let reason = format!("“{published}” is neither true nor false; taken as false");
            remarks.push(Remark::about(Column::Published, reason));
            false
        }
    };
    match status.to_ascii_lowercase().as_str() {
        "active" | "" if published => ProductStatus::Active,
        "active" | "" | "draft" => ProductStatus::Draft,
        "archived" => ProductStatus::Archived,
        _ => {
            let reason = format!("“{status}” is none of active, draft, archived; taken as draft");
            remarks.push(Remark::about(Column::Status, reason));
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
            assert_eq!(status(word, published, &mut remarks), expected, "{word} {published}");
            assert_eq!(remarks.len(), remarked);
        }
    }
}
