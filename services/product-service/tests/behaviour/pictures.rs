//! Pictures: uploads, renditions, copies of pictures elsewhere, and addresses that are refused.

use crate::harness::{TestShop, mug, request, simple_product};
use axum::{Router, routing::get};
use bytes::Bytes;
use contracts::product::{
    ImportReport, MediaReport, MediaState, NewProduct, Product, ProductQuery, StoredMedia,
};
use engine_memory::MemoryEngine;
use http::{Method, StatusCode, header};
use images::{DecodeLimits, Encoding, ImageFormat, Raster, decode, encode};
use serde_json::{Value, json};
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;
use transport::Edge;

/// File of a picture with a gradient.
fn picture(width: u32, height: u32, encoding: Encoding) -> Bytes {
    let channels = if encoding == Encoding::Png { 4 } else { 3 };
    let pixels = (0..height)
        .flat_map(|y| (0..width).map(move |x| [x * 255 / width, y * 255 / height, 90, 128]));
    let samples =
        pixels.flat_map(|it| it.into_iter().take(channels)).map(|it| u8::try_from(it).unwrap());
    encode(&Raster::new(width, height, samples.collect()).unwrap(), encoding).unwrap().into()
}

fn upload(media_type: &str, file: impl Into<Bytes>) -> http::Request<Bytes> {
    let request = http::Request::post("/api/v1/media").header(header::CONTENT_TYPE, media_type);
    request.body(file.into()).unwrap()
}

/// Body of a rendition at the shop edge.
async fn rendition(shop: &TestShop, path: &str) -> (StatusCode, http::HeaderMap, Bytes) {
    let response = shop.send_raw(Edge::Shop, request(Method::GET, path, None)).await;
    (response.status(), response.headers().clone(), response.into_body())
}

