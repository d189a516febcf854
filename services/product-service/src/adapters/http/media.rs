//! Pictures over HTTP: uploads and their state for operators, renditions for everybody.

use super::AppState;
use axum::response::{IntoResponse, Response};
use contracts::product::{MediaReport, StoredMedia};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use images::Encoding;
use kernel::{Problem, codes};
use web::{ApiResult, Binary, Created, Json, OperatorsOnly, Path, State};

/// A rendition never changes: its address names the digest, the width and the encoding.
const CACHE_FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(super) async fn upload(
    _: OperatorsOnly,
    State(app): State<AppState>,
    Binary { media_type, content }: Binary,
) -> ApiResult<Created<StoredMedia>> {
    let is_file = media_type.starts_with("image/") || media_type == "application/octet-stream";
    if !is_file {
        let title = "send the bytes of a picture, with its type (image/jpeg, …) in Content-Type";
        return Err(Problem::of(codes::UNSUPPORTED_MEDIA_TYPE, title).into());
    }
    let picture = app.catalogue.library.store(content).await.map_err(Problem::from)?;
    let width = picture.largest_width();
    let media = StoredMedia {
        url: picture.largest_path(),
        width,
        height: picture.height_at(width),
        digest: picture.digest,
    };
    Ok(Created::at(media.url.clone(), media))
}

pub(super) async fn report(
    _: OperatorsOnly,
    State(app): State<AppState>,
) -> ApiResult<Json<MediaReport>> {
    Ok(Json(app.catalogue.picture_report().await?))
}

pub(super) async fn rendition(
    State(app): State<AppState>,
    Path((digest, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let not_found = || Problem::of(codes::NOT_FOUND, "there is no such picture");
    let (width, encoding) = size(&file).ok_or_else(not_found)?;
    if !is_digest(&digest) {
        return Err(not_found().into());
    }
    let tag = format!("\"{}-{width}-{}\"", &digest[..16], encoding.extension());
    let rendition = app.catalogue.library.rendition(&digest, width, encoding).await;
    let rendition = rendition.map_err(Problem::from)?.ok_or_else(not_found)?;
    let asked = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = asked.filter_map(|it| it.to_str().ok()).flat_map(|list| list.split(','));
    let mut response = if tags.any(|it| it.trim().trim_start_matches("W/") == tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media_type = HeaderValue::from_static(encoding.media_type());
        ([(header::CONTENT_TYPE, media_type)], rendition).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, CACHE_FOR_EVER);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::ETAG, HeaderValue::try_from(tag).map_err(|_| not_found())?);
    Ok(response)
}

/// Width and encoding of a file name such as `640.webp`; each pair has one spelling.
fn size(file: &str) -> Option<(u32, Encoding)> {
    let (digits, extension) = file.split_once('.')?;
    let width: u32 = digits.parse().ok()?;
    let encoding = Encoding::of_extension(extension)?;
    (width.to_string() == digits).then_some((width, encoding))
}

/// Whether a text is a SHA-256 digest as this service writes it.
fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
