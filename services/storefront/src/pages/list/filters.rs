//! The filters: one form, a drawer on phones and a rail beside the list elsewhere.

use super::{Listing, Wish, wish::plain};
use crate::{
    parts::{icon::Icon, swatch},
    shelf::Category,
    slug::slug,
};
use maud::{Markup, html};

/// Values of one filter that are seen at once; the others unfold.
const SEEN_MAX: usize = 8;
/// The most values of one filter.
const VALUES_MAX: usize = 60;

/// One value to tick.
struct Tick {
    value: String,
    label: String,
    count: u64,
    chosen: bool,
}

pub(super) fn form(listing: &Listing<'_>) -> Markup {
    let locale = listing.visit.locale;
    let words = &locale.words.list;
    html! {
        form.rail #filters popover action=(listing.place.address()) data-facets aria-label=(words.filters) {
            div.drawer-head {
                strong { (words.filters) }
                button.icon-button type="button" popovertarget="filters" popovertargetaction="hide" aria-label=(words.close_filters) { (Icon::Close) }
            }
            @if !listing.wish.q.is_empty() { input type="hidden" name="q" value=(listing.wish.q); }
            div data-part="facets" {
                (ticks("category", words.department, &categories(listing), Swatches::Without))
                (ticks("color", words.colour, &values(listing, "color", &listing.wish.colours), Swatches::With))
                (price(listing))
                (ticks("brand", words.brand, &values(listing, "brand", &listing.wish.brands), Swatches::Without))
                (availability(listing))
            }
            p.rail-foot {
                button.button.quiet-button type="submit" data-part="show" {
                    (words.show_products.of(listing.page.total, &locale.count(listing.page.total)))
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Swatches {
    With,
    Without,
}

/// A group of the form that folds.
fn group(name: &str, title: &str, open: bool, inside: &Markup) -> Markup {
    html! {
        details.facet id={ "facet-" (name) } open[open] {
            summary { (title) (Icon::Open) }
            (inside)
        }
    }
}

fn ticks(name: &str, title: &str, ticks: &[Tick], swatches: Swatches) -> Markup {
    if ticks.is_empty() {
        return html! {};
    }
    let open = name != "brand" || ticks.iter().any(|tick| tick.chosen);
    let (seen, folded) = ticks.split_at(ticks.len().min(SEEN_MAX));
    group(
        name,
        title,
        open,
        &html! {
            fieldset {
                legend.vh { (title) }
                ul role="list" { @for tick in seen { (option(name, tick, swatches)) } }
                @if !folded.is_empty() {
                    details.further id={ "further-" (name) } open[folded.iter().any(|tick| tick.chosen)] {
                        summary { "+" (folded.len()) (Icon::Open) }
                        ul role="list" { @for tick in folded { (option(name, tick, swatches)) } }
                    }
                }
            }
        },
    )
}

fn option(name: &str, tick: &Tick, swatches: Swatches) -> Markup {
    html! {
        li {
            label.tick .none[tick.count == 0] {
                input type="checkbox" id={ "f-" (name) "-" (slug(&tick.value)) } name=(name) value=(tick.value) checked[tick.chosen];
                @if swatches == Swatches::With { (swatch::dot(&tick.label)) }
                span { (tick.label) }
                span.n { (tick.count) }
            }
        }
    }
}

/// The values of a filter. Those that lead nowhere stay, so that nothing vanishes under the shopper's hand, but a
/// department does not list what it never had.
fn values(listing: &Listing<'_>, name: &str, chosen: &[String]) -> Vec<Tick> {
    let found = listing.page.facets.get(name).map_or(&[][..], Vec::as_slice);
    let known = listing.frame.catalogue.facets.get(name).map_or(&[][..], Vec::as_slice);
    let whole = listing.place.category().is_none() && listing.wish.q.is_empty();
    let mut ticks: Vec<Tick> = found
        .iter()
        .map(|facet| Tick {
            value: facet.value.clone(),
            label: facet.label.clone(),
            count: facet.count,
            chosen: is_chosen(chosen, &facet.value),
        })
        .filter(|tick| tick.count > 0 || tick.chosen || whole)
        .collect();
    // By the catalogue's own counts, so that rows stay where they are while ticks come and go.
    let usual =
        |tick: &Tick| known.iter().find(|it| it.value == tick.value).map_or(0, |it| it.count);
    ticks.sort_by(|one, two| usual(two).cmp(&usual(one)).then_with(|| one.label.cmp(&two.label)));
    ticks.truncate(VALUES_MAX);
    ticks
}

fn is_chosen(chosen: &[String], value: &str) -> bool {
    chosen.iter().any(|it| it == value)
}

/// The categories directly below where the shopper is.
fn categories(listing: &Listing<'_>) -> Vec<Tick> {
    let here = listing.place.category().map_or("", |category| category.path.as_str());
    let found = listing.page.facets.get("category").into_iter().flatten().map(Category::of);
    let mut ticks: Vec<Tick> = found
        .filter(|category| category.is_child_of(here))
        .map(|category| Tick {
            label: category.name().to_owned(),
            count: category.count,
            chosen: is_chosen(&listing.wish.categories, &category.path),
            value: category.path,
        })
        .collect();
    ticks.sort_by(|one, two| one.label.cmp(&two.label));
    ticks.truncate(VALUES_MAX);
    ticks
}

fn price(listing: &Listing<'_>) -> Markup {
    let locale = listing.visit.locale;
    let words = &locale.words.list;
    let Wish { price_min, price_max, .. } = listing.wish;
    let mark = locale.currency_mark(listing.shop.settings.currency);
    // Whole units: down for the lowest, up for the highest, so that nothing falls outside.
    let whole = |money: kernel::Money, up: bool| {
        let text = plain(money);
        match text.split_once('.') {
            Some((whole, _)) if up => (whole.parse::<i64>().unwrap_or(0) + 1).to_string(),
            Some((whole, _)) => whole.to_owned(),
            None => text,
        }
    };
    let range = listing.page.price_range.as_ref();
    let lowest = range.map(|range| whole(range.min.rounded(), false));
    let highest = range.map(|range| whole(range.max.rounded(), true));
    let input = |name: &str, label: &str, value: Option<kernel::Money>, hint: Option<String>| {
        html! {
            label.amount {
                span.vh { (label) }
                span aria-hidden="true" { (mark) }
                input.input id={ "f-" (name) } name=(name) inputmode="decimal" autocomplete="off" maxlength="12"
                    value=[value.map(plain)] placeholder=[hint];
            }
        }
    };
    group(
        "price",
        words.price,
        true,
        &html! {
            fieldset.range {
                legend.vh { (words.price) }
                (input("price_min", words.lowest_price, *price_min, lowest))
                span aria-hidden="true" { "–" }
                (input("price_max", words.highest_price, *price_max, highest))
            }
        },
    )
}

fn availability(listing: &Listing<'_>) -> Markup {
    let words = &listing.visit.locale.words.list;
    let stocked =
        listing.page.facets.get("in_stock").into_iter().flatten().find(|it| it.value == "true");
    let in_stock = Tick {
        value: "true".to_owned(),
        label: words.in_stock.to_owned(),
        count: stocked.map_or(0, |it| it.count),
        chosen: listing.wish.in_stock,
    };
    group(
        "in_stock",
        words.availability,
        true,
        &html! {
            fieldset {
                legend.vh { (words.availability) }
                ul role="list" {
                    (option("in_stock", &in_stock, Swatches::Without))
                    li {
                        label.tick {
                            input #f-reduced type="checkbox" name="reduced" value="true" checked[listing.wish.reduced];
                            span { (words.reduced) }
                        }
                    }
                }
            }
        },
    )
}
