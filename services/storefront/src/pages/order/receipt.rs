//! Receipt of an order that was paid for (`GET /orders/{id}/receipt`), made to be printed.

use super::{OrderView, local_time, pictures::LinePictures};
use crate::{
    app_state::AppState,
    cart_cookie::CartCookie,
    components::{
        layout::{self, Indexing, LayoutData, PageMeta},
        totals,
    },
    messages::interpolate,
    page_error::{PageError, PageResult},
    page_response::{PageResponse, see_other},
    pages::{account, payment},
    request_context::RequestContext,
};
use axum::extract::{Path, State};
use contracts::shared::OrderId;
use kernel::codes;
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /orders/{id}/receipt`
pub(crate) async fn show(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
) -> PageResult {
    let id: OrderId = id.parse().map_err(|_| PageError::NotFound)?;
    let layout = LayoutData::without_cart(&state);
    let (layout, order) = tokio::join!(layout, state.orders.order(id));
    let order = match order {
        Err(error) if error.problem(&codes::UNAUTHENTICATED).is_some() => {
            let address = account::sign_in_address(&format!("/orders/{id}/receipt"));
            return Ok(see_other(&context, &address, CartCookie::Unchanged));
        }
        order => order?,
    };
    if !order.payment.captured.is_positive() {
        return Err(PageError::NotFound);
    }
    let pictures = LinePictures::default();
    let (context, layout, order, shop) = (&context, &layout, &order, &*state.settings.name);
    let view = OrderView { context, layout, order, pictures, shop, has_mail: false };
    let messages = &context.locale.messages.order;
    let title = interpolate(messages.receipt_of, &[("number", &order.number)]);
    let meta = PageMeta { title: &title, indexing: Indexing::NoIndex, ..PageMeta::default() };
    let main = html! {
        main.wrap.receipt #main {
            h1 { (title) }
            div.receipt-head {
                div { strong { (shop) } (layout::contact(&state.settings.contact)) }
                dl.order-facts {
                    dt { (messages.order_date) } dd { (local_time(context.locale, order.placed_at)) }
                    dt { (messages.payment_method) } dd { (payment::method_name(context.locale.messages, &order.payment.method)) }
                }
            }
            (view.addresses())
            (view.receipt_lines())
            (totals::totals(context.locale, &order.totals))
            dl.sums {
                dt { (messages.paid) } dd { (context.locale.money(order.payment.captured)) }
                @if order.payment.refunded.is_positive() {
                    dt { (messages.refunded) } dd { (context.locale.money(order.payment.refunded)) }
                }
            }
            p.no-print { a.link-line href={ "/orders/" (order.id) } { (messages.back) } }
        }
    };
    let page = layout::minimal_page(&state, context, &meta, &html! {}, &main);
    Ok(PageResponse::private(&state, context).html(page))
}

impl OrderView<'_> {
    fn receipt_lines(&self) -> Markup {
        let locale = self.context.locale;
        let messages = locale.messages;
        html! {
            table.receipt-lines {
                caption.vh { (messages.order.items_title) }
                thead {
                    tr {
                        th scope="col" { (messages.order.article) }
                        th.number scope="col" { (messages.product.quantity) }
                        th.number scope="col" { (messages.order.unit_price) }
                        th.number scope="col" { (messages.cart.total) }
                    }
                }
                tbody {
                    @for line in &self.order.lines {
                        @let quoted = &line.quoted;
                        tr {
                            th scope="row" { (locale.shop_text(&quoted.name)) @for value in quoted.options.values() { ", " (locale.shop_text(value)) } }
                            td.number { (locale.count(quoted.quantity.unsigned_abs())) }
                            td.number { (locale.price(quoted.unit_price)) }
                            td.number { (locale.money(quoted.total)) }
                        }
                    }
                }
            }
        }
    }
}
