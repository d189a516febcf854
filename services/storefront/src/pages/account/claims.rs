//! Claim of an order that was placed without the account: a form that has a link mailed to its address, and the page of that link.

use super::{ACCOUNT, Section, render, sign_in_address};
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        form_field::{InputType, TextField, text_field},
        icon::Icon,
    },
    form_fields::FormFields,
    locale::Locale,
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::see_other,
    request_context::RequestContext,
};
use axum::{extract::State, response::Response};
use contracts::{
    order::{OrderClaim, OrderClaimLink},
    shared::Email,
};
use http::StatusCode;
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;

/// Maximum length of a number, an e-mail address or a link, in bytes.
const TEXT_BYTES_MAX: usize = 200;

/// `POST /account/claims`
pub(crate) async fn request(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    if !state.settings.order_claims {
        return Err(PageError::NotFound);
    }
    if context.customer.is_none() {
        return Ok(see_other(&context, &sign_in_address(ACCOUNT), CartCookie::Unchanged));
    }
    let messages = &context.locale.messages.account;
    let text = |name: &str| fields.text(name).filter(|it| it.len() <= TEXT_BYTES_MAX);
    let (Some(number), Some(email)) = (text("number"), text("email")) else {
        let body = form(context.locale, &fields, Some(messages.claim_incomplete));
        let page = render(&state, &context, Section::Orders, &body).await;
        return Ok(with_status(page, StatusCode::UNPROCESSABLE_ENTITY));
    };
    if Email::parse(email).is_err() {
        let body =
            form(context.locale, &fields, Some(context.locale.messages.checkout.enter_email));
        let page = render(&state, &context, Section::Orders, &body).await;
        return Ok(with_status(page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let language = Some(context.locale.messages.tag.to_owned());
    let claim = OrderClaim { number: number.to_owned(), email: email.to_owned(), language };
    let (error, status) = match state.orders.request_claim(&claim).await {
        Ok(()) => {
            let sent = interpolate(messages.claim_sent, &[("email", email)]);
            let body = html! {
                p.notice { (Icon::Check) span { (sent) } }
                p { a.link-line href=(ACCOUNT) { (messages.orders) } }
            };
            return Ok(render(&state, &context, Section::Orders, &body).await);
        }
        Err(error) if error.problem(&codes::RATE_LIMITED).is_some() => {
            (messages.claim_too_often, StatusCode::TOO_MANY_REQUESTS)
        }
        Err(error) => return Err(error.into()),
    };
    let body = form(context.locale, &fields, Some(error));
    Ok(with_status(render(&state, &context, Section::Orders, &body).await, status))
}

/// `GET /account/claim`: asks before anything is done, because programs that look through mail follow links as well.
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
) -> PageResult {
    let fields = FormFields::parse(context.uri.query().unwrap_or_default().as_bytes());
    let link = link(&fields)?;
    if context.customer.is_none() {
        let address = sign_in_address(&format!("/account/claim?link={link}"));
        return Ok(see_other(&context, &address, CartCookie::Unchanged));
    }
    // It is said here that a link is of no use, and not only after a button was pressed.
    match state.orders.check_claim(&OrderClaimLink { token: link.clone() }).await {
        Ok(()) => {}
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => {
            return Ok(ended(&state, &context).await);
        }
        Err(error) => return Err(error.into()),
    }
    let messages = &context.locale.messages.account;
    let body = html! {
        p { (messages.claim_question) }
        form action="/account/claim" method="post" data-once {
            input type="hidden" name="link" value=(link);
            button.button.large #claim type="submit" { (messages.claim_confirm) }
        }
    };
    Ok(render(&state, &context, Section::Orders, &body).await)
}

/// `POST /account/claim`
pub(crate) async fn redeem(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    fields: FormFields,
) -> PageResult {
    let token = link(&fields)?;
    let claimed = state.orders.redeem_claim(&OrderClaimLink { token: token.clone() }).await;
    match claimed {
        Ok(order) => {
            let address = format!("/orders/{}", order.id);
            Ok(see_other(&context, &address, CartCookie::Unchanged))
        }
        Err(error) if error.problem(&codes::UNAUTHENTICATED).is_some() => {
            let address = sign_in_address(&format!("/account/claim?link={token}"));
            Ok(see_other(&context, &address, CartCookie::Unchanged))
        }
        Err(error) if error.problem(&codes::NOT_FOUND).is_some() => {
            Ok(ended(&state, &context).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Page for a link that is of no use to this customer.
async fn ended(state: &AppState, context: &RequestContext) -> Response {
    let ended = context.locale.messages.account.claim_ended;
    let body = if state.settings.order_claims {
        form(context.locale, &FormFields::default(), Some(ended))
    } else {
        html! { p.notice.bad role="alert" { (Icon::Alert) span { (ended) } } }
    };
    with_status(render(state, context, Section::Orders, &body).await, StatusCode::NOT_FOUND)
}

/// Secret of the link: letters and digits alone.
fn link(fields: &FormFields) -> Result<String, PageError> {
    let link = fields.text("link").filter(|it| it.len() <= TEXT_BYTES_MAX);
    let link = link.filter(|it| it.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    link.map(ToOwned::to_owned).ok_or(PageError::NotFound)
}

/// Form that asks for the link.
pub(super) fn form(locale: Locale, fields: &FormFields, error: Option<&str>) -> Markup {
    let all = locale.messages;
    let messages = &all.account;
    html! {
        section aria-labelledby="claims" {
            h2 #claims { (messages.claim_title) }
            p.quiet { (messages.claim_lead) }
            form.find-order action="/account/claims" method="post" data-once {
                @if let Some(error) = error { p.notice.bad role="alert" { (Icon::Alert) span { (error) } } }
                (text_field(all, &TextField {
                    name: "number", label: all.order.find_number, autocomplete: "off",
                    value: fields.text("number").unwrap_or_default(), ..TextField::default()
                }))
                (text_field(all, &TextField {
                    name: "email", label: all.checkout.email, autocomplete: "email", input_type: InputType::Email,
                    value: fields.text("email").unwrap_or_default(), ..TextField::default()
                }))
                button.button.quiet-button #send-claim type="submit" { (messages.claim_send) }
            }
        }
    }
}

fn with_status(mut page: Response, status: StatusCode) -> Response {
    *page.status_mut() = status;
    page
}
