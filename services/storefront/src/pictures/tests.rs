//! Rules for every picture: format, size budgets, style.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const SHAPES_MAX: usize = 25;
const PAINTING_BYTES: std::ops::RangeInclusive<usize> = 700..=3_072;
const DRAWING_BYTES_MAX: usize = 4_096;

fn every_picture() -> impl Iterator<Item = (String, PictureView, String)> {
    KINDS.iter().flat_map(|kind| {
        COLOURS.iter().flat_map(move |colour| {
            PictureView::ALL.into_iter().map(move |view| {
                let name = format!("{}/{}/{}", kind.name, colour.name, view.name());
                (name, view, draw(kind.name, colour.name, view).unwrap())
            })
        })
    })
}

/// Tag of an SVG document: its name, its attributes, and whether it opens, closes or does both.
#[derive(Debug)]
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    closes: bool,
    stands_alone: bool,
}

/// Tags of a picture, which is written in a strict subset of XML.
fn tags(document: &str) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    let mut rest = document;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains(['>', '&']), "stray text {:?}", &rest[..start]);
        let end = rest.find('>').expect("a tag ends");
        let inside = &rest[start + 1..end];
        assert!(!inside.contains(['<', '&', '\'']), "{inside:?}");
        let (inside, stands_alone) =
            inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let (inside, closes) =
            inside.strip_prefix('/').map_or((inside, false), |inside| (inside, true));
        let (name, mut list) = inside.split_once(' ').unwrap_or((inside, ""));
        let mut attributes = Vec::new();
        while !list.is_empty() {
            let (key, after) = list.split_once("=\"").expect("an attribute has a value");
            let (value, after) = after.split_once('"').expect("a value ends");
            attributes.push((key.trim_start(), value));
            list = after;
        }
        let keys: BTreeSet<_> = attributes.iter().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), attributes.len(), "an attribute stands once: {inside}");
        tags.push(Tag { name, attributes, closes, stands_alone });
        rest = &rest[end + 1..];
    }
    assert_eq!(rest, "", "nothing follows the document");
    tags
}

#[test]
fn every_picture_is_well_formed() {
    for (name, _, picture) in every_picture() {
        let mut open = Vec::new();
        for (at, tag) in tags(&picture).iter().enumerate() {
            assert!(at == 0 || !open.is_empty(), "{name}: one root");
            if tag.closes {
                assert_eq!(open.pop(), Some(tag.name), "{name}");
            } else if !tag.stands_alone {
                open.push(tag.name);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?} never closed");
    }
}

#[test]
fn pictures_live_under_the_strictest_content_security_policy() {
    const ELEMENTS: [&str; 13] = [
        "svg",
        "g",
        "path",
        "ellipse",
        "use",
        "defs",
        "clipPath",
        "mask",
        "linearGradient",
        "stop",
        "text",
        "title",
        "rect",
    ];
    for (name, _, picture) in every_picture() {
        for tag in tags(&picture) {
            assert!(ELEMENTS.contains(&tag.name), "{name}: <{}>", tag.name);
            for (key, value) in tag.attributes {
                assert!(key != "style" && !key.starts_with("on"), "{name}: {key}");
                assert!(key != "href" || value.starts_with('#'), "{name}: {value}");
            }
        }
    }
}

#[test]
fn ids_are_unique_among_all_pictures_and_every_reference_has_its_target() {
    let mut seen = BTreeMap::new();
    for (name, _, picture) in every_picture() {
        let tags = tags(&picture);
        let values = |wanted: &str| {
            tags.iter()
                .flat_map(|tag| &tag.attributes)
                .filter(|(key, _)| *key == wanted)
                .map(|(_, value)| *value)
                .collect::<Vec<_>>()
        };
        let ids = values("id");
        for id in &ids {
            assert_eq!(seen.insert((*id).to_owned(), name.clone()), None, "{name}: {id} twice");
        }
        let urls = ["clip-path", "mask", "fill"].into_iter().flat_map(values);
        let urls = urls.filter_map(|url| url.strip_prefix("url(#")?.strip_suffix(')'));
        let links = values("href").into_iter().filter_map(|link| link.strip_prefix('#'));
        for target in urls.chain(links) {
            assert!(ids.contains(&target), "{name}: {target} is not there");
        }
    }
}

#[test]
fn pictures_keep_to_their_budgets() {
    for (name, view, picture) in every_picture() {
        if view == PictureView::Drawing {
            assert!(picture.len() <= DRAWING_BYTES_MAX, "{name}: {} bytes", picture.len());
            continue;
        }
        assert!(PAINTING_BYTES.contains(&picture.len()), "{name}: {} bytes", picture.len());
        let mut hidden = 0_usize;
        let mut shapes = 0_usize;
        for tag in tags(&picture) {
            match (tag.name, tag.closes) {
                ("clipPath", false) => hidden += 1,
                ("clipPath", true) => hidden -= 1,
                ("path" | "ellipse", _) if hidden == 0 => shapes += 1,
                _ => {}
            }
        }
        assert!(shapes <= SHAPES_MAX, "{name}: {shapes} shapes");
    }
}

#[test]
fn the_same_picture_is_drawn_twice() {
    assert!(every_picture().eq(every_picture()));
}

#[test]
fn no_picture_carries_words_or_measures() {
    for (name, _, picture) in every_picture() {
        assert!(!picture.contains("<text") && !picture.contains("mm"), "{name}");
    }
}

#[test]
fn every_kind_takes_on_its_colour() {
    for kind in KINDS {
        for colour in COLOURS {
            let picture = draw(kind.name, colour.name, PictureView::Object).unwrap();
            assert!(picture.contains(&colour.hex()), "{} in {}", kind.name, colour.name);
        }
    }
}

#[test]
fn unknown_kinds_and_colours_are_not_drawn() {
    assert_eq!(draw("mug", "puce", PictureView::Object), None);
    assert_eq!(draw("hovercraft", "sea", PictureView::Object), None);
    assert_eq!(PictureView::named("close-up"), None);
}

#[test]
fn names_are_slugs_and_stand_once() {
    let names: Vec<_> = KINDS
        .iter()
        .map(|kind| kind.name)
        .chain(COLOURS.iter().map(|colour| colour.name))
        .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for name in names {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
    }
}

#[test]
fn the_kinds_and_colours_the_demonstration_shop_names_are_there() {
    let kinds = "mug bowl plate carafe teapot kettle casserole storage-jar bread-bin \
        pepper-mill chopping-board tray dome-lamp pendant-lamp floor-lamp lantern candle-holder \
        stool chair bench side-table throw cushion rug towel apron planter watering-can \
        bird-house vase speaker notebook wall-clock mirror backpack basket umbrella";
    let colours = "chalk oat clay brick ochre moss spruce mist sea ink coal blush";
    assert!(KINDS.iter().map(|kind| kind.name).eq(kinds.split_whitespace()));
    assert!(COLOURS.iter().map(|colour| colour.name).eq(colours.split_whitespace()));
}

#[test]
fn close_views_stay_within_the_sheet() {
    for kind in KINDS {
        let window: Vec<f64> =
            kind.crop_view_box().split(' ').map(|number| number.parse().unwrap()).collect();
        assert!(window[0] + window[2] <= WIDTH && window[1] + window[3] <= HEIGHT, "{}", kind.name);
    }
}
