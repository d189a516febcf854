//! `/orders`: the way back to an order for who lost its address, by number and e-mail address together.

use crate::{
    http::{Answer, CartMemory, Fields, Reply, Visit, see_other},
    parts::{
        field::{Field, Kind, field},
        icon::Icon,
        shell::{self, Head, Indexed},
    },
    shop::Shop,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use maud::html;
use std::sync::Arc;

/// The longest number and address that are looked for, in characters.
const TEXT_MAX: usize = 200;

/// `/orders`
pub(crate) async fn find_form(State(shop): State<Arc<Shop>>, visit: Visit) -> Answer {
    Ok(render(&shop, &visit, &Fields::default(), None).await)
}

/// `POST /orders`
pub(crate) async fn find(State(shop): State<Arc<Shop>>, visit: Visit, fields: Fields) -> Answer {
    let text = |name: &str| fields.text(name).filter(|it| it.len() <= TEXT_MAX);
    let words = &visit.locale.words.order;
    if let (Some(number), Some(email)) = (text("number"), text("email"))
        && let Some(id) = shop.find_order(number, email).await?
    {
        return Ok(see_other(&visit, &format!("/orders/{id}"), CartMemory::Untouched));
    }
    Ok(render(&shop, &visit, &fields, Some(words.find_nothing)).await)
}

async fn render(shop: &Shop, visit: &Visit, fields: &Fields, wrong: Option<&str>) -> Response {
    let frame = shop.frame(visit).await;
    let all = visit.locale.words;
    let words = &all.order;
    let head = Head { title: words.find_title, indexed: Indexed::No, ..Head::default() };
    let main = html! {
        main.wrap.prose #main {
            h1 { (words.find_title) }
            p.quiet { (words.find_lead) }
            form.find-order action="/orders" method="post" data-once {
                @if let Some(wrong) = wrong { p.notice.bad role="alert" { (Icon::Cross) span { (wrong) } } }
                (field(all, &Field {
                    name: "number", label: words.find_number, autocomplete: "off",
                    value: fields.text("number").unwrap_or_default(), ..Field::default()
                }))
                (field(all, &Field {
                    name: "email", label: all.checkout.email, autocomplete: "email", kind: Kind::Email,
                    value: fields.text("email").unwrap_or_default(), ..Field::default()
                }))
                button.button.large type="submit" { (words.find_button) }
            }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Reply::own(shop, visit).status(status).send(shell::page(shop, visit, &frame, &head, &main))
}