#[tokio::test]
async fn an_uploaded_picture_is_served_in_the_sizes_of_the_pages() {
    let shop = TestShop::open().await;
    let file = picture(1_000, 500, Encoding::Jpeg);
    let uploaded = shop.send(Edge::Operator, upload("image/jpeg", file.clone())).await;
    assert_eq!(uploaded.status, StatusCode::CREATED, "{uploaded:?}");
    let stored: StoredMedia = uploaded.read();
    assert_eq!((stored.width, stored.height, stored.digest.len()), (1_000, 500, 64));
    assert_eq!(uploaded.headers[header::LOCATION], stored.url);
    assert_eq!(stored.url, format!("/media/{}/1000.jpg", stored.digest));
    let again: StoredMedia = shop.send(Edge::Operator, upload("image/png; x=y", file)).await.read();
    assert_eq!(again, stored, "the bytes decide, not the declared type");

    for (name, format, width) in [
        ("1000.jpg", ImageFormat::Jpeg, 1_000),
        ("1000.webp", ImageFormat::WebP, 1_000),
        ("160.webp", ImageFormat::WebP, 160),
        ("640.jpg", ImageFormat::Jpeg, 640),
    ] {
        let path = format!("/media/{}/{name}", stored.digest);
        // The second time it comes from the cache.
        for _ in 0..2 {
            let (status, headers, body) = rendition(&shop, &path).await;
            assert_eq!(status, StatusCode::OK, "{name}");
            assert_eq!(headers[header::CONTENT_TYPE], format.media_type());
            assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(ImageFormat::sniff(&body), Some(format));
            let raster = decode(&body, &DecodeLimits::default()).unwrap();
            assert_eq!((raster.width(), raster.height()), (width, width / 2), "{name}");
            let mut revalidation = request(Method::GET, &path, None);
            revalidation.headers_mut().insert(header::IF_NONE_MATCH, headers[header::ETAG].clone());
            let unchanged = shop.send_raw(Edge::Shop, revalidation).await;
            assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);
            assert!(unchanged.body().is_empty());
        }
    }
    let digest = &stored.digest;
    for path in [
        format!("/media/{digest}/1280.webp"),
        format!("/media/{digest}/641.webp"),
        format!("/media/{digest}/0640.webp"),
        format!("/media/{digest}/+640.webp"),
        format!("/media/{digest}/640.png"),
        format!("/media/{digest}/640.svg"),
        format!("/media/{digest}/640"),
        format!("/media/{}/640.webp", "0".repeat(64)),
        format!("/media/{}/640.webp", digest.to_uppercase()),
        "/media/..%2f..%2ficommerce.db/640.webp".to_owned(),
    ] {
        assert_eq!(rendition(&shop, &path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_transparent_picture_falls_back_to_png() {
    let shop = TestShop::open().await;
    let file = picture(300, 200, Encoding::Png);
    let stored: StoredMedia = shop.send(Edge::Operator, upload("image/png", file)).await.read();
    assert!(stored.url.ends_with("/300.png"), "{stored:?}");
    let (status, _, body) = rendition(&shop, &stored.url).await;
    assert_eq!((status, ImageFormat::sniff(&body)), (StatusCode::OK, Some(ImageFormat::Png)));
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let shop = TestShop::open().await;
    let good = picture(40, 30, Encoding::WebP);
    let half = good.slice(..good.len() / 3);
    // 8,000 by 8,000 pixels, claimed in the header alone.
    let mut large = picture(8, 8, Encoding::Png).to_vec();
    large[16..24].copy_from_slice(&[0, 0, 0x1f, 0x40, 0, 0, 0x1f, 0x40]);
    let crc = crc_of_header(&large[12..29]);
    large[29..33].copy_from_slice(&crc.to_be_bytes());
    for (media_type, file, status, code) in [
        (
            "image/svg+xml",
            Bytes::from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
            415,
            "unsupported_media_type",
        ),
        ("image/png", Bytes::from("<!doctype html>"), 415, "unsupported_media_type"),
        ("text/html", good.clone(), 415, "unsupported_media_type"),
        ("", good.clone(), 415, "unsupported_media_type"),
        ("image/webp", half, 422, "picture_unusable"),
        ("image/png", large.into(), 422, "picture_unusable"),
        ("image/png", Bytes::new(), 400, "missing_body"),
        ("image/png", vec![0; (16 << 20) + 1].into(), 413, "body_too_large"),
    ] {
        let refused = shop.send(Edge::Operator, upload(media_type, file)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (status, code), "{refused:?}");
    }
    let refused = shop.send(Edge::Shop, upload("image/webp", good)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(shop.get(Edge::Shop, "/api/v1/media").await.status, StatusCode::FORBIDDEN);
}

/// Checksum of a PNG chunk.
fn crc_of_header(chunk: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !chunk.iter().fold(u32::MAX, step)
}

fn with_media(url: &str) -> NewProduct {
    let mut product = serde_json::to_value(simple_product("lamp", 100)).unwrap();
    product["media"] = json!([{"image": {"url": url, "alt": "A lamp"}}]);
    serde_json::from_value(product).unwrap()
}

#[tokio::test]
async fn an_uploaded_picture_belongs_to_a_product_with_its_dimensions() {
    let shop = TestShop::open().await;
    let file = picture(2_500, 1_250, Encoding::Jpeg);
    let stored: StoredMedia = shop.send(Edge::Operator, upload("image/jpeg", file)).await.read();
    let smaller = format!("/media/{}/320.webp", stored.digest);
    shop.create(&with_media(&smaller)).await;
    let image = &shop.product("lamp").await.media[0].image;
    assert_eq!((&image.url, image.width, image.height), (&stored.url, 1_920, 960));

    let unknown = format!("/media/{}/640.jpg", "0".repeat(64));
    for url in [&*unknown, "/media/mug.svg", "/media/", "/media/..", "/mug.svg", "/files/mug.jpg"] {
        let refused =
            shop.patch("/api/v1/products/lamp", &json!({"media": [{"image": {"url": url}}]})).await;
        assert_eq!(
            (refused.status.as_u16(), refused.field()),
            (422, "media[0].image.url"),
            "{url}"
        );
    }
}

#[tokio::test]
async fn addresses_that_can_be_neither_shown_nor_fetched_are_refused() {
    let shop = TestShop::open().await;
    for url in [
        "/\\evil.example",
        "//evil.example/a.jpg",
        "https://",
        "https:///a.jpg",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "mug.jpg",
        "https://me:secret@evil.example/a.jpg",
        "/\t/evil.example",
        "",
    ] {
        let refused = shop.post("/api/v1/products", &with_media(url)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.field()),
            (422, "media[0].image.url"),
            "{url:?}"
        );
        let batch = json!({"products": [with_media(url)]});
        let report: ImportReport = shop.post("/api/v1/products/import", &batch).await.read();
        let outcome = serde_json::to_value(&report.outcomes[0]).unwrap();
        let picture = &outcome["refused_pictures"][0];
        assert_eq!(
            (&picture["index"], &picture["field"]),
            (&json!(0), &json!("image.url")),
            "{url:?}: {outcome}"
        );
    }
}

/// A server of pictures on this machine.
struct Elsewhere {
    base: String,
    asked: Arc<AtomicUsize>,
    broken: Arc<AtomicBool>,
}

impl Elsewhere {
    async fn open(shop: &TestShop) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (asked, broken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, is_broken) = (Arc::clone(&asked), Arc::clone(&broken));
        let lamp = move || async move {
            count.fetch_add(1, Ordering::Relaxed);
            if is_broken.load(Ordering::Relaxed) {
                return Err(StatusCode::NOT_FOUND);
            }
            Ok(picture(800, 400, Encoding::Jpeg))
        };
        let router = Router::new()
            .route("/lamp.jpg", get(lamp))
            .route("/text.jpg", get(async || "no picture"))
            .route("/shade.png", get(async || picture(64, 64, Encoding::Png)));
        let options = web::ServeOptions::default();
        shop.tasks.spawn_until_shutdown(async move {
            web::serve(listener, router, options, pending()).await;
        });
        Self { base, asked, broken }
    }

    fn product(&self, paths: &[&str]) -> Value {
        let media =
            |path: &&str| json!({"image": {"url": format!("{}{path}", self.base), "alt": path}});
        let mut product = serde_json::to_value(simple_product("lamp", 100)).unwrap();
        product["media"] = paths.iter().map(media).collect();
        product
    }
}

async fn shop_that_fetches(engine: MemoryEngine) -> TestShop {
    TestShop::with_settings(engine, &[("media.fetch_loopback", "true")]).await
}

async fn shop_that_waits(engine: MemoryEngine) -> TestShop {
    TestShop::with_settings(engine, &[("media.fetch", "false")]).await
}

async fn report(shop: &TestShop) -> MediaReport {
    shop.get(Edge::Operator, "/api/v1/media").await.read()
}

/// Waits until no picture is pending.
async fn settled(shop: &TestShop) -> MediaReport {
    loop {
        let report = report(shop).await;
        if report.pending == 0 {
            return report;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_picture_elsewhere_is_shown_as_the_own_copy_of_the_shop() {
    let shop = shop_that_fetches(MemoryEngine::new()).await;
    let elsewhere = Elsewhere::open(&shop).await;
    let mut product = elsewhere.product(&["/lamp.jpg", "/text.jpg", "/shade.png"]);
    product["description"] = json!(format!(
        "<p>Lit: <img src=\"{0}/lamp.jpg\" alt=\"Lit\"> broken: <img src=\"{0}/text.jpg\"> \
         evil: <img src=\"/\\evil.example\"><img src=\"data:image/png;base64,AA\"></p>",
        elsewhere.base
    ));
    let batch = json!({"products": [product]});
    let imported: ImportReport = shop.post("/api/v1/products/import", &batch).await.read();
    assert_eq!(serde_json::to_value(&imported.outcomes[0]).unwrap()["outcome"], "created");

    let done = settled(&shop).await;
    assert_eq!((done.stored, done.failed), (2, 1));
    assert_eq!(done.failures[0].source, format!("{}/text.jpg", elsewhere.base));
    assert_eq!(done.failures[0].reason, "is not a JPEG, PNG, WebP or GIF image");

    let shown = shop.product("lamp").await;
    let urls: Vec<_> = shown.media.iter().map(|it| (&*it.image.alt, it.image.width)).collect();
    assert_eq!(urls, [("/lamp.jpg", 800), ("/shade.png", 64)]);
    assert!(
        shown.media.iter().all(|it| it.image.url.starts_with("/media/") && it.source.is_none())
    );
    let copy = shown.media[0].image.url.trim_end_matches("/800.jpg");
    assert_eq!(
        shown.description,
        format!(
            "<p>Lit: <picture><source type=\"image/webp\" srcset=\"{copy}/800.webp\"><img src=\"{copy}/800.jpg\" alt=\"Lit\" width=\"800\" height=\"400\" loading=\"lazy\"></picture> broken:  evil: </p>"
        )
    );
    let listed = shop.list("").await.items.remove(0).image.unwrap();
    assert_eq!(listed.url, shown.media[0].image.url);
    assert_eq!(rendition(&shop, &listed.url).await.0, StatusCode::OK);

    let administered: Product = shop.get(Edge::Operator, "/api/v1/products/lamp").await.read();
    let states: Vec<_> = administered.media.iter().map(|it| it.state.unwrap()).collect();
    assert_eq!(states, [MediaState::Stored, MediaState::Failed, MediaState::Stored]);
    assert_eq!(elsewhere.asked.load(Ordering::Relaxed), 1, "in media and text, fetched once");

    // What an operator reads can be written back as it is, and changes nothing that was fetched.
    let written = json!({"media": administered.media});
    let changed = shop.patch("/api/v1/products/lamp", &written).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    settled(&shop).await;
    assert_eq!(shop.product("lamp").await.media, shown.media);
    assert_eq!(elsewhere.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_picture_that_failed_is_tried_again_when_its_product_is_imported_again() {
    let shop = shop_that_fetches(MemoryEngine::new()).await;
    let elsewhere = Elsewhere::open(&shop).await;
    elsewhere.broken.store(true, Ordering::Relaxed);
    let batch = json!({"products": [elsewhere.product(&["/lamp.jpg"])]});
    shop.post("/api/v1/products/import", &batch).await;
    let failed = settled(&shop).await;
    assert_eq!((failed.failed, &*failed.failures[0].reason), (1, "its server answered 404"));
    assert_eq!(shop.product("lamp").await.media, []);

    elsewhere.broken.store(false, Ordering::Relaxed);
    shop.post("/api/v1/products/import", &batch).await;
    let done = settled(&shop).await;
    assert_eq!((done.stored, done.failed), (1, 0));
    let again: ImportReport = shop.post("/api/v1/products/import", &batch).await.read();
    assert_eq!(serde_json::to_value(&again.outcomes[0]).unwrap()["outcome"], "unchanged");
    assert_eq!(elsewhere.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_is_pending_survives_a_restart_and_is_not_shown() {
    let shop = shop_that_waits(MemoryEngine::new()).await;
    let elsewhere = Elsewhere::open(&shop).await;
    shop.post("/api/v1/products", &elsewhere.product(&["/lamp.jpg"])).await;
    shop.create(&mug()).await;
    assert_eq!(report(&shop).await.pending, 1);
    assert_eq!(shop.product("lamp").await.media, []);
    let query = ProductQuery { q: Some("lamp".to_owned()), ..ProductQuery::default() };
    shop.wait_until(&query, |page| page.items.len() == 1 && page.items[0].image.is_none()).await;
    let administered: Product = shop.get(Edge::Operator, "/api/v1/products/lamp").await.read();
    assert_eq!(administered.media[0].state, Some(MediaState::Pending));

    let restarted = shop_that_fetches(shop.engine.crash()).await;
    assert_eq!(settled(&restarted).await.stored, 1);
    assert_eq!(restarted.product("lamp").await.media.len(), 1);
    let again = shop_that_waits(restarted.engine.crash()).await;
    assert_eq!((report(&again).await.stored, report(&again).await.pending), (1, 0));
    let image = &again.product("lamp").await.media[0].image;
    assert_eq!(rendition(&again, &image.url).await.0, StatusCode::OK, "files survive as well");
}

#[tokio::test]
async fn this_machine_is_out_of_reach_unless_a_setting_says_otherwise() {
    let shop = TestShop::open().await;
    let elsewhere = Elsewhere::open(&shop).await;
    shop.post("/api/v1/products", &elsewhere.product(&["/lamp.jpg"])).await;
    let failed = settled(&shop).await;
    assert_eq!(
        (failed.failed, &*failed.failures[0].reason),
        (1, "its host is not on the public network")
    );
    assert_eq!(elsewhere.asked.load(Ordering::Relaxed), 0);
}
