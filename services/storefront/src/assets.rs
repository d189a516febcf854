//! Static assets: style sheet and script, bundled, minified, precompressed and served under content-hashed addresses.

use crate::compression::{ContentEncoding, brotli, gzip};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Source files of the style sheet, in the order of their cascade layers.
const STYLES: &[&str] = &[
    include_str!("../assets/css/tokens.css"),
    include_str!("../assets/css/base.css"),
    include_str!("../assets/css/parts.css"),
    include_str!("../assets/css/shell.css"),
    include_str!("../assets/css/home.css"),
    include_str!("../assets/css/list.css"),
    include_str!("../assets/css/product.css"),
    include_str!("../assets/css/cart.css"),
    include_str!("../assets/css/checkout.css"),
    include_str!("../assets/css/order.css"),
    include_str!("../assets/css/account.css"),
    include_str!("../assets/css/states.css"),
];

/// Source modules of the script; an imported module comes before its importers.
const SCRIPTS: &[&str] = &[
    include_str!("../assets/js/swap.js"),
    include_str!("../assets/js/facets.js"),
    include_str!("../assets/js/product.js"),
    include_str!("../assets/js/cart.js"),
    include_str!("../assets/js/search.js"),
    include_str!("../assets/js/form.js"),
];

/// Logo of the demonstration.
pub(crate) const DEMONSTRATION_LOGO: &str = include_str!("../assets/demonstration-logo.svg");
const FAVICON: &str = include_str!("../assets/favicon.svg");
const SPECULATION: &str = include_str!("../assets/speculation.json");

/// Brotli quality of assets, which are compressed once. From 8 on the encoder takes tables of 16 MB and more, which would stay in the
/// memory of an idle shop.
const BROTLI_QUALITY_STATIC: i32 = 7;
/// Gzip level of assets, which are compressed once.
const GZIP_LEVEL_STATIC: u32 = 9;

/// Static asset in all content codings.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    plain: Bytes,
    gzip: Bytes,
    brotli: Bytes,
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, text: &str) -> Self {
        let hash = Sha256::digest(text);
        let short =
            hash.iter().take(5).fold(String::new(), |short, byte| format!("{short}{byte:02x}"));
        Self {
            path: format!("{name}.{short}.{extension}"),
            content_type,
            plain: Bytes::copy_from_slice(text.as_bytes()),
            gzip: gzip(text.as_bytes(), GZIP_LEVEL_STATIC),
            brotli: brotli(text.as_bytes(), BROTLI_QUALITY_STATIC),
        }
    }

    /// Body of the asset in this coding.
    pub(crate) fn body(&self, encoding: ContentEncoding) -> Bytes {
        match encoding {
            ContentEncoding::Identity => self.plain.clone(),
            ContentEncoding::Gzip => self.gzip.clone(),
            ContentEncoding::Brotli => self.brotli.clone(),
        }
    }
}

/// Assets that are the same in every shop.
static SHARED: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    let rules = "application/speculationrules+json";
    [
        Asset::new("/assets/shop", "css", "text/css; charset=utf-8", &minified_style(STYLES)),
        Asset::new(
            "/assets/shop",
            "js",
            "text/javascript; charset=utf-8",
            &bundled_script(SCRIPTS),
        ),
        Asset::new("/assets/speculation", "json", rules, SPECULATION),
    ]
});

/// All assets of a shop, and their addresses.
#[derive(Debug)]
pub(crate) struct Assets {
    files: Vec<Asset>,
    pub(crate) style: String,
    pub(crate) theme: String,
    pub(crate) script: String,
    pub(crate) speculation: String,
    pub(crate) icon: String,
}

impl Assets {
    /// Assets of a shop of this name, whose brand has this hue.
    pub(crate) fn new(hue: u16, name: &str) -> Self {
        let hue = hue % 360;
        let theme = format!(":root{{--hue:{hue}}}\n");
        let theme = Asset::new("/theme", "css", "text/css; charset=utf-8", &theme);
        let initial = name.chars().find(|letter| letter.is_alphanumeric()).unwrap_or(' ');
        let initial: String = initial.to_uppercase().collect();
        let icon = FAVICON.replace("HUE", &hue.to_string()).replace("INITIAL", &initial);
        let icon = Asset::new("/assets/favicon", "svg", "image/svg+xml", &icon);
        let [style, script, speculation] = &*SHARED;
        Self {
            style: style.path.clone(),
            script: script.path.clone(),
            speculation: speculation.path.clone(),
            theme: theme.path.clone(),
            icon: icon.path.clone(),
            files: SHARED.iter().cloned().chain([theme, icon]).collect(),
        }
    }

