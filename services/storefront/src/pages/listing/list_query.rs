//! List query: search text, filters, sort order and cursor of a listing, as its address states them.

use crate::form_fields::FormFields;
use contracts::product::ProductQuery;
use form_urlencoded::Serializer;
use kernel::{Currency, Money};

/// Number of products per page.
pub(crate) const PAGE_PRODUCTS: usize = 24;
/// Maximum number of products of a first page that shows what was loaded before.
const SHOWN_PRODUCTS_MAX: usize = 8 * PAGE_PRODUCTS;
/// Maximum number of values of one filter; further ones are ignored.
const VALUES_MAX: usize = 30;
/// Maximum length of a search text; the rest is ignored.
const SEARCH_CHARACTERS_MAX: usize = 100;

/// Query of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListQuery {
    pub(crate) q: String,
    pub(crate) categories: Vec<String>,
    pub(crate) brands: Vec<String>,
    pub(crate) colours: Vec<String>,
    /// Lower bound of the price.
    pub(crate) price_min: Option<Money>,
    /// Upper bound of the price.
    pub(crate) price_max: Option<Money>,
    pub(crate) in_stock: bool,
    pub(crate) reduced: bool,
    pub(crate) sort: Sort,
    pub(crate) cursor: Option<String>,
    /// Number of products on the pages before this one, for the count that is displayed.
    pub(crate) shown_before: u64,
    /// Number of products that the first page shows: as many as were shown when the shopper left it.
    pub(crate) shown: Option<usize>,
}

/// Sort order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    Relevance,
    Newest,
    PriceUp,
    PriceDown,
    Name,
}

impl Sort {
    pub(crate) const ALL: [Self; 5] =
        [Self::Relevance, Self::Newest, Self::PriceUp, Self::PriceDown, Self::Name];

    /// Value in the address.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::PriceUp => "price",
            Self::PriceDown => "-price",
            Self::Name => "name",
        }
    }
}

impl ListQuery {
    /// Reads the query of an address. Unknown parameters and values are ignored, so that links from other sites still work.
    pub(crate) fn read(fields: &FormFields, currency: Currency) -> Self {
        let values = |name: &str| {
            let mut values: Vec<String> =
                fields.all(name).take(VALUES_MAX).map(ToOwned::to_owned).collect();
            values.dedup();
            values
        };
        let price = |name: &str| fields.text(name).and_then(|text| parse_amount(text, currency));
        let sort = fields.text("sort").unwrap_or_default();
        Self {
            q: fields.text("q").unwrap_or_default().chars().take(SEARCH_CHARACTERS_MAX).collect(),
            categories: values("category"),
            brands: values("brand"),
            colours: values("color"),
            price_min: price("price_min"),
            price_max: price("price_max"),
            in_stock: fields.text("in_stock") == Some("true"),
            reduced: fields.text("reduced") == Some("true"),
            sort: Sort::ALL.into_iter().find(|it| it.as_str() == sort).unwrap_or_default(),
            cursor: fields.text("cursor").map(ToOwned::to_owned),
            shown: fields.text("shown").and_then(|it| it.parse().ok()),
            shown_before: fields.text("before").and_then(|it| it.parse().ok()).unwrap_or(0),
        }
    }

    /// Address of this query under `path`.
    pub(crate) fn address(&self, path: &str) -> String {
        let mut query = Serializer::new(String::new());
        let mut add = |name: &str, value: &str| {
            query.append_pair(name, value);
        };
        if !self.q.is_empty() {
            add("q", &self.q);
        }
        for (name, values) in
            [("category", &self.categories), ("brand", &self.brands), ("color", &self.colours)]
        {
            for value in values {
                add(name, value);
            }
        }
        for (name, price) in [("price_min", self.price_min), ("price_max", self.price_max)] {
            if let Some(price) = price {
                add(name, &format_amount(price));
            }
        }
        for (name, wanted) in [("in_stock", self.in_stock), ("reduced", self.reduced)] {
            if wanted {
                add(name, "true");
            }
        }
        if self.sort != Sort::default() {
            add("sort", self.sort.as_str());
        }
        if let Some(cursor) = &self.cursor {
            add("cursor", cursor);
            add("before", &self.shown_before.to_string());
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Copy of the query with a change, from the first page on.
    pub(crate) fn modified(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut query = Self { cursor: None, shown_before: 0, shown: None, ..self.clone() };
        change(&mut query);
        query
    }

    /// Copy of the query without filters, with its search text and sort order.
    pub(crate) fn unfiltered(&self) -> Self {
        Self { q: self.q.clone(), sort: self.sort, ..Self::default() }
    }

    /// Number of products of the page: whole pages of those that were shown before.
    fn page_products(&self) -> usize {
        let shown = self.shown.filter(|_| self.cursor.is_none()).unwrap_or(PAGE_PRODUCTS);
        shown.clamp(PAGE_PRODUCTS, SHOWN_PRODUCTS_MAX).next_multiple_of(PAGE_PRODUCTS)
    }

    /// Number of active filters.
    pub(crate) fn filter_count(&self) -> usize {
        let lists = self.categories.len() + self.brands.len() + self.colours.len();
        let prices = usize::from(self.price_min.is_some()) + usize::from(self.price_max.is_some());
        lists + prices + usize::from(self.in_stock) + usize::from(self.reduced)
    }

    /// Query for the product service, within a category if one is given.
    pub(crate) fn to_product_query(&self, category: Option<&str>) -> ProductQuery {
        let joined = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
        let minor = |price: Option<Money>| price.map(|money| money.amount.to_string());
        let yes = |wanted: bool| wanted.then(|| "true".to_owned());
        ProductQuery {
            q: (!self.q.is_empty()).then(|| self.q.clone()),
            category: joined(&self.categories).or_else(|| category.map(ToOwned::to_owned)),
            brand: joined(&self.brands),
            color: joined(&self.colours),
            price_min: minor(self.price_min),
            price_max: minor(self.price_max),
            in_stock: yes(self.in_stock),
            reduced: yes(self.reduced),
            new: None,
            status: None,
            sort: (self.sort != Sort::default()).then(|| self.sort.as_str().to_owned()),
            limit: Some(self.page_products().to_string()),
            cursor: self.cursor.clone(),
        }
    }
}

/// Amount without decimals that are all zero: `250`, `19.90`.
pub(crate) fn format_amount(money: Money) -> String {
    let text = money.to_major_string();
    match text.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|it| it == b'0') => whole.to_owned(),
        _ => text,
    }
}

