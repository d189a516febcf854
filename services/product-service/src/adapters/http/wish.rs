//! What a query string wishes for.

use crate::index::{Audience, Reduced, Sort, Stock, Wish};
use contracts::product::{ProductQuery, ProductStatus};
use kernel::{Cursor, FieldError, PageLimit, Problem, codes};
use web::Paging;

/// The longest text that is searched for and the longest filter, in characters.
const FILTER_CHARACTERS_MAX: usize = 500;

/// Which page of what.
pub(super) struct Asked {
    pub(super) wish: Wish,
    pub(super) cursor: Option<Cursor>,
    pub(super) limit: PageLimit,
}

/// Reads a query for `audience`; what it cannot mean is refused by the name of the parameter.
pub(super) fn asked(query: ProductQuery, audience: Audience) -> Result<Asked, Problem> {
    let audience = match (audience, query.status.as_deref()) {
        (audience, None) => audience,
        (Audience::Operators(_), Some(status)) => Audience::Operators(Some(self::status(status)?)),
        (Audience::Shoppers, Some(_)) => return Err(refused("status", "is for operators only")),
    };
    for (name, filter) in [
        ("q", &query.q),
        ("category", &query.category),
        ("brand", &query.brand),
        ("color", &query.color),
    ] {
        short(name, filter.as_deref())?;
    }
    // A form sends the fields that were left empty, too.
    let cursor = query.cursor.filter(|cursor| !cursor.is_empty()).map(Cursor::from);
    let limit = Paging::new(query.limit.filter(|limit| !limit.is_empty()), None).limit()?;
    let wish = Wish {
        audience,
        text: query.q,
        category: query.category,
        brand: query.brand,
        color: query.color,
        price_min: minor_units("price_min", query.price_min.as_deref())?,
        price_max: minor_units("price_max", query.price_max.as_deref())?,
        stock: if yes("in_stock", query.in_stock.as_deref())? {
            Stock::InStock
        } else {
            Stock::Any
        },
        reduced: if yes("reduced", query.reduced.as_deref())? {
            Reduced::Only
        } else {
            Reduced::Any
        },
        sort: sort(query.sort.as_deref())?,
    };
    Ok(Asked { wish, cursor, limit })
}

/// Refuses a text that is too long to look for.
pub(super) fn short(name: &str, text: Option<&str>) -> Result<(), Problem> {
    let long = text.is_some_and(|text| text.chars().count() > FILTER_CHARACTERS_MAX);
    let message = format!("has more than {FILTER_CHARACTERS_MAX} characters");
    if long { Err(refused(name, &message)) } else { Ok(()) }
}

fn sort(text: Option<&str>) -> Result<Option<Sort>, Problem> {
    Ok(Some(match text.filter(|text| !text.is_empty()) {
        None => return Ok(None),
        Some("relevance") => Sort::Relevance,
        Some("price") => Sort::Cheapest,
        Some("-price") => Sort::Dearest,
        Some("name") => Sort::NameUp,
        Some("-name") => Sort::NameDown,
        Some("newest") => Sort::Newest,
        Some(_) => {
            let message = "is one of relevance, price, -price, name, -name, newest";
            return Err(refused("sort", message));
        }
    }))
}

fn status(text: &str) -> Result<ProductStatus, Problem> {
    match text {
        "draft" => Ok(ProductStatus::Draft),
        "active" => Ok(ProductStatus::Active),
        "archived" => Ok(ProductStatus::Archived),
        _ => Err(refused("status", "is one of draft, active, archived")),
    }
}

fn minor_units(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let amount = text.parse().ok().filter(|amount| *amount >= 0);
    let message = "is an amount in minor units, such as 1999 for 19.99";
    amount.map(Some).ok_or_else(|| refused(name, message))
}

fn yes(name: &str, text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(refused(name, "is true or false")),
    }
}

fn refused(name: &str, message: &str) -> Problem {
    let mut problem = Problem::new(400, codes::INVALID_QUERY, format!("{name} {message}"));
    problem.errors.push(FieldError { field: name.to_owned(), message: message.to_owned() });
    problem
}

/// A cursor of another list, or of no list at all.
pub(super) fn wrong_cursor(error: kernel::CursorError) -> Problem {
    let message = error.to_string();
    let mut problem = Problem::new(400, codes::INVALID_CURSOR, message.clone());
    problem.errors.push(FieldError { field: "cursor".to_owned(), message });
    problem
}
