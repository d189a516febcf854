//! What stands around every page: head, header, footer.

use super::icon::{self, Icon};
use crate::{
    http::Visit,
    locale::Locale,
    shelf::{Catalogue, Category, Delivery},
    shop::Shop,
    words::fill,
};
use contracts::cart::{Cart, CartStatus};
use kernel::codes;
use maud::{DOCTYPE, Markup, html};
use std::sync::Arc;
use transport::CallError;

/// What the shell knows about the shop and the shopper.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) cart: Option<Cart>,
}

impl Shop {
    /// The frame of a visit. Whatever cannot be told at the moment is left out: the page is more important.
    pub(crate) async fn frame(&self, visit: &Visit) -> Frame {
        let (catalogue, delivery, cart) =
            tokio::join!(self.catalogue(), self.delivery(), self.cart_of(visit));
        Frame { catalogue, delivery, cart }
    }

    /// The shopper's cart while it can be shopped with, as far as anybody can tell.
    async fn cart_of(&self, visit: &Visit) -> Option<Cart> {
        self.own_cart(visit).await.ok().flatten()
    }

    /// The shopper's cart while it can be shopped with. That nobody can tell is another answer than that there is none.
    pub(crate) async fn own_cart(&self, visit: &Visit) -> Result<Option<Cart>, CallError> {
        let Some(id) = visit.cart else { return Ok(None) };
        match self.carts.cart(id).await {
            Ok(cart) => Ok((cart.status != CartStatus::Ordered).then_some(cart)),
            Err(error) if error.problem(&codes::NOT_FOUND).is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What a page is called.
#[derive(Debug, Default)]
pub(crate) struct Head<'a> {
    /// Without the shop's name.
    pub(crate) title: &'a str,
    /// One sentence for those who find it; the shop's line where there is none.
    pub(crate) description: Option<&'a str>,
    /// Whether search engines are to leave it out.
    pub(crate) indexed: Indexed,
}

/// Whether search engines are to list a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Indexed {
    #[default]
    Yes,
    No,
}

/// A whole page.
pub(crate) fn page(
    shop: &Shop,
    visit: &Visit,
    frame: &Frame,
    head: &Head<'_>,
    main: &Markup,
) -> Markup {
    let words = visit.locale.words;
    document(
        shop,
        visit,
        head,
        &html! {
            @if let Some(free) = frame.delivery.free_from() {
                aside.bar { (fill(words.shell.free_from, &[("amount", &visit.locale.round_money(free))])) }
            }
            (header(shop, visit, frame))
            (main)
            (footer(shop, visit, frame))
            section.toast #toast popover="manual" aria-label=(words.cart.title) { div data-part="toast" {} }
        },
    )
}

/// A page without ways to wander off: checkout, bank, trouble.
pub(crate) fn narrow(
    shop: &Shop,
    visit: &Visit,
    head: &Head<'_>,
    tools: &Markup,
    main: &Markup,
) -> Markup {
    document(
        shop,
        visit,
        head,
        &html! {
            header.top.narrow { div.row { (mark(shop, visit.locale)) div.tools { (tools) } } }
            (main)
        },
    )
}

fn document(shop: &Shop, visit: &Visit, head: &Head<'_>, body: &Markup) -> Markup {
    let words = visit.locale.words;
    let settings = &shop.settings;
    html! {
        (DOCTYPE)
        html lang=(words.tag) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (head.title) " – " (settings.name) }
                meta name="description" content=(head.description.unwrap_or(&settings.tagline));
                @if head.indexed == Indexed::No { meta name="robots" content="noindex"; }
                link rel="icon" href=(shop.assets.icon) type="image/svg+xml";
                link rel="stylesheet" href=(shop.assets.style);
                link rel="stylesheet" href=(shop.assets.theme);
                link rel="modulepreload" href=(shop.assets.script);
                script type="module" src=(shop.assets.script) {}
            }
            body {
                a.skip href="#main" { (words.shell.skip) }
                (body)
                p.vh #status role="status" {}
            }
        }
    }
}

fn mark(shop: &Shop, locale: Locale) -> Markup {
    let label = fill(locale.words.shell.home_of, &[("name", &shop.settings.name)]);
    html! { a.mark href="/" aria-label=(label) { (icon::mark()) (shop.settings.name) } }
}

