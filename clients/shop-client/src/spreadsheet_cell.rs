//! Cells of reports that people open in a spreadsheet.

use std::borrow::Cow;

/// Text of a CSV cell that a spreadsheet shows as it is: text from outside that would be taken for a formula gets an
/// apostrophe before it. Numbers of our own are written as they are.
pub fn spreadsheet_cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_looks_like_a_formula_gets_an_apostrophe() {
        for text in ["=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(spreadsheet_cell(text), format!("'{text}"));
        }
        for text in ["", "mug", "1-2", "a=b", " =1", "'=1", "£5"] {
            assert_eq!(spreadsheet_cell(text), text);
        }
    }
}