    /// Asset at this path.
    pub(crate) fn at(&self, path: &str) -> Option<&Asset> {
        self.files.iter().find(|asset| asset.path == path)
    }

    /// The favicon, whatever its current address.
    pub(crate) fn favicon(&self) -> Option<&Asset> {
        self.at(&self.icon)
    }
}

/// Minified bundle of the style sheets: without comments, line ends and needless spaces.
fn minified_style(files: &[&str]) -> String {
    let mut style = String::new();
    for file in files {
        let mut rest = *file;
        while let Some((before, after)) = rest.split_once("/*") {
            push_lines(&mut style, before);
            rest = after.split_once("*/").map_or("", |(_, rest)| rest);
        }
        push_lines(&mut style, rest);
    }
    for (wide, tight) in
        [(": ", ":"), (" {", "{"), ("{ ", "{"), ("; ", ";"), (";}", "}"), (", ", ",")]
    {
        style = style.replace(wide, tight);
    }
    style
}

fn push_lines(style: &mut String, text: &str) {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // A selector that continues on the next line needs its space.
        if style.ends_with(|last: char| !matches!(last, '{' | '}' | ';' | ',' | '\n'))
            && !style.is_empty()
        {
            style.push(' ');
        }
        style.push_str(line);
    }
}

/// Bundle of the script modules: the imports are already in scope, and nothing is exported.
fn bundled_script(files: &[&str]) -> String {
    let mut script = String::new();
    for line in files.iter().flat_map(|file| file.lines()) {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with("//") || line.starts_with("import ") {
            continue;
        }
        script.push_str(line.strip_prefix("export ").unwrap_or(line));
        script.push('\n');
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_and_script_keep_their_budgets() {
        let [style, script, _] = &*SHARED;
        let sizes = [style, script].map(|it| it.body(ContentEncoding::Brotli).len());
        assert!(sizes[0] <= 10 * 1024, "the style is {} bytes", sizes[0]);
        assert!(sizes[1] <= 12 * 1024, "the script is {} bytes", sizes[1]);
    }

    #[test]
    fn minifying_keeps_the_meaning() {
        let style = minified_style(&[
            "a {\n  /* why */\n  color: red;\n  margin: 0 auto;\n}\n.b\n.c { top: 0 }",
        ]);
        assert_eq!(style, "a{color:red;margin:0 auto}.b .c{top:0 }");
    }

    #[test]
    fn bundling_drops_imports_and_exports() {
        let script = bundled_script(&[
            "// swap\nexport const a = 1;",
            "import { a } from './a.js';\n\n  use(a);",
        ]);
        assert_eq!(script, "const a = 1;\nuse(a);\n");
    }

    #[test]
    fn bundled_modules_declare_different_names() {
        let mut names = std::collections::BTreeSet::new();
        for line in SCRIPTS.iter().flat_map(|script| script.lines()) {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let Some(rest) = ["const ", "let ", "function ", "class "]
                .iter()
                .find_map(|it| line.strip_prefix(it))
            else {
                continue;
            };
            let declared = rest.split([' ', ';', '(', '=']).next().unwrap_or_default();
            assert!(names.insert(declared), "two modules declare {declared}");
        }
        assert!(names.len() > 10);
    }

    #[test]
    fn no_asset_needs_a_weaker_content_security_policy() {
        for style in STYLES {
            assert!(
                !style.contains("data:") && !style.contains("http") && !style.contains("@import")
            );
        }
        for script in SCRIPTS {
            for word in ["eval(", "innerHTML", ".style.", "new Function", "document.write"] {
                assert!(!script.contains(word), "a script says {word}");
            }
        }
    }

    #[test]
    fn addresses_change_with_the_hue() {
        let (green, blue) = (Assets::new(165, "Shop"), Assets::new(525 - 275, "Shop"));
        assert_ne!(green.theme, blue.theme);
        assert_eq!(green.style, blue.style);
        let icon = |name| Assets::new(165, name).icon;
        assert_eq!(icon("élan"), icon("Étude"), "the icon shows the initial alone");
        assert_ne!(icon("élan"), icon("<&>"));
        assert!(green.at(&green.theme).is_some() && green.at("/assets/shop.css").is_none());
    }
}
