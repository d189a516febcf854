//! Query parameters of product listings, parsed and validated.

use crate::index::{Audience, NewFilter, ReductionFilter, SearchQuery, Sort, StockFilter};
use contracts::product::{ProductQuery, ProductSort};
use kernel::{Cursor, PageLimit, Problem, codes};
use web::Paging;

/// Longest search text and longest filter, in characters.
const FILTER_CHARACTERS_MAX: usize = 500;

/// Request for one page of a listing.
pub(super) struct ListRequest {
    pub(super) query: SearchQuery,
    pub(super) cursor: Option<Cursor>,
    pub(super) limit: PageLimit,
}

/// Parsed query of `audience`, to whom products are new that came on the market from `new_since` on, in microseconds; an invalid value is refused with the name of its parameter.
pub(super) fn parse(
    params: ProductQuery,
    audience: Audience,
    new_since: i64,
) -> Result<ListRequest, Problem> {
    let audience = match (audience, params.status.as_deref()) {
        (audience, None) => audience,
        (Audience::Operators(_), Some(status)) => {
            Audience::Operators(Some(web::choice("status", status)?))
        }
        (Audience::Shoppers, Some(_)) => {
            return Err(invalid_parameter("status", "is for operators only"));
        }
    };
    for (name, filter) in [
        ("q", &params.q),
        ("category", &params.category),
        ("brand", &params.brand),
        ("color", &params.color),
    ] {
        check_length(name, filter.as_deref())?;
    }
    // An HTML form also sends the fields that were left empty.
    let cursor = params.cursor.filter(|cursor| !cursor.is_empty()).map(Cursor::from);
    let limit = Paging::new(params.limit.filter(|limit| !limit.is_empty()), None).limit()?;
    let query = SearchQuery {
        audience,
        text: params.q,
        category: params.category,
        brand: params.brand,
        color: params.color,
        price_min: parse_minor_units("price_min", params.price_min.as_deref())?,
        price_max: parse_minor_units("price_max", params.price_max.as_deref())?,
        stock: if parse_bool("in_stock", params.in_stock.as_deref())? {
            StockFilter::InStock
        } else {
            StockFilter::Any
        },
        reduced: if parse_bool("reduced", params.reduced.as_deref())? {
            ReductionFilter::Only
        } else {
            ReductionFilter::Any
        },
        new: if parse_bool("new", params.new.as_deref())? {
            NewFilter::Only
        } else {
            NewFilter::Any
        },
        new_since,
        sort: parse_sort(params.sort.as_deref())?,
    };
    Ok(ListRequest { query, cursor, limit })
}

/// Length limit of a search text or filter.
pub(super) fn check_length(name: &str, text: Option<&str>) -> Result<(), Problem> {
    let long = text.is_some_and(|text| text.chars().count() > FILTER_CHARACTERS_MAX);
    let message = format!("has more than {FILTER_CHARACTERS_MAX} characters");
    if long { Err(invalid_parameter(name, &message)) } else { Ok(()) }
}

fn parse_sort(text: Option<&str>) -> Result<Option<Sort>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    Ok(Some(match web::choice("sort", text)? {
        ProductSort::Featured => Sort::Featured,
        ProductSort::Relevance => Sort::Relevance,
        ProductSort::Price => Sort::PriceAscending,
        ProductSort::PriceDescending => Sort::PriceDescending,
        ProductSort::Name => Sort::NameAscending,
        ProductSort::NameDescending => Sort::NameDescending,
        ProductSort::Newest => Sort::Newest,
    }))
}

fn parse_minor_units(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let amount = text.parse().ok().filter(|amount| *amount >= 0);
    let message = "is an amount in minor units, such as 1999 for 19.99";
    amount.map(Some).ok_or_else(|| invalid_parameter(name, message))
}

fn parse_bool(name: &str, text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(invalid_parameter(name, "is true or false")),
    }
}

fn invalid_parameter(name: &str, message: &str) -> Problem {
    Problem::input(codes::INVALID_QUERY, name, message)
}

/// Problem for a cursor of another listing, or an unreadable one.
pub(super) fn invalid_cursor(error: kernel::CursorError) -> Problem {
    Problem::input(codes::INVALID_CURSOR, "cursor", error.to_string())
}
