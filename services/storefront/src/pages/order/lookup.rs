//! Order lookup (`/orders`): finds an order by its number together with the e-mail address it was placed with.

use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        form_field::{InputType, TextField, text_field},
        icon::Icon,
        layout::{self, Indexing, LayoutData, PageMeta},
    },
    form_fields::FormFields,
    page_error::PageResult,
    page_response::{PageResponse, see_other},
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use maud::html;
use std::sync::Arc;

/// Maximum length of a number or an e-mail address, in bytes.
const TEXT_MAX: usize = 200;

/// `GET /orders`
pub(crate) async fn lookup_form(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    Ok(render(&state, &context, &FormFields::default(), None).await)
}

/// `POST /orders`
pub(crate) async fn look_up(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let text = |name: &str| fields.text(name).filter(|it| it.len() <= TEXT_MAX);
    let messages = &context.locale.messages.order;
    if let (Some(number), Some(email)) = (text("number"), text("email"))
        && let Some(id) = state.find_order(number, email).await?
    {
        return Ok(see_other(&context, &format!("/orders/{id}"), CartCookie::Unchanged));
    }
    Ok(render(&state, &context, &fields, Some(messages.find_nothing)).await)
}

async fn render(
    state: &AppState,
    context: &RequestContext,
    fields: &FormFields,
    error: Option<&str>,
) -> Response {
    let layout = LayoutData::load(state, context).await;
    let all = context.locale.messages;
    let messages = &all.order;
    let meta =
        PageMeta { title: messages.find_title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    let main = html! {
        main.wrap.prose #main {
            h1 { (messages.find_title) }
            p.quiet { (messages.find_lead) }
            form.find-order action="/orders" method="post" data-once {
                @if let Some(error) = error { p.notice.bad role="alert" { (Icon::Alert) span { (error) } } }
                (text_field(all, &TextField {
                    name: "number", label: messages.find_number, autocomplete: "off",
                    value: fields.text("number").unwrap_or_default(), ..TextField::default()
                }))
                (text_field(all, &TextField {
                    name: "email", label: all.checkout.email, autocomplete: "email", input_type: InputType::Email,
                    value: fields.text("email").unwrap_or_default(), ..TextField::default()
                }))
                button.button.large type="submit" { (messages.find_button) }
            }
        }
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    PageResponse::private(state, context)
        .status(status)
        .html(layout::page(state, context, &layout, &meta, &main))
}
