//! Sanitising of descriptions, with limits that are checked before the parser runs.
//!
//! An HTML parser takes time that grows with the product of the size and the nesting depth, with the square of the
//! attributes of one tag, and with the formatting elements that each new paragraph opens again. One pass over the text
//! counts these, on the safe side: an end tag counts only where it closes the element that was opened last.

use crate::domain::{limits, picture_address::PictureAddress};
use kernel::Problem;
use tokio::sync::Semaphore;

/// Largest description before sanitising, in bytes. The limit of the domain applies to the sanitised text.
const RAW_DESCRIPTION_BYTES_MAX: usize = 4 * limits::DESCRIPTION_BYTES_MAX;
/// Tags of a description.
const TAGS_MAX: usize = 10_000;
/// Elements that are open at the same time.
const NESTED_ELEMENTS_MAX: usize = 256;
/// Attributes of one tag.
const ATTRIBUTES_MAX: usize = 256;
/// Formatting elements that are open at a tag, added up over all tags: the parser may open each of them again.
const REOPENED_ELEMENTS_MAX: usize = 200_000;
/// Bytes of HTML that are sanitised on the thread of the request.
const INLINE_BYTES_MAX: usize = 16 * 1024;
/// Requests whose HTML is sanitised at the same time, on threads of their own.
const SANITISERS_MAX: usize = 2;

static SANITISERS: Semaphore = Semaphore::const_new(SANITISERS_MAX);

/// Elements without content.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img",
    "input", "keygen", "link", "meta", "param", "source", "track", "wbr",
];
/// Elements that cannot contain themselves without another element in between: they add no depth.
const FLAT: &[&str] = &[
    "p", "tr", "td", "th", "tbody", "thead", "tfoot", "colgroup", "option", "html", "body", "head",
];
/// Elements that end with their parent or with the next one of their kind.
const OPTIONAL_END: &[&str] = &["li", "dd", "dt"];
/// Formatting elements (HTML standard, section 13.2.4.3).
const FORMATTING: &[&str] = &[
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// Result of `map`, which sanitises `html_bytes` of descriptions: on the thread of the request if they are few.
pub(super) async fn sanitising<T: Send + 'static>(
    html_bytes: usize,
    map: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if html_bytes <= INLINE_BYTES_MAX {
        return Ok(map());
    }
    let _permit = SANITISERS.acquire().await.map_err(|_| Problem::internal())?;
    tokio::task::spawn_blocking(map).await.map_err(|_| Problem::internal())
}

/// Sanitised HTML, without anything that could run, frame or track.
pub(super) fn sanitised(html: &str) -> Result<String, Problem> {
    let refused = |message: String| Err(Problem::field("description", message));
    if html.len() > RAW_DESCRIPTION_BYTES_MAX {
        let bytes = html.len();
        return refused(format!(
            "has {bytes} bytes; at most {RAW_DESCRIPTION_BYTES_MAX} are allowed"
        ));
    }
    // Plain text needs no parser.
    if !html.contains(['<', '>', '&', '\0']) {
        return Ok(html.to_owned());
    }
    match check(html) {
        Ok(()) => Ok(sanitiser().clean(html).to_string()),
        Err(excess) => refused(excess.to_string()),
    }
}

/// Sanitiser that also takes the address of an image that can be neither shown nor fetched.
fn sanitiser() -> ammonia::Builder<'static> {
    let mut sanitiser = ammonia::Builder::default();
    sanitiser.attribute_filter(|element, attribute, value| {
        let is_kept =
            (element, attribute) != ("img", "src") || PictureAddress::parse(value).is_some();
        is_kept.then(|| value.into())
    });
    sanitiser
}

/// Limit that a description exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Excess {
    #[error("has more than {TAGS_MAX} HTML tags")]
    Tags,
    #[error("has HTML elements nested more than {NESTED_ELEMENTS_MAX} deep, or not closed")]
    Nesting,
    #[error("has an HTML tag with more than {ATTRIBUTES_MAX} attributes")]
    Attributes,
    #[error("has too many formatting elements that are not closed")]
    Formatting,
}

/// Check of the limits in one pass.
fn check(html: &str) -> Result<(), Excess> {
    let mut open: Vec<&str> = Vec::new();
    let (mut formatting, mut reopened, mut tags) = (0, 0, 0);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let is_end = rest.starts_with('/');
        let text = rest.strip_prefix('/').unwrap_or(rest);
        if !text.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            continue;
        }
        let end = text.find(|it: char| it.is_ascii_whitespace() || matches!(it, '/' | '>'));
        let (name, attributes) = text.split_at(end.unwrap_or(text.len()));
        rest = skip_attributes(attributes)?;
        tags += 1;
        reopened += formatting;
        if is_end {
            formatting -= close(&mut open, name);
        } else if !is_any(name, VOID) && !is_any(name, FLAT) {
            let is_next = is_any(name, OPTIONAL_END) && open.last().is_some_and(|it| is(it, name));
            if !is_next {
                open.push(name);
                formatting += usize::from(is_any(name, FORMATTING));
            }
        }
        if tags > TAGS_MAX {
            return Err(Excess::Tags);
        }
        if open.len() > NESTED_ELEMENTS_MAX {
            return Err(Excess::Nesting);
        }
        if reopened > REOPENED_ELEMENTS_MAX {
            return Err(Excess::Formatting);
        }
    }
    Ok(())
}