fn header(shop: &Shop, visit: &Visit, frame: &Frame) -> Markup {
    let words = &visit.locale.words.shell;
    html! {
        header.top {
            div.row {
                (mark(shop, visit.locale))
                (departments(visit, &frame.catalogue))
                div.tools {
                    (cart_link(visit.locale, frame.cart.as_ref()))
                    button.icon-button.menu type="button" popovertarget="departments" aria-label=(words.menu) { (Icon::Menu) }
                }
            }
            (search(visit))
        }
    }
}

fn departments(visit: &Visit, catalogue: &Catalogue) -> Markup {
    let words = &visit.locale.words.shell;
    let here = visit.uri.path();
    let current = |address: &str| {
        let inside =
            here.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        inside.then_some(if here == address { "page" } else { "true" })
    };
    let links = catalogue.departments().into_iter().map(|it: &Category| (it.address(), it.name()));
    html! {
        nav.departments #departments popover aria-label=(words.departments) {
            div.drawer-head {
                strong { (words.departments) }
                button.icon-button type="button" popovertarget="departments" popovertargetaction="hide" aria-label=(words.close) { (Icon::Close) }
            }
            ul role="list" {
                li { a href="/new" aria-current=[current("/new")] { (words.new) } }
                @for (address, name) in links {
                    li { a href=(address) aria-current=[current(&address)] { (name) } }
                }
                li.drawer-only { a href="/products" aria-current=[current("/products")] { (words.all_products) } }
            }
        }
    }
}

fn search(visit: &Visit) -> Markup {
    let words = &visit.locale.words.shell;
    let asked = visit.uri.query().unwrap_or_default();
    let fields = crate::http::Fields::parse(asked.as_bytes());
    let asked = if visit.uri.path() == "/products" { fields.text("q") } else { None };
    html! {
        search.find aria-label=(words.search_label) {
            form action="/products" data-search {
                label.vh for="q" { (words.search_label) }
                (Icon::Search)
                input.input #q name="q" type="search" value=[asked] placeholder=(words.search_hint) enterkeyhint="search"
                    autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="100";
                button.vh type="submit" { (words.search_button) }
                div.offers #offers role="listbox" aria-label=(words.suggestions) hidden {}
            }
        }
    }
}

/// The way to the cart, with what is in it.
pub(crate) fn cart_link(locale: Locale, cart: Option<&Cart>) -> Markup {
    let count = cart.map_or(0, |cart| cart.item_count);
    html! {
        a.icon-button href="/cart" data-part="cart-link" aria-label=(locale.words.shell.cart_link.small(count)) {
            (Icon::Cart)
            @if count > 0 { span.count aria-hidden="true" { @if count > 99 { "99+" } @else { (count) } } }
        }
    }
}

fn footer(shop: &Shop, visit: &Visit, frame: &Frame) -> Markup {
    let words = &visit.locale.words.shell;
    html! {
        footer.foot {
            div.wrap {
                nav aria-labelledby="foot-help" {
                    h2 #foot-help { (words.help) }
                    ul role="list" {
                        li { a href="/orders" { (words.where_is_my_order) } }
                        li { a href="/help#delivery" { (words.delivery_and_costs) } }
                        li { a href="/help#returns" { (words.returns) } }
                    }
                }
                nav aria-labelledby="foot-shop" {
                    h2 #foot-shop { (words.shop) }
                    ul role="list" {
                        li { a href="/new" { (words.new) } }
                        li { a href="/products" { (words.all_products) } }
                        li { a href="/products?reduced=true" { (words.reduced) } }
                        @for department in frame.catalogue.departments().into_iter().take(3) {
                            li { a href=(department.address()) { (department.name()) } }
                        }
                    }
                }
                div {
                    h2 { (shop.settings.name) }
                    p.quiet { (shop.settings.tagline) }
                    p { a href="/help#privacy" { (words.privacy) } }
                }
            }
        }
    }
}

/// The way here, and the page itself where its heading does not follow at once.
pub(crate) fn crumbs(locale: Locale, way: &[(String, String)], here: Option<&str>) -> Markup {
    html! {
        nav.crumbs aria-label=(locale.words.shell.breadcrumb) {
            ol role="list" {
                li { a href="/" { (locale.words.shell.home) } }
                @for (address, name) in way { li { a href=(address) { (name) } } }
                @if let Some(here) = here { li aria-current="page" { (here) } }
            }
        }
    }
}
