//! Decisions about copies of pictures elsewhere: given a product, when it or a copy changes, then what is pending, shown,
//! and kept.

use crate::domain::events::{Media, ProductCreated, StoredPicture};
use crate::domain::{PictureCopy, Product, ProductChanges, ProductCommand, ProductEvent, limits};
use kernel::Timestamp;

const MUG: &str = "https://cdn.example/mug.jpg?v=1&w=2";
const LID: &str = "http://cdn.example/lid.jpg";

fn media(urls: &[&str]) -> Vec<Media> {
    let of = |url: &&str| Media {
        url: (*url).to_owned(),
        alt: String::new(),
        width: 0,
        height: 0,
        skus: vec![],
    };
    urls.iter().map(of).collect()
}

fn product(urls: &[&str], description: &str) -> Product {
    let created = ProductCreated {
        at: Timestamp::UNIX_EPOCH,
        slug: "mug".to_owned(),
        name: "Mug".to_owned(),
        description: description.to_owned(),
        brand: None,
        categories: vec![],
        tags: vec![],
        options: vec![],
        media: media(urls),
        featured: None,
    };
    Product::evolve(None, &ProductEvent::Created(Box::new(created))).unwrap()
}

fn stored() -> PictureCopy {
    PictureCopy::Stored(StoredPicture {
        digest: "0a".repeat(32),
        width: 800,
        height: 600,
        transparent: false,
    })
}

fn failed() -> PictureCopy {
    PictureCopy::Failed("its server answered 404".to_owned())
}

/// Product after a command, and the names of its events, each of which survives being stored.
fn after(product: &Product, command: &ProductCommand) -> (Product, Vec<&'static str>) {
    let events = Product::decide(Some(product), command, Timestamp::UNIX_EPOCH).unwrap();
    for event in &events {
        let text = serde_json::to_string(event).unwrap();
        assert_eq!(serde_json::from_str::<ProductEvent>(&text).unwrap(), *event, "{text}");
    }
    let names = events.iter().map(ProductEvent::event_name).collect();
    (events.iter().fold(Some(product.clone()), Product::evolve).unwrap(), names)
}

fn record(product: &Product, source: &str, outcome: PictureCopy) -> (Product, Vec<&'static str>) {
    after(product, &ProductCommand::RecordPicture { source: source.to_owned(), outcome })
}

fn change(media: Option<Vec<Media>>, description: Option<&str>) -> ProductCommand {
    let description = description.map(str::to_owned);
    ProductCommand::Change(ProductChanges { description, media, ..ProductChanges::default() })
}

#[test]
fn pictures_elsewhere_are_pending_until_they_are_stored_or_have_failed() {
    let text = format!("<p><img src=\"{}\"><img src=\"/a.svg\"></p>", MUG.replace('&', "&amp;"));
    let product = product(&[LID, "/pictures/a.svg", MUG], &text);
    assert_eq!(product.pending_pictures(), [LID, MUG], "each once, whatever names it");
    let (product, events) = record(&product, MUG, stored());
    assert_eq!(
        (events, product.pending_pictures()),
        (vec!["picture_stored"], vec![LID.to_owned()])
    );
    let (product, events) = record(&product, LID, failed());
    assert_eq!((events, product.pending_pictures().len()), (vec!["picture_failed"], 0));
    let counts = product.picture_counts();
    assert_eq!((counts.pending, counts.stored, counts.failed), (0, 1, 1));
}

#[test]
fn an_outcome_counts_once_and_only_while_the_product_has_the_picture() {
    let product = product(&[MUG], "");
    assert_eq!(record(&product, LID, stored()).1, [""; 0], "not a picture of this product");
    let (product, _) = record(&product, MUG, stored());
    assert_eq!(record(&product, MUG, failed()).1, [""; 0], "it is there");
}

#[test]
fn copies_are_kept_while_a_product_changes_and_forgotten_with_their_picture() {
    let (product, _) = record(&product(&[MUG], ""), MUG, stored());
    let mut described = media(&[LID, MUG]);
    described[1].alt = "A mug".to_owned();
    let (changed, _) = after(&product, &change(Some(described), None));
    assert_eq!(changed.pending_pictures(), [LID], "the copy of the mug is kept");
    let (without, _) = after(&changed, &change(Some(vec![]), None));
    assert_eq!(without.copies.len(), 0);
    let (again, _) = after(&without, &change(Some(media(&[MUG])), None));
    assert_eq!(again.pending_pictures(), [MUG]);

    let text = format!("<img src=\"{MUG}\">").replace('&', "&amp;");
    let (moved, _) = after(&product, &change(Some(vec![]), Some(&text)));
    assert_eq!(moved.pending_pictures(), [""; 0], "moved into the text in one change");
}

#[test]
fn failed_copies_are_tried_again_when_the_pictures_are_written_again() {
    let (product, _) = record(&product(&[MUG, LID], ""), MUG, stored());
    let (product, _) = record(&product, LID, failed());
    let unchanged = change(Some(media(&[MUG, LID])), None);
    let (retried, events) = after(&product, &unchanged);
    assert_eq!(
        (events, retried.pending_pictures()),
        (vec!["pictures_retried"], vec![LID.to_owned()])
    );
    assert_eq!(after(&retried, &unchanged).1, [""; 0]);
    assert_eq!(after(&product, &change(None, Some("New"))).1, ["details_changed"]);
    let (archived, _) = after(&product, &ProductCommand::Archive);
    assert_eq!(after(&archived, &unchanged).1, [""; 0]);
}

#[test]
fn the_pictures_of_a_description_are_limited() {
    let image = |number| format!("<img src=\"https://cdn.example/{number}.jpg\">");
    let images: Vec<String> = (0..500).map(image).collect();
    let pending = product(&[MUG], &images.concat()).pending_pictures().len();
    assert_eq!(pending, limits::DESCRIPTION_PICTURES_MAX + 1);
}
