//! Facet filters: one form, shown as a drawer on phones and as a sidebar elsewhere.

use super::{ListQuery, Listing, list_query::format_amount};
use crate::{
    cached_catalogue::Category,
    components::{colour_swatch, icon::Icon},
    locale::{Locale, collation_key},
    messages::interpolate,
    slug::identifier,
};
use maud::{Markup, html};
use std::cmp::Reverse;

/// Number of options of one facet that are shown at once; the others unfold.
const OPTIONS_SHOWN_MAX: usize = 8;
/// Maximum number of options of one facet.
const OPTIONS_MAX: usize = 60;

/// Facet value as a checkbox.
struct FacetOption {
    value: String,
    label: String,
    count: u64,
    chosen: bool,
}

pub(super) fn form(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    html! {
        form.rail #filters popover action=(listing.scope.address()) data-facets aria-label=(messages.filters) {
            div.drawer-head {
                strong { (messages.filters) }
                button.icon-button type="button" popovertarget="filters" popovertargetaction="hide" aria-label=(messages.close_filters) { (Icon::Close) }
            }
            @if !listing.query.q.is_empty() { input type="hidden" name="q" value=(listing.query.q); }
            div data-part="facets" {
                (facet_group(locale, "category", messages.department, &category_options(listing), Swatches::Without))
                (facet_group(locale, "color", messages.colour, &facet_options(listing, "color", &listing.query.colours), Swatches::With))
                (price_filter(listing))
                (facet_group(locale, "brand", messages.brand, &facet_options(listing, "brand", &listing.query.brands), Swatches::Without))
                (availability_filter(listing))
            }
            p.rail-foot {
                button.button.quiet-button type="submit" data-part="show" {
                    (locale.plural(&messages.show_products, listing.page.total))
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

/// Collapsible group of the form.
fn disclosure(name: &str, title: &str, open: bool, inside: &Markup) -> Markup {
    html! {
        details.facet id={ "facet-" (name) } open[open] {
            summary { (title) (Icon::Chevron) }
            (inside)
        }
    }
}

fn facet_group(
    locale: Locale,
    name: &str,
    title: &str,
    options: &[FacetOption],
    swatches: Swatches,
) -> Markup {
    if options.is_empty() {
        return html! {};
    }
    let messages = &locale.messages.listing;
    let open = name != "brand" || options.iter().any(|option| option.chosen);
    let (shown, hidden) = options.split_at(options.len().min(OPTIONS_SHOWN_MAX));
    disclosure(
        name,
        title,
        open,
        &html! {
            fieldset {
                legend.vh { (title) }
                ul role="list" { @for option in shown { (checkbox(locale, name, option, swatches)) } }
                @if !hidden.is_empty() {
                    details.further id={ "further-" (name) } open[hidden.iter().any(|option| option.chosen)] {
                        summary { (interpolate(messages.show_more, &[("n", &locale.count(hidden.len() as u64))])) (Icon::Chevron) }
                        ul role="list" { @for option in hidden { (checkbox(locale, name, option, swatches)) } }
                    }
                }
            }
        },
    )
}

fn checkbox(locale: Locale, name: &str, option: &FacetOption, swatches: Swatches) -> Markup {
    // A brand is called the same in every language, and the others are words of the page itself.
    let is_shop_text = matches!(name, "category" | "color");
    html! {
        li {
            label.tick .none[option.count == 0] {
                input type="checkbox" id={ "f-" (name) "-" (identifier(&option.value)) } name=(name) value=(option.value) checked[option.chosen];
                @if swatches == Swatches::With { (colour_swatch::dot(&option.label)) }
                span { @if is_shop_text { (locale.shop_text(&option.label)) } @else { (option.label) } }
                span.n { (locale.count(option.count)) }
            }
        }
    }
}

/// Options of a facet. In the whole catalogue, those without results stay in place, so that nothing vanishes while the
/// shopper filters; a category or a search lists its own values only.
fn facet_options(listing: &Listing<'_>, name: &str, chosen: &[String]) -> Vec<FacetOption> {
    let matching = listing.page.facets.get(name).map_or(&[][..], Vec::as_slice);
    let all_values = listing.layout.catalogue.facets.get(name).map_or(&[][..], Vec::as_slice);
    let is_whole_catalogue = listing.scope.category().is_none() && listing.query.q.is_empty();
    let mut options: Vec<FacetOption> = matching
        .iter()
        .map(|facet| FacetOption {
            value: facet.value.clone(),
            label: facet.label.clone(),
            count: facet.count,
            chosen: is_chosen(chosen, &facet.value),
        })
        .filter(|option| option.count > 0 || option.chosen || is_whole_catalogue)
        .collect();
    // Sorted by the counts of the whole catalogue, so that options keep their places while filters change.
    let total = |option: &FacetOption| {
        all_values.iter().find(|it| it.value == option.value).map_or(0, |it| it.count)
    };
    let name =
        |option: &FacetOption| collation_key(listing.context.locale.translate(&option.label));
    options.sort_by_cached_key(|option| (Reverse(total(option)), name(option)));
    options.truncate(OPTIONS_MAX);
    options
}

fn is_chosen(chosen: &[String], value: &str) -> bool {
    chosen.iter().any(|it| it == value)
}

/// Options for the child categories of the current one.
fn category_options(listing: &Listing<'_>) -> Vec<FacetOption> {
    let parent = listing.scope.category().map_or("", |category| category.path.as_str());
    let matching =
        listing.page.facets.get("category").into_iter().flatten().map(Category::from_facet);
    let mut options: Vec<FacetOption> = matching
        .filter(|category| category.is_child_of(parent))
        .map(|category| FacetOption {
            label: category.name().to_owned(),
            count: category.count,
            chosen: is_chosen(&listing.query.categories, &category.path),
            value: category.path,
        })
        .collect();
    options.sort_by_key(|option| collation_key(listing.context.locale.translate(&option.label)));
    options.truncate(OPTIONS_MAX);
    options
}

fn price_filter(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let ListQuery { price_min, price_max, .. } = listing.query;
    let symbol = locale.currency_symbol(listing.state.settings.currency);
    // Whole units, rounded outwards so that the range includes every product.
    let whole = |money: kernel::Money, up: bool| {
        let text = format_amount(money);
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
                span aria-hidden="true" { (symbol) }
                input.input id={ "f-" (name) } name=(name) inputmode="decimal" autocomplete="off" maxlength="12"
                    value=[value.map(format_amount)] placeholder=[hint];
            }
        }
    };
    disclosure(
        "price",
        messages.price,
        true,
        &html! {
            fieldset.range {
                legend.vh { (messages.price) }
                (input("price_min", messages.lowest_price, *price_min, lowest))
                span aria-hidden="true" { "–" }
                (input("price_max", messages.highest_price, *price_max, highest))
            }
        },
    )
}

fn availability_filter(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let in_stock_facet =
        listing.page.facets.get("in_stock").into_iter().flatten().find(|it| it.value == "true");
    let in_stock = FacetOption {
        value: "true".to_owned(),
        label: messages.in_stock.to_owned(),
        count: in_stock_facet.map_or(0, |it| it.count),
        chosen: listing.query.in_stock,
    };
    disclosure(
        "in_stock",
        messages.availability,
        true,
        &html! {
            fieldset {
                legend.vh { (messages.availability) }
                ul role="list" {
                    (checkbox(locale, "in_stock", &in_stock, Swatches::Without))
                    li {
                        label.tick {
                            input #f-reduced type="checkbox" name="reduced" value="true" checked[listing.query.reduced];
                            span { (messages.reduced) }
                        }
                    }
                }
            }
        },
    )
}
