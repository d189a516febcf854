//! Results of a listing: count, sort order, active filters, product cards and the link to more.

use super::{ListQuery, Listing, PAGE_PRODUCTS, Sort};
use crate::{
    cached_catalogue::Category,
    components::{icon::Icon, product_card},
    messages::interpolate,
};
use maud::{Markup, html};

pub(super) fn results(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let page = listing.page;
    html! {
        section.results aria-labelledby="products" data-part="results" {
            h2.vh #products { (messages.products) }
            (toolbar(listing))
            (filter_chips(listing))
            @if page.items.is_empty() {
                (no_results(listing))
            } @else {
                ul.grid.three #grid role="list" {
                    (product_card::grid(locale, &page.items, first_position(listing)))
                }
                (load_more(listing))
            }
        }
    }
}

/// Position of the first card: later pages are appended below the fold.
fn first_position(listing: &Listing<'_>) -> usize {
    if listing.query.cursor.is_some() { PAGE_PRODUCTS } else { 0 }
}

fn toolbar(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let filter_count = listing.query.filter_count();
    html! {
        div.list-bar {
            button.button.quiet-button.filters-button type="button" popovertarget="filters" {
                (Icon::Filters) (messages.filters)
                @if filter_count > 0 { " " span.badge.brand { (locale.count(filter_count as u64)) } }
            }
            p.found data-count { (result_count(listing)) }
            div.sort {
                label.vh for="sort" { (messages.sort) }
                span.select {
                    select.input #sort name="sort" form="filters" autocomplete="off" {
                        @for sort in Sort::ALL {
                            option value=(sort.as_str()) selected[sort == listing.query.sort] { (sort_label(listing, sort)) }
                        }
                    }
                    (Icon::Chevron)
                }
                noscript { button.button.quiet-button type="submit" form="filters" { (messages.sort_button) } }
            }
        }
    }
}

fn sort_label(listing: &Listing<'_>, sort: Sort) -> &'static str {
    let messages = &listing.context.locale.messages.listing;
    match sort {
        Sort::Relevance if listing.query.q.is_empty() => messages.featured,
        Sort::Relevance => messages.best_match,
        Sort::Newest => messages.newest,
        Sort::PriceUp => messages.price_up,
        Sort::PriceDown => messages.price_down,
        Sort::Name => messages.name_up,
    }
}

/// Number of results, and the unfiltered total if filters are active.
fn result_count(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let (count, total) = (listing.page.total, listing.page.total_unfiltered);
    let is_filtered = listing.query.filter_count() > 0 || !listing.query.q.is_empty();
    if !is_filtered || count >= total {
        return html! { (locale.plural(&messages.count_all, count)) };
    }
    let text = interpolate(
        messages.count_of_total,
        &[("count", "\u{0}"), ("total", &locale.count(total))],
    );
    let (before, after) = text.split_once('\u{0}').unwrap_or(("", &text));
    html! { (before) strong { (locale.count(count)) } (after) }
}

fn filter_chips(listing: &Listing<'_>) -> Markup {
    let chips = active_filters(listing);
    let messages = &listing.context.locale.messages.listing;
    let address = listing.scope.address();
    html! {
        @if !chips.is_empty() {
            ul.chips role="list" {
                @for (label, without) in &chips {
                    li { a.chip href=(without.address(&address)) data-swap { (label) (Icon::Close) span.vh { ", " (messages.remove_filter) } } }
                }
                li { a.clear href=(listing.query.unfiltered().address(&address)) data-swap { (messages.clear_all) } }
            }
        }
    }
}

/// Labels of the active filters, each with the query without it.
fn active_filters(listing: &Listing<'_>) -> Vec<(String, ListQuery)> {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let query = listing.query;
    let mut chips = Vec::new();
    let mut chip = |label: String, change: &dyn Fn(&mut ListQuery)| {
        chips.push((label, query.modified(change)));
    };
    for value in &query.categories {
        let name = listing.layout.catalogue.by_path(value).map_or(value.as_str(), Category::name);
        chip(locale.translate(name).to_owned(), &|query| query.categories.retain(|it| it != value));
    }
    for value in &query.colours {
        let label = facet_label(listing, "color", value);
        chip(locale.translate(&label).to_owned(), &|query| {
            query.colours.retain(|it| it != value);
        });
    }
    for value in &query.brands {
        chip(facet_label(listing, "brand", value), &|query| query.brands.retain(|it| it != value));
    }
    let amount = |text: &str, money| interpolate(text, &[("amount", &locale.compact_money(money))]);
    if let Some(money) = query.price_min {
        chip(amount(messages.from_price, money), &|query| query.price_min = None);
    }
    if let Some(money) = query.price_max {
        chip(amount(messages.up_to_price, money), &|query| query.price_max = None);
    }
    if query.in_stock {
        chip(messages.in_stock.to_owned(), &|query| query.in_stock = false);
    }
    if query.reduced {
        chip(messages.reduced.to_owned(), &|query| query.reduced = false);
    }
    chips
}

fn facet_label(listing: &Listing<'_>, facet: &str, value: &str) -> String {
    let known = listing.layout.catalogue.facets.get(facet).into_iter().flatten();
    known.into_iter().find(|it| it.value == value).map_or(value, |it| &it.label).to_owned()
}

fn no_results(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let query = listing.query;
    let address = listing.scope.address();
    html! {
        div.nothing {
            @if query.q.is_empty() {
                p.nothing-head { (messages.nothing) }
            } @else {
                p.nothing-head { (interpolate(messages.nothing_for, &[("q", &query.q)])) }
            }
            @if let Some(suggestion) = &listing.page.did_you_mean {
                @let other = query.modified(|query| query.q.clone_from(suggestion));
                p { (messages.did_you_mean) " " a href=(other.address(&address)) { (suggestion) } "?" }
            }
            @let departments = listing.layout.catalogue.translated_like(locale, &query.q);
            @if !departments.is_empty() {
                ul.chips role="list" {
                    @for department in departments { li { a.chip href=(department.address()) { (locale.translate(department.name())) } } }
                }
            }
            @if query.filter_count() > 0 {
                p { a.button href=(query.unfiltered().address(&address)) { (messages.remove_filters) } }
            } @else {
                p { a.button href="/products" { (locale.messages.layout.all_products) } }
            }
        }
    }
}

fn load_more(listing: &Listing<'_>) -> Markup {
    let locale = listing.context.locale;
    let messages = &locale.messages.listing;
    let page = listing.page;
    let shown = (listing.query.shown_before + page.items.len() as u64).min(page.total);
    let next = page.next_cursor.as_ref().map(|cursor| ListQuery {
        cursor: Some(cursor.as_str().to_owned()),
        shown_before: shown,
        shown: None,
        ..listing.query.clone()
    });
    let values = [("count", &*locale.count(shown)), ("total", &*locale.count(page.total))];
    html! {
        @if page.total > page.items.len() as u64 {
            div.more data-part="more" {
                p.quiet { (interpolate(messages.shown_of, &values)) }
                progress max=(page.total) value=(shown) aria-label=(messages.products_shown) {}
                @if let Some(next) = next {
                    @let count = (page.total - shown).min(PAGE_PRODUCTS as u64);
                    a.button.quiet-button href=(next.address(&listing.scope.address())) data-more {
                        (interpolate(messages.show_more, &[("n", &locale.count(count))]))
                    }
                }
            }
        }
    }
}
