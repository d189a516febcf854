//! Page layout: document head, header and footer around the content of every page.

use super::icon::{self, Icon};
use crate::{
    app_state::AppState,
    cached_catalogue::{Catalogue, Category, DeliveryTerms},
    form_fields::FormFields,
    locale::Locale,
    messages::interpolate,
    request_context::RequestContext,
};
use contracts::cart::Cart;
use maud::{DOCTYPE, Markup, html};
use std::sync::Arc;

/// Data that the layout shows beside the content of the page.
#[derive(Debug, Default)]
pub(crate) struct LayoutData {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) delivery: Arc<DeliveryTerms>,
    /// Current cart; none also when the cart service cannot be reached.
    pub(crate) cart: Option<Cart>,
}

impl LayoutData {
    /// Layout data of a request. What cannot be fetched is left out: the page itself is more important.
    pub(crate) async fn load(state: &AppState, context: &RequestContext) -> Self {
        let (catalogue, delivery, cart) = tokio::join!(
            state.cached_catalogue.catalogue(),
            state.cached_catalogue.delivery(),
            state.current_cart(context)
        );
        Self { catalogue, delivery, cart: cart.ok().flatten() }
    }

    /// Layout data from the cache alone, without a call.
    pub(crate) fn cached(state: &AppState) -> Self {
        Self { catalogue: state.cached_catalogue.last_catalogue(), ..Self::default() }
    }
}

/// Metadata of a page for its document head.
#[derive(Debug, Default)]
pub(crate) struct PageMeta<'a> {
    /// Title without the shop's name.
    pub(crate) title: &'a str,
    /// Meta description; the shop's tagline by default.
    pub(crate) description: Option<&'a str>,
    pub(crate) indexing: Indexing,
}

/// Robots directive: whether search engines may index a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Indexing {
    #[default]
    Index,
    NoIndex,
}

/// Full page: header with navigation and search, content, footer.
pub(crate) fn page(
    state: &AppState,
    context: &RequestContext,
    layout: &LayoutData,
    meta: &PageMeta<'_>,
    main: &Markup,
) -> Markup {
    let messages = context.locale.messages;
    document(
        state,
        context,
        meta,
        &html! {
            @if let Some(free) = layout.delivery.free_from() {
                aside.bar { (interpolate(messages.layout.free_from, &[("amount", &context.locale.compact_money(free))])) }
            }
            (header(state, context, layout))
            (main)
            (footer(state, context, layout))
            section.toast #toast popover="manual" aria-label=(messages.cart.title) { div data-part="toast" {} }
        },
    )
}

/// Minimal page without navigation, for the checkout, the test bank and errors. `tools` stands in the header.
pub(crate) fn minimal_page(
    state: &AppState,
    context: &RequestContext,
    meta: &PageMeta<'_>,
    tools: &Markup,
    main: &Markup,
) -> Markup {
    document(
        state,
        context,
        meta,
        &html! {
            header.top.narrow { div.row { (logo(state, context.locale)) div.tools { (tools) } } }
            (main)
        },
    )
}

fn document(
    state: &AppState,
    context: &RequestContext,
    meta: &PageMeta<'_>,
    body: &Markup,
) -> Markup {
    let messages = context.locale.messages;
    let settings = &state.settings;
    html! {
        (DOCTYPE)
        html lang=(messages.tag) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (meta.title) " – " (settings.name) }
                meta name="description" content=(meta.description.unwrap_or(&settings.tagline));
                @if meta.indexing == Indexing::NoIndex { meta name="robots" content="noindex"; }
                link rel="icon" href=(state.assets.icon) type="image/svg+xml";
                link rel="stylesheet" href=(state.assets.style);
                link rel="stylesheet" href=(state.assets.theme);
                link rel="modulepreload" href=(state.assets.script);
                script type="module" src=(state.assets.script) {}
            }
            body {
                a.skip href="#main" { (messages.layout.skip) }
                @if settings.test_payments { aside.test-shop { (messages.layout.test_shop) } }
                (body)
                p.vh #status role="status" {}
            }
        }
    }
}

fn logo(state: &AppState, locale: Locale) -> Markup {
    let label = interpolate(locale.messages.layout.home_of, &[("name", &state.settings.name)]);
    html! { a.mark href="/" aria-label=(label) { (icon::logo()) (state.settings.name) } }
}

