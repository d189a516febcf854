//! HTML of descriptions: the elements that the shop leaves out, and shortening between tags.

use crate::limits::DESCRIPTION_BYTES_MAX;
use std::{borrow::Cow, collections::BTreeMap};

/// Elements with content or an effect that a shop removes from descriptions.
const REMOVED: [&str; 18] = [
    "iframe", "video", "audio", "embed", "object", "applet", "svg", "canvas", "math", "form",
    "input", "select", "textarea", "button", "script", "style", "link", "frame",
];
/// Elements without an end tag.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
/// Mark of a shortened text.
const ELLIPSIS: &str = "…";

/// Piece of HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    /// Start tag, end tag or comment, with the name of its element (empty for a comment).
    Tag {
        text: &'a str,
        is_end: bool,
        is_closed: bool,
    },
}

/// Characters by the names that references to them have in exports.
const REFERENCES: [(&str, char); 32] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("hellip", '…'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("deg", '°'),
    ("euro", '€'),
    ("times", '×'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("ccedil", 'ç'),
    ("ntilde", 'ñ'),
];
/// The longest reference without `&` and `;`, in bytes.
const REFERENCE_BYTES_MAX: usize = 8;

/// Text with the characters in place of references to them, such as `&amp;` and `&#8217;`. Others stay as they are.
pub(crate) fn without_references(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(REFERENCE_BYTES_MAX + 2).position(|byte| byte == b';');
        let reference = end.and_then(|end| Some((referenced(&rest[1..end])?, end + 1)));
        let (letter, length) = reference.unwrap_or(('&', 1));
        plain.push(letter);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn referenced(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return REFERENCES.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32)
}

/// Splits HTML into texts and tags.
fn pieces(html: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_tag = rest.starts_with('<')
            && rest[1..].starts_with(|it: char| it.is_ascii_alphabetic() || "/!?".contains(it));
        let end = if is_tag {
            tag_end(rest)
        } else {
            // The first character may be `<` itself, as text.
            rest.char_indices().skip(1).find(|(_, it)| *it == '<').map_or(rest.len(), |it| it.0)
        };
        let end = if rest.is_char_boundary(end) { end } else { rest.len() };
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(if is_tag {
            let is_end = piece.starts_with("</");
            Piece::Tag { text: piece, is_end, is_closed: piece.ends_with("/>") }
        } else {
            Piece::Text(piece)
        })
    })
}

/// Length of the tag or comment at the beginning of the text.
fn tag_end(text: &str) -> usize {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map_or(text.len(), |at| at + 7);
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn element_name(tag: &str) -> String {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(name.len());
    name[..end].to_ascii_lowercase()
}

/// Names of the elements that the shop leaves out, with their number.
pub(crate) fn removed_elements(html: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for piece in pieces(html) {
        if let Piece::Tag { text, is_end: false, .. } = piece {
            let name = element_name(text);
            if REMOVED.contains(&&*name) {
                *found.entry(name).or_default() += 1;
            }
        }
    }
    found
}

/// Beginning of a description of at most that many bytes: cut between tags or words, with every element closed.
pub(crate) fn shorten(html: &str, bytes_max: usize) -> String {
    let bytes_max = bytes_max.min(DESCRIPTION_BYTES_MAX);
    let mut short = String::new();
    let mut open: Vec<String> = Vec::new();
    let mut has_text = false;
    let ends = |open: &[String]| open.iter().map(|name| name.len() + 3).sum::<usize>();
    for piece in pieces(html) {
        let room = bytes_max.saturating_sub(short.len() + ends(&open) + ELLIPSIS.len());
        match piece {
            // A tag that never ends would swallow what follows it.
            Piece::Tag { text, .. } if !text.ends_with('>') => break,
            Piece::Text(text) => {
                let text = escaped(text);
                if text.len() > room {
                    short.push_str(words_within(&text, room, !has_text));
                    break;
                }
                has_text |= !text.trim().is_empty();
                short.push_str(&text);
            }
            Piece::Tag { text, is_end: true, .. } => {
                let name = element_name(text);
                if let Some(at) = open.iter().rposition(|it| *it == name) {
                    for name in open.drain(at..).rev() {
                        close(&mut short, &name);
                    }
                }
            }
            Piece::Tag { text, is_closed, .. } => {
                let name = element_name(text);
                let has_end = !name.is_empty() && !is_closed && !VOID.contains(&&*name);
                let needed = text.len() + if has_end { name.len() + 3 } else { 0 };
                if needed > room {
                    break;
                }
                short.push_str(text);
                if has_end {
                    open.push(name);
                }
            }
        }
    }
    short.push_str(ELLIPSIS);
    for name in open.iter().rev() {
        close(&mut short, name);
    }
    short
}

fn close(html: &mut String, name: &str) {
    html.push_str("</");
    html.push_str(name);
    html.push('>');
}

/// Text whose first `<` cannot become a tag with what follows it.
fn escaped(text: &str) -> Cow<'_, str> {
    text.strip_prefix('<').map_or(Cow::Borrowed(text), |rest| Cow::Owned(format!("&lt;{rest}")))
}

