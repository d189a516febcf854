//! HTTP routes for operators: notifications and templates.

mod requests;
mod view;

use crate::application::operate::Operate;
use contracts::{
    notification::{
        Letter, Notification, NotificationPage, NotificationQuery, TemplatePreview, TestMail,
    },
    shared::NotificationId,
};
use kernel::Cursor;
use std::sync::Arc;
use web::{ApiResult, ApiRouter, Json, OperatorsOnly, Paging, Path, Query, routes};

/// State that the handlers receive.
type AppState = web::State<Arc<Operate>>;

pub(crate) fn routes(operate: Operate) -> ApiRouter {
    routes! {
        tag "Notifications";
        /// List notifications, the last changed first
        get "/api/v1/notifications" => list as listNotifications;
        /// Get a notification with its log
        get "/api/v1/notifications/{id}" => read as getNotification;
        /// Get the mail of a notification, as it is written from the order
        get "/api/v1/notifications/{id}/mail" => mail as getNotificationMail;
        /// Deliver a notification again
        ///
        /// One that is under way already is left as it is; another one is sent as a new mail, with a `Message-ID` of its own.
        post "/api/v1/notifications/{id}/redeliver" => redeliver as redeliverNotification;
        /// Preview a template, with an order or an invented one
        post "/api/v1/notification-templates/{kind}/preview" => preview as previewTemplate;
        /// Send a template with an invented order to an address
        post "/api/v1/notification-templates/{kind}/test" => send_test as sendTestMail;
    }
    .with_state(Arc::new(operate))
}

async fn list(
    _: OperatorsOnly,
    app: AppState,
    Query(query): Query<NotificationQuery>,
) -> ApiResult<Json<NotificationPage>> {
    let filter = requests::filter(&query)?;
    let list = requests::list_name(&filter);
    let paging = Paging::new(query.limit, query.cursor);
    let (limit, after) = (paging.limit()?.get(), paging.position(&list)?);
    let (found, next) = app.list(&filter, after.as_ref(), limit).await?;
    let next_cursor = next.map(|position| Cursor::encode(&list, &position));
    Ok(Json(NotificationPage {
        items: found.iter().map(view::notification).collect(),
        next_cursor,
    }))
}

async fn read(
    _: OperatorsOnly,
    app: AppState,
    Path(id): Path<NotificationId>,
) -> ApiResult<Json<Notification>> {
    Ok(Json(view::notification(&app.read(id).await?)))
}

async fn mail(
    _: OperatorsOnly,
    app: AppState,
    Path(id): Path<NotificationId>,
) -> ApiResult<Json<contracts::notification::AddressedLetter>> {
    let (to, letter) = app.letter(id).await?;
    Ok(Json(contracts::notification::AddressedLetter { to, letter }))
}

async fn redeliver(
    _: OperatorsOnly,
    app: AppState,
    Path(id): Path<NotificationId>,
) -> ApiResult<Json<Notification>> {
    Ok(Json(view::notification(&app.redeliver(id).await?)))
}

async fn preview(
    _: OperatorsOnly,
    app: AppState,
    Path(kind): Path<String>,
    Json(preview): Json<TemplatePreview>,
) -> ApiResult<Json<Letter>> {
    let (kind, language) = (requests::kind(&kind)?, requests::language(preview.language)?);
    Ok(Json(app.preview(kind, preview.order_id, language).await?))
}

async fn send_test(
    _: OperatorsOnly,
    app: AppState,
    Path(kind): Path<String>,
    Json(test): Json<TestMail>,
) -> ApiResult<Json<Letter>> {
    let (kind, language) = (requests::kind(&kind)?, requests::language(test.language)?);
    Ok(Json(app.send_test(kind, requests::recipient(&test.to)?, language).await?))
}
