//! What a shopper wants to see in a list: the address says it, and says it again when a filter comes or goes.

use crate::http::Fields;
use contracts::product::ProductQuery;
use form_urlencoded::Serializer;
use kernel::{Currency, Money};

/// Products on one page of a list.
pub(crate) const PAGE_PRODUCTS: usize = 24;
/// The most values of one filter, and the longest search, that are looked at.
const VALUES_MAX: usize = 30;
const SEARCH_CHARACTERS_MAX: usize = 100;

/// A list as its address describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) q: String,
    pub(crate) categories: Vec<String>,
    pub(crate) brands: Vec<String>,
    pub(crate) colours: Vec<String>,
    /// In major units, as the shopper wrote it.
    pub(crate) price_min: Option<Money>,
    pub(crate) price_max: Option<Money>,
    pub(crate) in_stock: bool,
    pub(crate) reduced: bool,
    pub(crate) sort: Sort,
    pub(crate) cursor: Option<String>,
    /// How many products the pages before this one showed; only to count on.
    pub(crate) before: u64,
}

/// The order of a list.
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

    /// As it stands in the address.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Newest => "newest",
            Self::PriceUp => "price",
            Self::PriceDown => "-price",
            Self::Name => "name",
        }
    }
}

impl Wish {
    /// Reads an address. What it does not understand it leaves out: a link from elsewhere still leads somewhere.
    pub(crate) fn read(fields: &Fields, currency: Currency) -> Self {
        let values = |name: &str| {
            let mut values: Vec<String> =
                fields.all(name).take(VALUES_MAX).map(ToOwned::to_owned).collect();
            values.dedup();
            values
        };
        let price = |name: &str| fields.text(name).and_then(|text| amount(text, currency));
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
            sort: Sort::ALL.into_iter().find(|it| it.word() == sort).unwrap_or_default(),
            cursor: fields.text("cursor").map(ToOwned::to_owned),
            before: fields.text("before").and_then(|it| it.parse().ok()).unwrap_or(0),
        }
    }

    /// The address of this list under `path`.
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
                add(name, &plain(price));
            }
        }
        for (name, wanted) in [("in_stock", self.in_stock), ("reduced", self.reduced)] {
            if wanted {
                add(name, "true");
            }
        }
        if self.sort != Sort::default() {
            add("sort", self.sort.word());
        }
        if let Some(cursor) = &self.cursor {
            add("cursor", cursor);
            add("before", &self.before.to_string());
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The same list with something changed, from its beginning.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut wish = Self { cursor: None, before: 0, ..self.clone() };
        change(&mut wish);
        wish
    }

    /// The search alone, without any filter.
    pub(crate) fn unfiltered(&self) -> Self {
        Self { q: self.q.clone(), sort: self.sort, ..Self::default() }
    }

    /// How many filters are chosen.
    pub(crate) fn filters(&self) -> usize {
        let lists = self.categories.len() + self.brands.len() + self.colours.len();
        let prices = usize::from(self.price_min.is_some()) + usize::from(self.price_max.is_some());
        lists + prices + usize::from(self.in_stock) + usize::from(self.reduced)
    }

    /// As the catalogue is asked, inside a category where there is one.
    pub(crate) fn query(&self, inside: Option<&str>) -> ProductQuery {
        let joined = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
        let minor = |price: Option<Money>| price.map(|money| money.amount.to_string());
        let yes = |wanted: bool| wanted.then(|| "true".to_owned());
        ProductQuery {
            q: (!self.q.is_empty()).then(|| self.q.clone()),
            category: joined(&self.categories).or_else(|| inside.map(ToOwned::to_owned)),
            brand: joined(&self.brands),
            color: joined(&self.colours),
            price_min: minor(self.price_min),
            price_max: minor(self.price_max),
            in_stock: yes(self.in_stock),
            reduced: yes(self.reduced),
            status: None,
            sort: (self.sort != Sort::default()).then(|| self.sort.word().to_owned()),
            limit: Some(PAGE_PRODUCTS.to_string()),
            cursor: self.cursor.clone(),
        }
    }
}

/// An amount without decimals that say nothing: `250`, `19.90`.
pub(crate) fn plain(money: Money) -> String {
    let text = money.to_major_string();
    match text.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|it| it == b'0') => whole.to_owned(),
        _ => text,
    }
}

/// An amount as shoppers type it: `19.90`, `19,9`, `€ 1.250,00`. The last mark with at most the currency's decimals
/// behind it is the decimal mark, the others group.
fn amount(text: &str, currency: Currency) -> Option<Money> {
    let kept: String =
        text.chars().filter(|it| it.is_ascii_digit() || matches!(it, '.' | ',')).collect();
    let decimals = usize::try_from(currency.decimals()).unwrap_or(0);
    let (whole, behind) = match kept.rfind(['.', ',']) {
        Some(place) if kept.len() - place - 1 <= decimals => (&kept[..place], &kept[place + 1..]),
        _ => (kept.as_str(), ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole = if whole.is_empty() { "0" } else { &whole };
    let number = if behind.is_empty() { whole.to_owned() } else { format!("{whole}.{behind}") };
    let any = kept.bytes().any(|it| it.is_ascii_digit());
    any.then(|| Money::parse_major(&number, currency).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Wish {
        Wish::read(&Fields::parse(query.as_bytes()), Currency::EUR)
    }

    #[test]
    fn an_address_comes_back_as_it_was() {
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
    fn a_change_begins_at_the_first_page() {
        let wish = read("brand=Halden&cursor=abc&before=24");
        let without = wish.with(|wish| wish.brands.clear());
        assert_eq!(without.address("/products"), "/products");
        assert_eq!(wish.filters(), 1);
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let minor = |text: &str| amount(text, Currency::EUR).map(|money| money.amount);
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
        assert_eq!(amount("1,250", Currency::JPY).map(|it| it.amount), Some(1250));
        assert_eq!(amount("1.250", Currency::KWD).map(|it| it.amount), Some(1250));
    }

    #[test]
    fn the_catalogue_is_asked_in_minor_units() {
        let query = read("price_max=250&brand=A&brand=B&in_stock=true").query(Some("Lighting"));
        assert_eq!(query.price_max.as_deref(), Some("25000"));
        assert_eq!(query.brand.as_deref(), Some("A,B"));
        assert_eq!(query.category.as_deref(), Some("Lighting"));
        assert_eq!((query.in_stock.as_deref(), query.sort, query.q), (Some("true"), None, None));
    }
}
