//! Page layout: document head, header and footer around the content of every page.

use super::icon::Icon;
use crate::{
    app_state::AppState,
    cached_catalogue::{Catalogue, Category, DeliveryTerms},
    form_fields::FormFields,
    locale::Locale,
    messages::interpolate,
    pages::merchant_pages::MerchantPage,
    request_context::RequestContext,
    settings::ContactSettings,
    structured_data,
};
use contracts::{cart::Cart, shared::Image};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;
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
        let (layout, cart) = tokio::join!(Self::without_cart(state), state.current_cart(context));
        Self { cart: cart.ok().flatten(), ..layout }
    }

    /// Layout data that is the same for all shoppers.
    pub(crate) async fn without_cart(state: &AppState) -> Self {
        let (catalogue, delivery) =
            tokio::join!(state.cached_catalogue.catalogue(), state.cached_catalogue.delivery());
        Self { catalogue, delivery, cart: None }
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
    /// Meta description; the shop's introduction or tagline by default.
    pub(crate) description: Option<&'a str>,
    pub(crate) indexing: Indexing,
    /// Canonical path of what the page shows; none for pages that search engines do not index.
    pub(crate) canonical: Option<String>,
    /// Image that stands for the page where a link to it is shared.
    pub(crate) image: Option<&'a Image>,
    /// Structured data for search engines.
    pub(crate) structured_data: Vec<Value>,
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
            @if MerchantPage::written(&state.settings).next().is_some() {
                footer.foot { div.wrap { ul role="list" { (merchant_pages(state, context)) } } }
            }
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
                title { @if meta.title != settings.name { (meta.title) " – " } (settings.name) }
                (metadata(state, context, meta))
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

/// What search engines and programs that share links read: description, canonical address, Open Graph, JSON-LD.
fn metadata(state: &AppState, context: &RequestContext, meta: &PageMeta<'_>) -> Markup {
    let settings = &state.settings;
    let default = [&settings.introduction, &settings.tagline].into_iter().find(|it| !it.is_empty());
    let description =
        meta.description.or_else(|| default.map(|text| context.locale.translate(text)));
    let is_indexed = meta.indexing == Indexing::Index;
    let canonical = meta.canonical.as_deref().filter(|_| is_indexed);
    let canonical = canonical.and_then(|path| context.absolute(path));
    let image = meta.image.filter(|image| image.url.starts_with('/'));
    html! {
        @if let Some(description) = description { meta name="description" content=(description); }
        @if !is_indexed { meta name="robots" content="noindex"; }
        @if let Some(canonical) = &canonical {
            link rel="canonical" href=(canonical);
            meta property="og:type" content="website";
            meta property="og:site_name" content=(settings.name);
            meta property="og:title" content=(meta.title);
            @if let Some(description) = description { meta property="og:description" content=(description); }
            meta property="og:url" content=(canonical);
            @if let Some(image) = image && let Some(url) = context.absolute(&image.url) {
                meta property="og:image" content=(url);
                @if !image.alt.is_empty() { meta property="og:image:alt" content=(image.alt); }
            }
            @for value in &meta.structured_data { (structured_data::script(value)) }
        }
    }
}

fn logo(state: &AppState, locale: Locale) -> Markup {
    let settings = &state.settings;
    let label = interpolate(locale.messages.layout.home_of, &[("name", &settings.name)]);
    let has_picture = !settings.logo.is_empty();
    html! {
        a.mark href="/" aria-label=(label) {
            @if has_picture { img.mark-sign src=(settings.logo) alt=""; }
            @if !has_picture || !settings.logo_has_name { (settings.name) }
        }
    }
}

fn header(state: &AppState, context: &RequestContext, layout: &LayoutData) -> Markup {
    let messages = &context.locale.messages.layout;
    html! {
        header.top {
            div.row {
                (logo(state, context.locale))
                (departments(context, &layout.catalogue))
                div.tools {
                    (account_link(context))
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
                    li { a href=(address) lang=[context.locale.lang_of(name)] aria-current=[current(&address)] { (context.locale.translate(name)) } }
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

/// Link to the account, or to the ways to sign in.
fn account_link(context: &RequestContext) -> Markup {
    let messages = &context.locale.messages.account;
    let label = if context.customer.is_some() { messages.title } else { messages.sign_in };
    html! { a.icon-button href="/account" aria-label=(label) title=(label) { (Icon::Person) } }
}

/// Link to the cart, with the number of items in it.
pub(crate) fn cart_link(locale: Locale, cart: Option<&Cart>) -> Markup {
    let count = cart.map_or(0, |cart| cart.item_count);
    html! {
        a.icon-button href="/cart" data-part="cart-link" aria-label=(locale.plural(&locale.messages.layout.cart_link, count.unsigned_abs())) {
            (Icon::Cart)
            @if count > 0 { span.count aria-hidden="true" { @if count > 99 { "99+" } @else { (count) } } }
        }
    }
}

fn footer(state: &AppState, context: &RequestContext, layout: &LayoutData) -> Markup {
    let locale = context.locale;
    let messages = &locale.messages.layout;
    let settings = &state.settings;
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
                        @for department in layout.catalogue.departments() {
                            @let name = department.name();
                            li { a href=(department.address()) lang=[locale.lang_of(name)] { (locale.translate(name)) } }
                        }
                    }
                }
                @if !settings.contact.is_empty() {
                    div { h2 { (messages.contact) } (contact(&settings.contact)) }
                }
                div {
                    h2 { (settings.name) }
                    @if !settings.tagline.is_empty() { p.quiet { (locale.shop_text(&settings.tagline)) } }
                    ul role="list" {
                        (merchant_pages(state, context))
                        @if settings.pages.privacy.trim().is_empty() { li { a href="/help#privacy" { (messages.privacy) } } }
                    }
                    (language_choice(state, context))
                }
            }
        }
    }
}

/// Links to the pages that the merchant wrote.
fn merchant_pages(state: &AppState, context: &RequestContext) -> Markup {
    html! {
        @for page in MerchantPage::written(&state.settings) {
            li { a href=(page.path()) { (page.title(&context.locale.messages.layout)) } }
        }
    }
}

/// Contact of the shop, as far as it is set.
pub(crate) fn contact(contact: &ContactSettings) -> Markup {
    let dialled: String =
        contact.phone.chars().filter(|it| it.is_ascii_digit() || *it == '+').collect();
    html! {
        ul.contact role="list" {
            @if !contact.email.is_empty() { li { a href={ "mailto:" (contact.email) } { (contact.email) } } }
            @if !contact.phone.is_empty() { li { a href={ "tel:" (dialled) } { (contact.phone) } } }
        }
        @if !contact.address.is_empty() {
            address { @for (number, line) in contact.address.iter().enumerate() { @if number > 0 { br; } (line) } }
        }
    }
}

/// Buttons for the other languages: a form, because a choice that lasts is no link.
fn language_choice(state: &AppState, context: &RequestContext) -> Markup {
    let languages = state.settings.available_languages();
    let messages = &context.locale.messages.layout;
    let here = context.uri.path_and_query().map_or("/", |it| it.as_str());
    html! {
        @if languages.len() > 1 {
            form.languages action="/language" method="post" aria-label=(messages.language) {
                input type="hidden" name="back" value=(here);
                @for language in languages {
                    @let of_it = language.messages();
                    @let is_current = *language == context.locale.language();
                    button.text-button type="submit" name="language" value=(of_it.tag) lang=(of_it.tag)
                        aria-current=[is_current.then_some("true")] { (of_it.language_name) }
                }
            }
        }
    }
}

/// Breadcrumb navigation: the ancestors of a page, and the page itself unless its heading follows at once.
pub(crate) fn breadcrumbs(
    locale: Locale,
    ancestors: &[(String, String)],
    current: Option<&Markup>,
) -> Markup {
    html! {
        nav.crumbs aria-label=(locale.messages.layout.breadcrumb) {
            ol role="list" {
                li { a href="/" { (locale.messages.layout.home) } }
                @for (address, name) in ancestors { li { a href=(address) lang=[locale.lang_of(name)] { (locale.translate(name)) } } }
                @if let Some(current) = current { li aria-current="page" { (current) } }
            }
        }
    }
}
