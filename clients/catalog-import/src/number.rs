//! Numbers in the notations of people and spreadsheets, with the decimal separator of their file.
//!
//! Most numbers tell their notation: `1.299,00`, `24,90` and `0,750` have a decimal comma, `1,299.00` and `12.5` a
//! decimal point, `1 299` and `1.234.567` have separators of thousands. Only one separator before exactly three digits
//! does not: `1,250` is 1250 or 1.25. So the notation is decided once for each file, from all its cells.

use kernel::{Currency, UnitPrice};
use serde::Deserialize;

/// Decimal separator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalSeparator {
    /// `24.90`
    #[default]
    Point,
    /// `24,90`
    Comma,
}

/// Currency symbols and abbreviations, and the currencies that use them.
const SYMBOLS: [(&str, &[&str]); 25] = [
    ("€", &["EUR"]),
    ("£", &["GBP", "GIP", "FKP", "SHP", "EGP"]),
    ("$", &["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD", "CLP", "COP", "ARS"]),
    ("us$", &["USD"]),
    ("ca$", &["CAD"]),
    ("a$", &["AUD"]),
    ("r$", &["BRL"]),
    ("¥", &["JPY", "CNY"]),
    ("円", &["JPY"]),
    ("元", &["CNY"]),
    ("₹", &["INR"]),
    ("rs", &["INR", "PKR", "LKR", "NPR", "MUR"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]),
    ("fr", &["CHF"]),
    ("sfr", &["CHF"]),
    ("zł", &["PLN"]),
    ("kč", &["CZK"]),
    ("ft", &["HUF"]),
    ("lei", &["RON"]),
    ("₺", &["TRY"]),
    ("₩", &["KRW"]),
    ("₪", &["ILS"]),
    ("kd", &["KWD"]),
    ("د.ك", &["KWD"]),
    ("₫", &["VND"]),
];

/// Stand-in for spaces and apostrophes, which only separate thousands.
const GROUP: char = '\'';

/// What the numbers of a file say about its notation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NotationEvidence {
    point: bool,
    comma: bool,
    /// The first number that can be read in both notations: its line and text.
    pub(crate) ambiguous: Option<(u64, String)>,
}

impl NotationEvidence {
    /// Takes one cell into account. `decimals` are those usual for its numbers.
    pub(crate) fn observe(&mut self, text: &str, line: u64, decimals: u32) {
        match NumberCell::split(text).and_then(|cell| cell.read(decimals)) {
            Some(Reading::Certain { separator: Some(DecimalSeparator::Point), .. }) => {
                self.point = true;
            }
            Some(Reading::Certain { separator: Some(DecimalSeparator::Comma), .. }) => {
                self.comma = true;
            }
            Some(Reading::Ambiguous { .. }) if self.ambiguous.is_none() => {
                self.ambiguous = Some((line, text.trim().to_owned()));
            }
            _ => {}
        }
    }

    /// Whether the numbers contradict each other.
    pub(crate) fn is_mixed(&self) -> bool {
        self.point && self.comma
    }

    /// Decimal separator, if all evidence points to one.
    pub(crate) fn decided(&self) -> Option<DecimalSeparator> {
        match (self.point, self.comma) {
            (true, false) => Some(DecimalSeparator::Point),
            (false, true) => Some(DecimalSeparator::Comma),
            _ => None,
        }
    }
}

/// Cell with a number, split into its parts.
struct NumberCell {
    /// Currency or unit beside the digits, in lower case.
    unit: String,
    is_negative: bool,
    /// Digits, points, commas and [`GROUP`].
    digits: String,
}

enum Reading {
    /// Only one reading: the number with a decimal point, and the decimal separator that it gives away.
    Certain { plain: String, separator: Option<DecimalSeparator> },
    /// One separator before three digits.
    Ambiguous { whole: String, fraction: String, separator: DecimalSeparator },
}

