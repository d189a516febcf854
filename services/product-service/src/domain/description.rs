//! Pictures within a description. The text is sanitised HTML: every tag is closed and every attribute quoted.

use std::ops::Range;

/// Image tag of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageTag {
    /// Where the tag is.
    pub(crate) range: Range<usize>,
    /// Address, without character references.
    pub(crate) source: String,
    /// Alternative text, escaped as it was.
    pub(crate) alt: String,
}

/// Image tags of sanitised HTML, in order.
pub(crate) fn image_tags(html: &str) -> Vec<ImageTag> {
    let mut tags = Vec::new();
    if !html.contains("<img") {
        return tags;
    }
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        let end = start + tag_length(&html[start..]);
        let tag = &html[start..end];
        if let Some(attributes) = tag.strip_prefix("<img") {
            let value = |name| attribute(attributes, name).unwrap_or_default();
            let (source, alt) = (unescaped(value("src")), value("alt").to_owned());
            tags.push(ImageTag { range: start..end, source, alt });
        }
        at = end;
    }
    tags
}

/// Length of the tag at the beginning of a text; a `>` within a quoted value does not end it.
fn tag_length(text: &str) -> usize {
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '>' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Value of an attribute as it is written.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (before, after) = rest.split_once("=\"")?;
        let (value, following) = after.split_once('"')?;
        if before.trim() == name {
            return Some(value);
        }
        rest = following;
    }
}

/// Value without the character references that a serialiser of HTML writes.
fn unescaped(value: &str) -> String {
    value.replace("&nbsp;", "\u{a0}").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The description with each image tag replaced by what `replace` makes of it.
pub(crate) fn replace_image_tags(html: &str, replace: impl Fn(&ImageTag) -> String) -> String {
    let mut replaced = String::with_capacity(html.len());
    let mut at = 0;
    for tag in image_tags(html) {
        replaced.push_str(&html[at..tag.range.start]);
        replaced.push_str(&replace(&tag));
        at = tag.range.end;
    }
    replaced.push_str(&html[at..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_found_with_their_address_and_text() {
        let html = "<p>One <img src=\"https://a.example/1.jpg?a=1&amp;b=2\" alt=\"A &quot;mug&quot;\"> two<br><img alt=\"\" src=\"/2.png\"></p>";
        let tags = image_tags(html);
        let seen: Vec<_> = tags.iter().map(|tag| (&*tag.source, &*tag.alt)).collect();
        assert_eq!(
            seen,
            [("https://a.example/1.jpg?a=1&b=2", "A &quot;mug&quot;"), ("/2.png", "")]
        );
        assert_eq!(replace_image_tags(html, |_| String::new()), "<p>One  two<br></p>");
    }

    #[test]
    fn what_only_looks_like_an_image_is_none() {
        for html in [
            "&lt;img src=\"a\"&gt;",
            "<a title=\"<img src=\">x</a>",
            "<a title=\"a > b <img \">x</a>",
            "no tags",
        ] {
            assert_eq!(image_tags(html), [], "{html}");
            assert_eq!(replace_image_tags(html, |_| "!".to_owned()), html);
        }
        assert_eq!(image_tags("<img>")[0].source, "");
    }
}