fn header(state: &AppState, context: &RequestContext, layout: &LayoutData) -> Markup {
    let messages = &context.locale.messages.layout;
    html! {
        header.top {
            div.row {
                (logo(state, context.locale))
                (departments(context, &layout.catalogue))
                div.tools {
                    (cart_link(context.locale, layout.cart.as_ref()))
                    button.icon-button.menu type="button" popovertarget="departments" aria-label=(messages.menu) { (Icon::Menu) }
                }
            }
            (search(context))
        }
    }
}

fn departments(context: &RequestContext, catalogue: &Catalogue) -> Markup {
    let messages = &context.locale.messages.layout;
    let here = context.uri.path();
    let current = |address: &str| {
        let inside =
            here.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        inside.then_some(if here == address { "page" } else { "true" })
    };
    let links = catalogue.departments().into_iter().map(|it: &Category| (it.address(), it.name()));
    html! {
        nav.departments #departments popover aria-label=(messages.departments) {
            div.drawer-head {
                strong { (messages.departments) }
                button.icon-button type="button" popovertarget="departments" popovertargetaction="hide" aria-label=(messages.close) { (Icon::Close) }
            }
            ul role="list" {
                li { a href="/new" aria-current=[current("/new")] { (messages.new) } }
                @for (address, name) in links {
                    li { a href=(address) aria-current=[current(&address)] { (name) } }
                }
                li.drawer-only { a href="/products" aria-current=[current("/products")] { (messages.all_products) } }
            }
        }
    }
}

fn search(context: &RequestContext) -> Markup {
    let messages = &context.locale.messages.layout;
    let query = context.uri.query().unwrap_or_default();
    let fields = FormFields::parse(query.as_bytes());
    let search = if context.uri.path() == "/products" { fields.text("q") } else { None };
    html! {
        search.find aria-label=(messages.search_label) {
            form action="/products" data-search {
                label.vh for="q" { (messages.search_label) }
                (Icon::Search)
                input.input #q name="q" type="search" value=[search] placeholder=(messages.search_hint) enterkeyhint="search"
                    autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="100";
                button.vh type="submit" { (messages.search_button) }
                div.offers #offers role="listbox" aria-label=(messages.suggestions) hidden {}
            }
        }
    }
}

/// Link to the cart, with the number of items in it.
pub(crate) fn cart_link(locale: Locale, cart: Option<&Cart>) -> Markup {
    let count = cart.map_or(0, |cart| cart.item_count);
    html! {
        a.icon-button href="/cart" data-part="cart-link" aria-label=(locale.messages.layout.cart_link.of_small(count)) {
            (Icon::Cart)
            @if count > 0 { span.count aria-hidden="true" { @if count > 99 { "99+" } @else { (count) } } }
        }
    }
}

fn footer(state: &AppState, context: &RequestContext, layout: &LayoutData) -> Markup {
    let messages = &context.locale.messages.layout;
    html! {
        footer.foot {
            div.wrap {
                nav aria-labelledby="foot-help" {
                    h2 #foot-help { (messages.help) }
                    ul role="list" {
                        li { a href="/orders" { (messages.where_is_my_order) } }
                        li { a href="/help#delivery" { (messages.delivery_and_costs) } }
                        li { a href="/help#returns" { (messages.returns) } }
                    }
                }
                nav aria-labelledby="foot-shop" {
                    h2 #foot-shop { (messages.shop) }
                    ul role="list" {
                        li { a href="/new" { (messages.new) } }
                        li { a href="/products" { (messages.all_products) } }
                        li { a href="/products?reduced=true" { (messages.reduced) } }
                        @for department in layout.catalogue.departments().into_iter().take(3) {
                            li { a href=(department.address()) { (department.name()) } }
                        }
                    }
                }
                div {
                    h2 { (state.settings.name) }
                    p.quiet { (state.settings.tagline) }
                    p { a href="/help#privacy" { (messages.privacy) } }
                }
            }
        }
    }
}

/// Breadcrumb navigation: the ancestors of a page, and the page itself unless its heading follows at once.
pub(crate) fn breadcrumbs(
    locale: Locale,
    ancestors: &[(String, String)],
    current: Option<&str>,
) -> Markup {
    html! {
        nav.crumbs aria-label=(locale.messages.layout.breadcrumb) {
            ol role="list" {
                li { a href="/" { (locale.messages.layout.home) } }
                @for (address, name) in ancestors { li { a href=(address) { (name) } } }
                @if let Some(current) = current { li aria-current="page" { (current) } }
            }
        }
    }
}
