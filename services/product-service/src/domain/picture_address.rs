//! Address of a picture: on the shop itself, or elsewhere.

/// Address of a picture that a product may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PictureAddress<'a> {
    /// Path on the shop edge, which the pages can show.
    OnShop(&'a str),
    /// Absolute `https` or `http` address elsewhere, of which the shop fetches a copy before anything is shown.
    Elsewhere(&'a str),
}

impl<'a> PictureAddress<'a> {
    /// Address of this text; `None` for one that can be neither shown nor fetched.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        // A browser reads `/\host` and, after it has dropped tabs and line ends, `/<tab>/host` as another host.
        let forbidden =
            |letter: char| letter.is_control() || letter.is_whitespace() || letter == '\\';
        if text.contains(forbidden) {
            return None;
        }
        if let Some(rest) = text.strip_prefix('/') {
            return (!rest.is_empty() && !rest.starts_with('/')).then_some(Self::OnShop(text));
        }
        let (scheme, rest) = text.split_once("://")?;
        let is_http = ["https", "http"].iter().any(|it| scheme.eq_ignore_ascii_case(it));
        let authority = rest.split(['/', '?', '#']).next()?;
        (is_http && is_authority(authority)).then_some(Self::Elsewhere(text))
    }
}

/// Whether a text is a host with an optional port, and without credentials. Who fetches it parses it more strictly.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address, port),
        None if text.contains(['[', ']']) => return false,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_port = |text: &str| text.strip_prefix(':').is_some_and(|it| it.parse::<u16>().is_ok());
    let is_host = !host.is_empty() && !host.contains(['@', '<', '>', '"', '%', '^', '`', '|', '{']);
    is_host && (port.is_empty() || is_port(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_on_the_shop_can_be_shown_and_absolute_addresses_fetched() {
        for text in
            ["/media/ab/640.jpg", "/a", "/pictures/dome-lamp/brick/object.svg?v=1", "/é.png"]
        {
            assert_eq!(PictureAddress::parse(text), Some(PictureAddress::OnShop(text)), "{text}");
        }
        for text in [
            "https://cdn.example/a.jpg",
            "HTTPS://CDN.EXAMPLE/a",
            "http://cdn.example",
            "https://cdn.example:8443/a.jpg?v=1#top",
            "https://192.0.2.1/a.jpg",
            "https://bücher.example/umschlag.jpg",
        ] {
            assert_eq!(
                PictureAddress::parse(text),
                Some(PictureAddress::Elsewhere(text)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_can_be_neither_shown_nor_fetched_is_no_address() {
        for text in [
            "",
            "/",
            "//",
            "//evil.example/a.jpg",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https:\\\\evil.example",
            "https://",
            "https:///",
            "https://?a",
            "https:///evil.example/a.jpg",
            "https:/evil.example",
            "https:evil.example",
            "http://#",
            "https://a b.example/",
            "https://me@evil.example/",
            "https://me:secret@evil.example/",
            "data:image/png;base64,AAAA",
            "javascript:alert(1)",
            "blob:https://shop.example/1",
            "file:///etc/passwd",
            "ftp://evil.example/a.jpg",
            "mug.jpg",
            "./mug.jpg",
            "../mug.jpg",
            "?mug",
            "#mug",
            " /mug.jpg",
            "https://exa mple",
            "https://[::1",
            "https://:80/",
        ] {
            assert_eq!(PictureAddress::parse(text), None, "{text:?}");
        }
    }
}
