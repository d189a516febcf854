//! Lists of products: everything, a department, a search, what is new. One form filters and sorts them.

mod filters;
mod results;
mod wish;

pub(crate) use wish::{PAGE_PRODUCTS, Sort, Wish};

use crate::{
    http::{Answer, CartMemory, Fields, Reply, Trouble, Visit, see_other},
    parts::shell::{self, Frame, Head, Indexed},
    shelf::Category,
    shop::Shop,
    words::fill,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use contracts::product::ProductPage;
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;

/// `/products`
pub(crate) async fn all(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let wish = wish_of(&shop, &visit);
    let (frame, page) = find(&shop, &visit, &wish, None).await;
    let Some(page) = page? else { return Ok(from_the_beginning(&visit, &wish)) };
    Ok(show(&Listing {
        shop: &shop,
        visit: &visit,
        frame: &frame,
        place: &Place::All,
        wish: &wish,
        page: &page,
    }))
}

/// `/new`
pub(crate) async fn new(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let wish = wish_of(&shop, &visit);
    let sort = if wish.sort == Sort::Relevance { Sort::Newest } else { wish.sort };
    let wish = Wish { sort, ..wish };
    let (frame, page) = find(&shop, &visit, &wish, None).await;
    let Some(page) = page? else { return Ok(from_the_beginning(&visit, &wish)) };
    Ok(show(&Listing {
        shop: &shop,
        visit: &visit,
        frame: &frame,
        place: &Place::New,
        wish: &wish,
        page: &page,
    }))
}

/// `/c/{category…}`
pub(crate) async fn category(
    State(shop): State<Arc<Shop>>,
    Path(path): Path<String>,
    visit: Visit,
) -> Answer {
    let wish = wish_of(&shop, &visit);
    let (frame, page) = find(&shop, &visit, &wish, Some(&path)).await;
    let Some(page) = page? else { return Ok(from_the_beginning(&visit, &wish)) };
    let known = page.facets.get("category").into_iter().flatten().find(|facet| facet.value == path);
    let place = Place::Category(Category::of(known.ok_or(Trouble::Gone)?));
    Ok(show(&Listing {
        shop: &shop,
        visit: &visit,
        frame: &frame,
        place: &place,
        wish: &wish,
        page: &page,
    }))
}

/// Which list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    All,
    New,
    Category(Category),
}

impl Place {
    fn address(&self) -> String {
        match self {
            Self::All => "/products".to_owned(),
            Self::New => "/new".to_owned(),
            Self::Category(category) => category.address(),
        }
    }

    fn category(&self) -> Option<&Category> {
        match self {
            Self::Category(category) => Some(category),
            Self::All | Self::New => None,
        }
    }
}

/// Everything a list shows.
struct Listing<'a> {
    shop: &'a Shop,
    visit: &'a Visit,
    frame: &'a Frame,
    place: &'a Place,
    wish: &'a Wish,
    page: &'a ProductPage,
}

fn wish_of(shop: &Shop, visit: &Visit) -> Wish {
    let query = visit.uri.query().unwrap_or_default();
    Wish::read(&Fields::parse(query.as_bytes()), shop.settings.currency)
}

/// The page of products, and what stands around it; no page where the cursor is of another time.
async fn find(
    shop: &Shop,
    visit: &Visit,
    wish: &Wish,
    inside: Option<&str>,
) -> (Frame, Result<Option<ProductPage>, Trouble>) {
    let query = wish.query(inside);
    let (frame, page) = tokio::join!(shop.frame(visit), shop.products(visit).products(&query));
    let page = match page {
        Ok(page) => Ok(Some(page)),
        Err(error) if error.problem(&codes::INVALID_CURSOR).is_some() && wish.cursor.is_some() => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    };
    (frame, page)
}

fn from_the_beginning(visit: &Visit, wish: &Wish) -> Response {
    let first = wish.with(|_| ()).address(visit.uri.path());
    see_other(visit, &first, CartMemory::Untouched)
}

fn show(listing: &Listing<'_>) -> Response {
    let Listing { shop, visit, frame, wish, .. } = listing;
    let title = listing.title();
    let indexed = if wish.q.is_empty() && wish.filters() == 0 { Indexed::Yes } else { Indexed::No };
    let head = Head { title: &title, indexed, ..Head::default() };
    Reply::page(shop, visit).send(shell::page(shop, visit, frame, &head, &listing.main(&title)))
}

impl Listing<'_> {
    fn title(&self) -> String {
        let words = self.visit.locale.words;
        if !self.wish.q.is_empty() {
            return fill(words.list.results_for, &[("q", &self.wish.q)]);
        }
        match self.place {
            Place::Category(category) => category.name().to_owned(),
            Place::New => words.shell.new.to_owned(),
            Place::All if self.wish.reduced => words.shell.reduced.to_owned(),
            Place::All => words.shell.all_products.to_owned(),
        }
    }

    fn main(&self, title: &str) -> Markup {
        let lead = *self.place == Place::All && self.wish.q.is_empty();
        html! {
            main.wrap #main {
                (shell::crumbs(self.visit.locale, &self.place.category().map(Category::parents).unwrap_or_default(), Some(title)))
                div.page-head {
                    h1 { (title) }
                    @if lead { p { (self.shop.settings.tagline) } }
                }
                div.listing {
                    (filters::form(self))
                    (results::results(self))
                }
            }
        }
    }
}