impl NumberCell {
    /// Parts of a cell; `None` without digits, or with something between them.
    fn split(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('\'');
        let is_digit = |letter: char| letter.is_ascii_digit();
        let mut start = text.find(is_digit)?;
        let end = text.rfind(is_digit)? + 1;
        if text[..start].ends_with(['.', ',']) && !text[..start - 1].ends_with(char::is_alphabetic)
        {
            start -= 1;
        }
        let (before, after) = (&text[..start], &text[end..]);
        // `12,–` has no cents; `12-` is below zero, as accounting programs write it.
        let without_cents = after.strip_prefix(['.', ',']).map(|it| it.trim_start_matches(DASHES));
        let is_negative = before.contains(['-', '−', '('])
            || without_cents.is_none() && after.starts_with(['-', '−']);
        let after = without_cents.unwrap_or(after);
        let mut digits = String::new();
        for letter in text[start..end].chars() {
            match letter {
                '0'..='9' | '.' | ',' => digits.push(letter),
                ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' => digits.push(GROUP),
                _ => return None,
            }
        }
        let is_unit = |letter: &char| !letter.is_whitespace() && !"-−()".contains(*letter);
        let unit: String = before.chars().chain(after.chars()).filter(is_unit).collect();
        let unit = unit.trim_matches('.').to_lowercase();
        Some(Self { unit, is_negative, digits })
    }

    fn read(&self, decimals: u32) -> Option<Reading> {
        let count = |sign: char| self.digits.matches(sign).count();
        let certain = |plain, separator| Some(Reading::Certain { plain, separator });
        let (points, commas) = (count('.'), count(','));
        let separator = match (points, commas) {
            (0, 0) => return certain(without_groups(&self.digits)?, None),
            (_, 0) => DecimalSeparator::Point,
            (0, _) => DecimalSeparator::Comma,
            // Of both the later one is the decimal separator.
            _ if self.digits.rfind('.') > self.digits.rfind(',') => DecimalSeparator::Point,
            _ => DecimalSeparator::Comma,
        };
        let sign = separator.sign();
        let is_single = points.min(commas) == 0;
        if is_single && points + commas > 1 {
            return certain(without_groups(&self.digits)?, Some(separator.other()));
        }
        if count(sign) > 1 {
            return None;
        }
        let (whole, fraction) = self.digits.split_once(sign)?;
        if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let plain_whole = if whole.is_empty() { "0".to_owned() } else { without_groups(whole)? };
        let could_group = is_single
            && fraction.len() == 3
            && (1..=3).contains(&whole.len())
            && !whole.starts_with('0');
        if could_group && decimals == 0 {
            return certain(format!("{whole}{fraction}"), Some(separator.other()));
        }
        if could_group {
            let (whole, fraction) = (whole.to_owned(), fraction.to_owned());
            return Some(Reading::Ambiguous { whole, fraction, separator });
        }
        certain(format!("{plain_whole}.{fraction}"), Some(separator))
    }

    /// The number with a decimal point and nothing else.
    fn plain(&self, notation: DecimalSeparator, decimals: u32) -> Option<String> {
        match self.read(decimals)? {
            Reading::Certain { plain, .. } => Some(plain),
            Reading::Ambiguous { whole, fraction, separator } if separator == notation => {
                Some(format!("{whole}.{fraction}"))
            }
            Reading::Ambiguous { whole, fraction, .. } => Some(whole + &fraction),
        }
    }
}

const DASHES: [char; 4] = ['-', '–', '—', '−'];