/// Beginning of a text of at most that many bytes, cut after a word; within a word only where `may_split` allows it.
fn words_within(text: &str, bytes_max: usize, may_split: bool) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let cut = &text[..end];
    if let Some(space) = cut.rfind(char::is_whitespace).filter(|at| *at > 0) {
        return cut[..space].trim_end();
    }
    if !may_split {
        return "";
    }
    // Not within a character reference such as `&amp;`.
    match cut.rfind('&') {
        Some(start) if !cut[start..].contains(';') => &cut[..start],
        _ => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_to_characters_become_these() {
        for (text, expected) in [
            ("Salt &amp; Pepper", "Salt & Pepper"),
            ("Women&#8217;s &#x201c;Tee&#x201d;", "Women’s “Tee”"),
            ("Tops &gt; Caf&eacute;", "Tops > Café"),
            ("&amp;amp;", "&amp;"),
            ("R&D; A & B &unknown; &#xFFFFFF; &", "R&D; A & B &unknown; &#xFFFFFF; &"),
            ("plain ü", "plain ü"),
        ] {
            assert_eq!(without_references(text), expected, "{text}");
        }
    }

    #[test]
    fn elements_that_the_shop_leaves_out_are_found() {
        let found = |html: &str| removed_elements(html).into_iter().collect::<Vec<_>>();
        assert_eq!(found("<p>Oak <b>&amp;</b> ash</p>"), []);
        assert_eq!(
            found(r#"<IFRAME src="https://v.example/1"></IFRAME><video/><iframe title="a > b">"#),
            [("iframe".to_owned(), 2), ("video".to_owned(), 1)]
        );
        assert_eq!(found("a < b <!-- <iframe> --> c"), []);
        assert_eq!(found("<style>p{}</style"), [("style".to_owned(), 1)]);
    }

    #[test]
    fn a_description_is_cut_between_words_and_its_elements_are_closed() {
        assert_eq!(shorten("<p>One two three</p>", 18), "<p>One two…</p>");
        assert_eq!(shorten("<ul><li>One</li><li>Two</li></ul>", 28), "<ul><li>One</li>…</ul>");
        assert_eq!(shorten("a<br>b<img src='x'>cdef ghi", 24), "a<br>b<img src='x'>…");
        assert_eq!(shorten("<p></p>abcdefghijklmnopq", 20), "<p></p>abcdefghij…");
        assert_eq!(shorten("xx &amp; yy", 9), "xx…");
        assert_eq!(shorten("<p>ünïcödé</p>", 14), "<p>ün…</p>");
    }

    proptest! {
        #[test]
        fn a_shortened_description_fits_and_nests(
            parts in prop::collection::vec("<p>|</p>|<b class=\"x\">|</b>|<br>|[a-zé ]{0,9}|&amp;|<|>", 0..40),
            bytes_max in 20_usize..200,
        ) {
            let short = shorten(&parts.concat(), bytes_max);
            prop_assert!(short.len() <= bytes_max, "{} > {}", short.len(), bytes_max);
            let mut open = Vec::new();
            for piece in pieces(&short) {
                if let Piece::Tag { text, is_end, .. } = piece {
                    let name = element_name(text);
                    if is_end {
                        prop_assert_eq!(open.pop(), Some(name));
                    } else if name != "br" {
                        open.push(name);
                    }
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}
