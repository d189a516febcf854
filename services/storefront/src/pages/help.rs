//! Help page (`/help`): delivery terms with their actual prices, returns, privacy.

use crate::{
    app_state::AppState,
    components::{
        address::address,
        layout::{self, LayoutData, PageMeta},
    },
    locale::collation_key,
    messages::interpolate,
    page_error::PageResult,
    page_response::PageResponse,
    request_context::RequestContext,
};
use axum::extract::State;
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /help`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let layout = LayoutData::load(&state, &context).await;
    let messages = context.locale.messages;
    let days = state.settings.return_days;
    let main = html! {
        main.wrap.prose #main {
            h1 { (messages.help.title) }
            section aria-labelledby="delivery" { (delivery(&state, &context, &layout)) }
            section aria-labelledby="returns" {
                h2 #returns { (messages.layout.returns) }
                @if days > 0 {
                    p {
                        strong { (messages.product.return_days.replace("{n}", &context.locale.count(days.into()))) }
                        @if !state.settings.return_note.is_empty() { br; (context.locale.shop_text(&state.settings.return_note)) }
                    }
                }
                p { (messages.help.cancel_text) " " a href="/orders" { (messages.layout.where_is_my_order) } }
            }
            section aria-labelledby="privacy" {
                h2 #privacy { (messages.layout.privacy) }
                p { (messages.help.privacy_text) }
            }
            @if !state.settings.contact.is_empty() {
                section aria-labelledby="contact" {
                    h2 #contact { (messages.layout.contact) }
                    (layout::contact(&state.settings.contact))
                }
            }
        }
    };
    let description = interpolate(messages.help.description, &[("shop", &state.settings.name)]);
    let meta = PageMeta {
        title: messages.help.title,
        description: Some(&description),
        canonical: Some("/help".to_owned()),
        ..PageMeta::default()
    };
    Ok(PageResponse::public(&state, &context)
        .html(layout::page(&state, &context, &layout, &meta, &main)))
}

fn delivery(state: &AppState, context: &RequestContext, layout: &LayoutData) -> Markup {
    let locale = context.locale;
    let messages = &locale.messages.help;
    let own = &state.settings.country;
    let countries = &layout.delivery.countries;
    let name = countries
        .iter()
        .find(|it| it.code == *own)
        .map_or(own.as_str(), |it| locale.messages.country(it));
    let mut names: Vec<&str> = countries.iter().map(|it| locale.messages.country(it)).collect();
    names.sort_by_cached_key(|name| collation_key(name));
    html! {
        h2 #delivery { (locale.messages.layout.delivery_and_costs) }
        @if !layout.delivery.methods.is_empty() {
            p { (interpolate(messages.delivery_lead, &[("country", name)])) }
            table.plain {
                thead {
                    tr {
                        th scope="col" { (messages.method) }
                        th scope="col" { (messages.days) }
                        th.number scope="col" { (messages.price) }
                        th.number scope="col" { (messages.free_from) }
                    }
                }
                tbody {
                    @for method in &layout.delivery.methods {
                        tr {
                            th scope="row" { (locale.messages.shipping_method(&method.label)) }
                            td { @if method.days[0] < method.days[1] { (method.days[0]) " – " } (method.days[1]) }
                            td.number { @if method.price.is_zero() { (locale.messages.cart.free) } @else { (locale.money(method.price)) } }
                            td.number { @if let Some(free) = method.free_from { (locale.compact_money(free)) } @else { "–" } }
                        }
                    }
                }
            }
        }
        @for place in layout.delivery.methods.iter().filter_map(|method| method.pickup.as_ref()) {
            h3 { (locale.messages.order.collect_from) }
            (address(&place.address, name))
            @if !place.hours.is_empty() {
                p { (locale.messages.checkout.opening_hours) @for line in &place.hours { br; (line) } }
            }
        }
        @if !names.is_empty() {
            p #countries { (messages.countries) }
            ul.countries role="list" aria-labelledby="countries" { @for name in &names { li { (name) } } }
        }
    }
}
