//! The list itself: count, order, chosen filters, cards, and the way to more.

use super::{Listing, PAGE_PRODUCTS, Sort, Wish};
use crate::{
    parts::{card, icon::Icon},
    shelf::Category,
    words::fill,
};
use maud::{Markup, html};

pub(super) fn results(listing: &Listing<'_>) -> Markup {
    let locale = listing.visit.locale;
    let words = &locale.words.list;
    let page = listing.page;
    html! {
        section.results aria-labelledby="products" data-part="results" {
            h2.vh #products { (words.products) }
            (bar(listing))
            (chips(listing))
            @if page.items.is_empty() {
                (nothing(listing))
            } @else {
                ul.grid.three #grid role="list" {
                    (card::grid(locale, &page.items, listing.shop.ids.now(), first(listing)))
                }
                (more(listing))
            }
        }
    }
}

/// Pages after the first are further down, and none of their pictures is seen at once.
fn first(listing: &Listing<'_>) -> usize {
    if listing.wish.cursor.is_some() { PAGE_PRODUCTS } else { 0 }
}

fn bar(listing: &Listing<'_>) -> Markup {
    let locale = listing.visit.locale;
    let words = &locale.words.list;
    let chosen = listing.wish.filters();
    html! {
        div.list-bar {
            button.button.quiet-button.filters-button type="button" popovertarget="filters" {
                (Icon::Filters) (words.filters)
                @if chosen > 0 { " " span.badge.brand { (chosen) } }
            }
            p.found data-count { (count(listing)) }
            div.sort {
                label.vh for="sort" { (words.sort) }
                span.select {
                    select.input #sort name="sort" form="filters" autocomplete="off" {
                        @for sort in Sort::ALL {
                            option value=(sort.word()) selected[sort == listing.wish.sort] { (name(listing, sort)) }
                        }
                    }
                    (Icon::Open)
                }
                noscript { button.button.quiet-button type="submit" form="filters" { (words.sort_button) } }
            }
        }
    }
}

fn name(listing: &Listing<'_>, sort: Sort) -> &'static str {
    let words = &listing.visit.locale.words.list;
    match sort {
        Sort::Relevance if listing.wish.q.is_empty() => words.featured,
        Sort::Relevance => words.best_match,
        Sort::Newest => words.newest,
        Sort::PriceUp => words.price_up,
        Sort::PriceDown => words.price_down,
        Sort::Name => words.name_up,
    }
}

/// How many are here, and of how many where a filter left some out.
fn count(listing: &Listing<'_>) -> Markup {
    let locale = listing.visit.locale;
    let words = &locale.words.list;
    let (here, whole) = (listing.page.total, listing.page.total_unfiltered);
    let narrowed = listing.wish.filters() > 0 || !listing.wish.q.is_empty();
    if !narrowed || here >= whole {
        return html! { (words.count_all.of(here, &locale.count(here))) };
    }
    let total = fill(words.count_of_total, &[("count", "\u{0}"), ("total", &locale.count(whole))]);
    let (before, behind) = total.split_once('\u{0}').unwrap_or(("", &total));
    html! { (before) strong { (locale.count(here)) } (behind) }
}

fn chips(listing: &Listing<'_>) -> Markup {
    let chips = chosen(listing);
    let words = &listing.visit.locale.words.list;
    let address = listing.place.address();
    html! {
        @if !chips.is_empty() {
            ul.chips role="list" {
                @for (label, without) in &chips {
                    li { a.chip href=(without.address(&address)) data-swap { (label) (Icon::Close) span.vh { ", " (words.remove_filter) } } }
                }
                li { a.clear href=(listing.wish.unfiltered().address(&address)) data-swap { (words.clear_all) } }
            }
        }
    }
}

/// The chosen filters, each with the list as it would be without it.
fn chosen(listing: &Listing<'_>) -> Vec<(String, Wish)> {
    let locale = listing.visit.locale;
    let words = &locale.words.list;
    let wish = listing.wish;
    let mut chips = Vec::new();
    let mut chip =
        |label: String, change: &dyn Fn(&mut Wish)| chips.push((label, wish.with(change)));
    for value in &wish.categories {
        let name = listing.frame.catalogue.at(value).map_or(value.as_str(), Category::name);
        chip(name.to_owned(), &|wish| wish.categories.retain(|it| it != value));
    }
    for value in &wish.colours {
        chip(label(listing, "color", value), &|wish| wish.colours.retain(|it| it != value));
    }
    for value in &wish.brands {
        chip(label(listing, "brand", value), &|wish| wish.brands.retain(|it| it != value));
    }
    let amount = |text: &str, money| fill(text, &[("amount", &locale.round_money(money))]);
    if let Some(money) = wish.price_min {
        chip(amount(words.from_price, money), &|wish| wish.price_min = None);
    }
    if let Some(money) = wish.price_max {
        chip(amount(words.up_to_price, money), &|wish| wish.price_max = None);
    }
    if wish.in_stock {
        chip(words.in_stock.to_owned(), &|wish| wish.in_stock = false);
    }
    if wish.reduced {
        chip(words.reduced.to_owned(), &|wish| wish.reduced = false);
    }
    chips
}

fn label(listing: &Listing<'_>, facet: &str, value: &str) -> String {
    let known = listing.frame.catalogue.facets.get(facet).into_iter().flatten();
    known.into_iter().find(|it| it.value == value).map_or(value, |it| &it.label).to_owned()
}

fn nothing(listing: &Listing<'_>) -> Markup {
    let words = &listing.visit.locale.words.list;
    let wish = listing.wish;
    let address = listing.place.address();
    html! {
        div.nothing {
            @if wish.q.is_empty() {
                p.nothing-head { (words.nothing) }
            } @else {
                p.nothing-head { (fill(words.nothing_for, &[("q", &wish.q)])) }
            }
            @if let Some(meant) = &listing.page.did_you_mean {
                @let other = wish.with(|wish| wish.q.clone_from(meant));
                p { (words.did_you_mean) " " a href=(other.address(&address)) { (meant) } "?" }
            }
            @if wish.filters() > 0 {
                p { a.button href=(wish.unfiltered().address(&address)) { (words.remove_filters) } }
            } @else {
                p { a.button href="/products" { (listing.visit.locale.words.shell.all_products) } }
            }
        }
    }
}

fn more(listing: &Listing<'_>) -> Markup {
    let locale = listing.visit.locale;
    let words = &locale.words.list;
    let page = listing.page;
    let shown = (listing.wish.before + page.items.len() as u64).min(page.total);
    let next = page.next_cursor.as_ref().map(|cursor| Wish {
        cursor: Some(cursor.as_str().to_owned()),
        before: shown,
        ..listing.wish.clone()
    });
    let values = [("count", &*locale.count(shown)), ("total", &*locale.count(page.total))];
    html! {
        @if page.total > page.items.len() as u64 {
            div.more data-part="more" {
                p.quiet { (fill(words.shown_of, &values)) }
                progress max=(page.total) value=(shown) aria-label=(words.products_shown) {}
                @if let Some(next) = next {
                    @let count = (page.total - shown).min(PAGE_PRODUCTS as u64);
                    a.button.quiet-button href=(next.address(&listing.place.address())) data-more {
                        (fill(words.show_more, &[("n", &count.to_string())]))
                    }
                }
            }
        }
    }
}