/// End of the element that was opened last, if it has this name; elements with an optional end tag end with it. Returns
/// the number of formatting elements that ended.
fn close(open: &mut Vec<&str>, name: &str) -> usize {
    let last = open.iter().rposition(|it| is(it, name) || !is_any(it, OPTIONAL_END));
    match last.filter(|last| is(open[*last], name)) {
        Some(last) => {
            open.truncate(last);
            usize::from(is_any(name, FORMATTING))
        }
        None => 0,
    }
}

/// Text after the `>` that ends a tag; `>` and separators in quotes belong to a value.
fn skip_attributes(text: &str) -> Result<&str, Excess> {
    let (mut quote, mut separators, mut after_equals) = (None, 0, false);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(mark), _) => {
                if byte == mark {
                    quote = None;
                }
            }
            (None, b'>') => return Ok(&text[at + 1..]),
            // A quote begins a value only after an equals sign; elsewhere it is part of a name.
            (None, b'"' | b'\'') if after_equals => {
                quote = Some(byte);
                // An attribute may follow a closing quote without a space.
                separators += 1;
            }
            (None, b'/') => separators += 1,
            (None, _) if byte.is_ascii_whitespace() => {
                separators += usize::from(!after_equals);
                continue;
            }
            (None, _) => {}
        }
        after_equals = quote.is_none() && byte == b'=';
        if separators > 2 * ATTRIBUTES_MAX {
            return Err(Excess::Attributes);
        }
    }
    Ok("")
}

fn is(one: &str, name: &str) -> bool {
    one.eq_ignore_ascii_case(name)
}

fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|it| it.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_that_cost_a_parser_time_are_refused_before_it_runs() {
        let repeat = |text: &str| text.repeat(200_000 / text.len());
        let attributes =
            (0..30_000).map(|number| format!(" a{number}")).collect::<Vec<_>>().concat();
        let bold = (0..200).map(|number| format!("<b a={number}>")).collect::<Vec<_>>().concat();
        for (html, excess) in [
            (repeat("<div>"), Excess::Nesting),
            (repeat("<ul><li>"), Excess::Nesting),
            (repeat("<dd><li>"), Excess::Nesting),
            (repeat("<DIV></x>"), Excess::Nesting),
            (repeat("<b><div></b>"), Excess::Nesting),
            (repeat("<div><table><td></div></table>"), Excess::Nesting),
            (repeat("<svg><br><path/></svg>"), Excess::Nesting),
            (repeat("<table><tr><td>"), Excess::Nesting),
            (repeat("<blockquote class='>'>"), Excess::Nesting),
            (repeat("<b>"), Excess::Nesting),
            (format!("<table>{}", repeat("<br>")), Excess::Tags),
            (repeat("<p>x"), Excess::Tags),
            (format!("<a{attributes}>"), Excess::Attributes),
            (format!("<a {}>", repeat("x='1'")), Excess::Attributes),
            (format!("{bold}{}", "<p>x".repeat(5_000)), Excess::Formatting),
        ] {
            assert_eq!(check(&html), Err(excess), "{}", &html[..40]);
            let problem = sanitised(&html).unwrap_err();
            assert_eq!(problem.errors[0].field, "description");
        }
        assert!(sanitised(&"x".repeat(RAW_DESCRIPTION_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn descriptions_as_shops_write_them_are_taken() {
        let rows = "<tr><td>Width<td>40 cm".repeat(300);
        let items = "<li>one<li>two</li>".repeat(300);
        for html in [
            format!("<table>{rows}</table>"),
            format!("<ul>{items}</ul>").repeat(8),
            "<p>One<p>Two<br/><img src='/a>b.png' alt=\"1 > 2\">".repeat(400),
            "<div><ul><li><a href='/x'>x</a></ul></div>".repeat(500),
            "<b><i>both</b></i>".repeat(100),
            "5 < 6 & 7 > 3 <!-- a > b --> < <3".repeat(500),
            format!("{}deep{}", "<div>".repeat(200), "</div>".repeat(200)),
            "<p unclosed".to_owned(),
        ] {
            assert_eq!(check(&html), Ok(()), "{}", &html[..20.min(html.len())]);
            assert!(sanitised(&html).is_ok());
        }
    }
}
