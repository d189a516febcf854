//! Which words may stand where.

use crate::tidy::finding::{Check, Place};
use crate::tidy::repository::Repository;
use crate::tidy::source::Kind;
use crate::tidy::words::words;

pub(crate) const PLATFORM_WORDS: Check = Check {
    name: "platform-words",
    rule: "platform/ contains no business word: not in names, not in texts, not in comments. Tests may use one as an example.",
    remedy: "Say it without the business (an item, a record, a subject), or move the code to contracts or a service.",
    find: platform_words,
};

pub(crate) const TYPE_NAMES: Check = Check {
    name: "type-names",
    rule: "Names come from the business: no Manager, Helper, Util, Impl, Dto, Base, no module for odds and ends.",
    remedy: "Name what it does or what it is. If nothing comes to mind, it does several things: split it.",
    find: type_names,
};

pub(crate) const MODE_FLAGS: Check = Check {
    name: "mode-flags",
    rule: "Nobody but icommerce/src may know in which shape the system runs.",
    remedy: "Make it a port and choose the adapter in icommerce/src/wiring.",
    find: mode_flags,
};

/// Words of a shop, in the singular.
const BUSINESS: &[&str] = &[
    "basket",
    "buyer",
    "cart",
    "catalog",
    "catalogue",
    "checkout",
    "coupon",
    "customer",
    "discount",
    "fulfilment",
    "inventory",
    "invoice",
    "merchandise",
    "merchant",
    "payment",
    "price",
    "product",
    "promotion",
    "purchase",
    "refund",
    "shipment",
    "shipping",
    "shopper",
    "sku",
    "stock",
    "storefront",
    "tax",
    "voucher",
    "warehouse",
];

/// "order" alone is a sequence, which platform/ is full of; in these pairs it is a purchase.
const PURCHASE: &[(&str, &str)] = &[
    ("order", "id"),
    ("order", "line"),
    ("order", "number"),
    ("order", "service"),
    ("order", "status"),
    ("order", "total"),
    ("place", "order"),
    ("paid", "order"),
    ("cancel", "order"),
];

/// Business words that mean something else in one place. Each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // A price per piece is an amount with more decimals than money has; the arithmetic belongs beside Money.
    ("platform/kernel/", "price"),
    // What comes of a multiplication.
    ("platform/kernel/", "product"),
];

const EMPTY_SUFFIXES: &[&str] =
    &["manager", "helper", "helpers", "util", "utils", "impl", "dto", "base"];

const EMPTY_MODULES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];

const SHAPES: &[&str] = &[
    "is_embedded",
    "is_distributed",
    "is_monolith",
    "is_all_in_one",
    "is_in_process",
    "is_remote",
    "all_in_one",
    "embedded_mode",
    "distributed_mode",
    "in_process_mode",
    "run_mode",
    "deployment_mode",
    "RunMode",
    "DeploymentMode",
];

fn platform_words(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    for source in repository.sources.iter().filter(|source| source.path.starts_with("platform/")) {
        let test_lines = source.test_lines();
        let text = repository.text(&source.path).unwrap_or_default();
        for (index, line) in
            text.lines().enumerate().filter(|(index, _)| !test_lines.contains(&(index + 1)))
        {
            for word in business_words(line) {
                let excepted = EXCEPTIONS.iter().any(|(folder, meant)| {
                    source.path.starts_with(folder) && *meant == singular(&word)
                });
                if !excepted {
                    found.push(Place::new(&source.path, index + 1, format!("says \"{word}\"")));
                }
            }
        }
    }
    found
}

/// The business words of a line, in the form they have there.
fn business_words(line: &str) -> Vec<String> {
    let words = words(line);
    let pairs = words.windows(2).filter(|pair| {
        PURCHASE.iter().any(|(first, second)| {
            pair[0] == *first && (pair[1] == *second || singular(&pair[1]) == *second)
        })
    });
    let pairs = pairs.map(|pair| pair.join(" "));
    let single = words
        .iter()
        .filter(|word| *word == "orders" || BUSINESS.contains(&singular(word)))
        .cloned();
    single.chain(pairs).collect()
}

fn singular(word: &str) -> &str {
    match word {
        "taxes" => "tax",
        "inventories" => "inventory",
        _ => word.strip_suffix('s').unwrap_or(word),
    }
}

fn type_names(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    for source in &repository.sources {
        for pair in source.tokens.windows(2) {
            let (Some(keyword), Some(name)) = (pair[0].word(), pair[1].word()) else { continue };
            let is_empty = match keyword {
                "struct" | "enum" | "trait" | "type" => {
                    words(name).last().is_some_and(|last| EMPTY_SUFFIXES.contains(&last.as_str()))
                }
                "mod" => EMPTY_MODULES.contains(&name),
                _ => false,
            };
            if is_empty {
                found.push(Place::new(&source.path, pair[1].line, format!("is named `{name}`")));
            }
        }
    }
    found
}

fn mode_flags(repository: &Repository) -> Vec<Place> {
    let mut found = Vec::new();
    let is_watched = |path: &str| !path.starts_with("icommerce/") && !path.starts_with("xtask/");
    for source in repository.sources.iter().filter(|source| is_watched(&source.path)) {
        for token in &source.tokens {
            if let Kind::Word(word) = &token.kind
                && SHAPES.contains(&word.as_str())
            {
                found.push(Place::new(&source.path, token.line, format!("asks `{word}`")));
            }
        }
    }
    found
}
