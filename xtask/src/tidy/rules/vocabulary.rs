//! Vocabulary rules: business words in platform/, empty type names, deployment-mode flags.

use crate::tidy::repository::Repository;
use crate::tidy::rule::{Finding, Rule};
use crate::tidy::rust_source::TokenKind;
use crate::tidy::words::words;

pub(crate) const PLATFORM_WORDS: Rule = Rule {
    name: "platform-words",
    statement: "platform/ contains no business word, be it in names, strings or comments. Tests may use one as an example.",
    remedy: "Use a neutral word (item, record, subject), or move the code to contracts or a service.",
    check: platform_words,
};

pub(crate) const TYPE_NAMES: Rule = Rule {
    name: "type-names",
    statement: "Names come from the business: no Manager, Helper, Util, Impl, Dto, Base, no module named utils or common.",
    remedy: "Name what it does or what it is. If no name fits, it does several things: split it.",
    check: type_names,
};

pub(crate) const MODE_FLAGS: Rule = Rule {
    name: "mode-flags",
    statement: "Only icommerce/src may know which topology the system runs in.",
    remedy: "Make it a port and choose the adapter in icommerce/src/wiring.",
    check: mode_flags,
};

/// Business words of a shop, in the singular.
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
const ORDER_PAIRS: &[(&str, &str)] = &[
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

/// Business words that mean something else in one place, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // A price per piece is an amount with more decimals than money has; the arithmetic belongs beside Money.
    ("platform/kernel/", "price"),
    // What comes of a multiplication.
    ("platform/kernel/", "product"),
];

const EMPTY_SUFFIXES: &[&str] =
    &["manager", "helper", "helpers", "util", "utils", "impl", "dto", "base"];

const EMPTY_MODULES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];

const MODE_FLAG_NAMES: &[&str] = &[
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

fn platform_words(repository: &Repository) -> Vec<Finding> {
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
                    found.push(Finding::new(&source.path, index + 1, format!("says \"{word}\"")));
                }
            }
        }
    }
    found
}

/// The business words of a line, as they are spelt there.
fn business_words(line: &str) -> Vec<String> {
    let words = words(line);
    let pairs = words.windows(2).filter(|pair| {
        ORDER_PAIRS.iter().any(|(first, second)| {
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

fn type_names(repository: &Repository) -> Vec<Finding> {
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
                found.push(Finding::new(&source.path, pair[1].line, format!("is named `{name}`")));
            }
        }
    }
    found
}

fn mode_flags(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    let is_watched = |path: &str| !path.starts_with("icommerce/") && !path.starts_with("xtask/");
    for source in repository.sources.iter().filter(|source| is_watched(&source.path)) {
        for token in &source.tokens {
            if let TokenKind::Word(word) = &token.kind
                && MODE_FLAG_NAMES.contains(&word.as_str())
            {
                found.push(Finding::new(&source.path, token.line, format!("asks `{word}`")));
            }
        }
    }
    found
}
