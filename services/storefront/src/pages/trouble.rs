//! Pages nobody wants to see: a sentence, and a way on. They ask no service.

use crate::{
    http::{Reply, Trouble, Visit},
    parts::shell::{self, Frame, Head, Indexed},
    shop::Shop,
    words::fill,
};
use axum::response::Response;
use maud::{Markup, html};

/// The page of a trouble.
pub(crate) fn page(
    shop: &Shop,
    visit: &Visit,
    trouble: Trouble,
    request_id: Option<&str>,
) -> Response {
    let words = &visit.locale.words.trouble;
    let (title, text) = match trouble {
        Trouble::Gone => (words.gone, words.gone_text.to_owned()),
        Trouble::OtherMethod | Trouble::TooLarge => {
            (words.not_here, words.not_here_text.to_owned())
        }
        Trouble::Foreign => (words.refused, words.refused_text.to_owned()),
        Trouble::Busy { retry_seconds } => {
            (words.busy, fill(words.busy_text, &[("n", &retry_seconds.to_string())]))
        }
        Trouble::Broken => (words.broken, words.broken_text.to_owned()),
    };
    let head = Head { title: title.trim_end_matches('.'), indexed: Indexed::No, ..Head::default() };
    let main = html! {
        main.wrap #main {
            div.nothing {
                h1 { (title) }
                p.nothing-head { (text) }
                (ways(visit, trouble))
                @if trouble == Trouble::Broken && let Some(id) = request_id {
                    p.quiet.small { (fill(words.request_id, &[("id", id)])) }
                }
            }
        }
    };
    let page = match trouble {
        // Somebody who got lost wants the whole shop around them.
        Trouble::Gone => shell::page(shop, visit, &Frame::seen(shop), &head, &main),
        _ => shell::narrow(shop, visit, &head, &html! {}, &main),
    };
    Reply::own(shop, visit).status(trouble.status()).send(page)
}

fn ways(visit: &Visit, trouble: Trouble) -> Markup {
    let words = &visit.locale.words.trouble;
    let again = visit.uri.path_and_query().map_or("/", |it| it.as_str());
    html! {
        @match trouble {
            Trouble::Busy { .. } | Trouble::Broken => p {
                a.button href=(again) { (words.again) } " "
                a.button.quiet-button href="/" { (words.to_home) }
            },
            _ => p {
                a.button href="/products" { (words.to_products) } " "
                a.button.quiet-button href="/" { (words.to_home) }
            },
        }
    }
}