/// Amount as shoppers type it: `19.90`, `19,9`, `€ 1.250,00`. The last separator followed by at most as many digits as
/// the currency has decimals is the decimal separator, the others group digits.
fn parse_amount(text: &str, currency: Currency) -> Option<Money> {
    let digits: String =
        text.chars().filter(|it| it.is_ascii_digit() || matches!(it, '.' | ',')).collect();
    let decimals = usize::try_from(currency.decimals()).unwrap_or(0);
    let (whole, behind) = match digits.rfind(['.', ',']) {
        Some(index) if digits.len() - index - 1 <= decimals => {
            (&digits[..index], &digits[index + 1..])
        }
        _ => (digits.as_str(), ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole = if whole.is_empty() { "0" } else { &whole };
    let number = if behind.is_empty() { whole.to_owned() } else { format!("{whole}.{behind}") };
    let any = digits.bytes().any(|it| it.is_ascii_digit());
    any.then(|| Money::parse_major(&number, currency).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> ListQuery {
        ListQuery::read(&FormFields::parse(query.as_bytes()), Currency::EUR)
    }

    #[test]
    fn an_address_round_trips() {
        let address = "/products?q=dome+lamp&category=Lighting+%3E+Table+lamps&brand=Halden&brand=Kiln+%26+Co&color=Clay\
            &price_min=16&price_max=19.90&in_stock=true&sort=-price";
        let (path, query) = address.split_once('?').unwrap();
        assert_eq!(read(query).address(path), address);
        assert_eq!(
            read("utm_source=mail&sort=junk&price_min=junk").address("/c/kitchen"),
            "/c/kitchen"
        );
    }

    #[test]
    fn a_modified_query_begins_at_the_first_page() {
        let query = read("brand=Halden&cursor=abc&before=24");
        let without = query.modified(|query| query.brands.clear());
        assert_eq!(without.address("/products"), "/products");
        assert_eq!(query.filter_count(), 1);
    }

    #[test]
    fn a_first_page_shows_as_much_as_was_loaded_before() {
        let limit = |query: &str| read(query).to_product_query(None).limit.unwrap();
        for (query, expected) in [
            ("", "24"),
            ("shown=48", "48"),
            ("shown=50", "72"),
            ("shown=0", "24"),
            ("shown=1000000", "192"),
            ("shown=junk", "24"),
            ("shown=48&cursor=abc", "24"),
        ] {
            assert_eq!(limit(query), expected, "{query}");
        }
        assert_eq!(read("shown=48").modified(|_| ()).address("/products"), "/products");
    }

    #[test]
    fn amounts_are_parsed_as_shoppers_type_them() {
        let minor = |text: &str| parse_amount(text, Currency::EUR).map(|money| money.amount);
        for (text, expected) in [
            ("250", 25_000),
            ("€19.9", 1990),
            ("19,90 €", 1990),
            ("1.250,00", 125_000),
            ("1,250", 125_000),
            (".5", 50),
        ] {
            assert_eq!(minor(text), Some(expected), "{text}");
        }
        assert_eq!(minor("cheap"), None);
        assert_eq!(minor(&"9".repeat(40)), None);
        assert_eq!(parse_amount("1,250", Currency::JPY).map(|it| it.amount), Some(1250));
        assert_eq!(parse_amount("1.250", Currency::KWD).map(|it| it.amount), Some(1250));
    }

    #[test]
    fn product_queries_use_minor_units() {
        let query =
            read("price_max=250&brand=A&brand=B&in_stock=true").to_product_query(Some("Lighting"));
        assert_eq!(query.price_max.as_deref(), Some("25000"));
        assert_eq!(query.brand.as_deref(), Some("A,B"));
        assert_eq!(query.category.as_deref(), Some("Lighting"));
        assert_eq!((query.in_stock.as_deref(), query.sort, query.q), (Some("true"), None, None));
    }
}