impl DecimalSeparator {
    fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

/// Digits without separators of thousands: groups of three, or of two before the last one, as in India.
fn without_groups(whole: &str) -> Option<String> {
    let mut separators = whole.chars().filter(|letter| !letter.is_ascii_digit());
    let Some(separator) = separators.next() else { return Some(whole.to_owned()) };
    if separators.any(|other| other != separator) {
        return None;
    }
    let groups: Vec<&str> = whole.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let fits = (1..=3).contains(&first.len())
        && last.len() == 3
        && (middle.iter().all(|group| group.len() == 3)
            || first.len() <= 2 && middle.iter().all(|group| group.len() == 2));
    fits.then(|| groups.concat())
}

/// Parses a price in this currency; the error is a reason for the report.
pub(crate) fn parse_price(
    text: &str,
    currency: Currency,
    notation: DecimalSeparator,
) -> Result<UnitPrice, String> {
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    let no_price = || format!("{} is not a price, such as 12.50", quoted(text));
    let cell = NumberCell::split(text).ok_or_else(no_price)?;
    if !is_unit_of(&cell.unit, currency) {
        return Err(format!("{} is not a price in {}", quoted(text), currency.code()));
    }
    let plain = cell.plain(notation, currency.decimals()).ok_or_else(no_price)?;
    if cell.is_negative {
        return Err(format!("{} is below zero", quoted(text)));
    }
    UnitPrice::parse_major(plain.trim_end_matches('.'), currency)
        .map_err(|error| format!("{}: {error}", quoted(text)))
}

/// Whether a cell is a price in this currency, or names none.
pub(crate) fn is_in_currency(text: &str, currency: Currency) -> bool {
    NumberCell::split(text).is_some_and(|cell| is_unit_of(&cell.unit, currency))
}

fn is_unit_of(unit: &str, currency: Currency) -> bool {
    let code = currency.code();
    let by_symbol = || SYMBOLS.iter().any(|(sign, codes)| *sign == unit && codes.contains(&code));
    unit.is_empty() || unit.eq_ignore_ascii_case(code) || by_symbol()
}

/// Number without a unit, such as a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WholeNumber {
    /// The number, without its decimals.
    pub(crate) whole: i64,
    /// Whether there were decimals other than zero.
    pub(crate) has_fraction: bool,
}

/// Parses a number of units; `None` for what is no number.
pub(crate) fn parse_units(text: &str, notation: DecimalSeparator) -> Option<WholeNumber> {
    let cell = NumberCell::split(text).filter(|cell| cell.unit.is_empty())?;
    let plain = cell.plain(notation, 2)?;
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let whole: i64 = whole.parse().ok()?;
    let has_fraction = fraction.bytes().any(|digit| digit != b'0');
    Some(WholeNumber { whole: if cell.is_negative { -whole } else { whole }, has_fraction })
}

/// Micrograms of a unit of weight.
fn micrograms(unit: &str) -> Option<i128> {
    Some(match unit {
        "mg" => 1_000,
        "g" | "gram" | "grams" | "gr" => 1_000_000,
        "kg" | "kgs" | "kilogram" | "kilograms" | "kilo" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        "oz" | "ounce" | "ounces" => 28_349_523,
        "lb" | "lbs" | "pound" | "pounds" => 453_592_370,
        _ => return None,
    })
}

/// Parses a weight, in whole grams. A unit in the cell counts before `unit`, that of the column.
///
/// # Errors
///
/// A reason for the report.
pub(crate) fn parse_weight(
    text: &str,
    unit: Option<&str>,
    notation: DecimalSeparator,
) -> Result<i128, String> {
    let no_weight = || format!("{} is not a weight", quoted(text));
    let cell = NumberCell::split(text).filter(|cell| !cell.is_negative).ok_or_else(no_weight)?;
    let unit =
        if cell.unit.is_empty() { unit.map(str::to_lowercase) } else { Some(cell.unit.clone()) };
    let unit = unit.ok_or_else(|| {
        format!("{} has no unit; name it in the mapping file as `unit`", quoted(text))
    })?;
    let factor = micrograms(&unit).ok_or_else(no_weight)?;
    let plain = cell.plain(notation, 2).ok_or_else(no_weight)?;
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = fraction.get(..fraction.len().min(6)).unwrap_or_default();
    let millionths: i128 = format!("{whole}{digits:0<6}").parse().map_err(|_| no_weight())?;
    let whole_gram = 1_000_000_i128 * 1_000_000;
    let exact = millionths.checked_mul(factor).ok_or_else(no_weight)?;
    Ok((exact + whole_gram / 2) / whole_gram)
}

/// Cell text in quotation marks, truncated for a message.
pub(crate) fn quoted(text: &str) -> String {
    let text = text.trim();
    let short: String = text.chars().take(40).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("“{short}{more}”")
}

#[cfg(test)]
mod tests;

/// Number without a fraction of zeros, such as `1` for `1.0000`; any other text as it is.
pub(crate) fn without_zeros(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros))
            if !whole.is_empty()
                && whole.bytes().all(|byte| byte.is_ascii_digit())
                && zeros.bytes().all(|byte| byte == b'0') =>
        {
            whole
        }
        _ => text,
    }
}
