//! `/help`: delivery with its real prices, returns, privacy.

use crate::{
    http::{Answer, Reply, Visit},
    parts::shell::{self, Frame, Head},
    shop::Shop,
    words::fill,
};
use axum::extract::State;
use maud::{Markup, html};
use std::sync::Arc;

/// `/help`
pub(crate) async fn show(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    let frame = shop.frame(&visit).await;
    let words = visit.locale.words;
    let days = shop.settings.return_days;
    let main = html! {
        main.wrap.prose #main {
            h1 { (words.help.title) }
            section aria-labelledby="delivery" { (delivery(&shop, &visit, &frame)) }
            section aria-labelledby="returns" {
                h2 #returns { (words.shell.returns) }
                @if days > 0 { p { (words.help.returns_text.replace("{n}", &days.to_string())) } }
                p { (words.help.no_returns_text) " " a href="/orders" { (words.shell.where_is_my_order) } }
            }
            section aria-labelledby="privacy" {
                h2 #privacy { (words.shell.privacy) }
                p { (words.help.privacy_text) }
            }
        }
    };
    let head = Head { title: words.help.title, ..Head::default() };
    Ok(Reply::page(&shop, &visit).send(shell::page(&shop, &visit, &frame, &head, &main)))
}

fn delivery(shop: &Shop, visit: &Visit, frame: &Frame) -> Markup {
    let locale = visit.locale;
    let words = &locale.words.help;
    let own = &shop.settings.country;
    let countries = &frame.delivery.countries;
    let name = countries
        .iter()
        .find(|it| it.code == *own)
        .map_or(own.as_str(), |it| locale.words.country(it));
    let names: Vec<&str> = countries.iter().map(|it| locale.words.country(it)).collect();
    html! {
        h2 #delivery { (locale.words.shell.delivery_and_costs) }
        @if !frame.delivery.methods.is_empty() {
            p { (fill(words.delivery_lead, &[("country", name)])) }
            table.plain {
                thead {
                    tr {
                        th scope="col" { (words.method) }
                        th scope="col" { (words.days) }
                        th.number scope="col" { (words.price) }
                        th.number scope="col" { (words.free_from) }
                    }
                }
                tbody {
                    @for method in &frame.delivery.methods {
                        tr {
                            th scope="row" { (locale.words.delivery(&method.label)) }
                            td { @if method.days[0] < method.days[1] { (method.days[0]) " – " } (method.days[1]) }
                            td.number { (locale.money(method.price)) }
                            td.number { @if let Some(free) = method.free_from { (locale.round_money(free)) } @else { "–" } }
                        }
                    }
                }
            }
        }
        @if !names.is_empty() { p { (fill(words.countries, &[("countries", &names.join(", "))])) } }
    }
}
