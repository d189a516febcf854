//! `look FOLDER`: screenshots of every page and state of the shop, with a contact sheet. `cargo xtask look` runs it.

use browser_tests::{
    Emulation, Frame, JavaScript, Page, Theme,
    walkthrough::{open_overlays, reach_further_states, walk_through},
};
use std::{
    fmt::Write,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Walk through the shop in one window and one language.
struct Series {
    name: &'static str,
    emulation: Emulation,
    themes: &'static [Theme],
}

const BOTH: &[Theme] = &[Theme::Light, Theme::Dark];
const LIGHT: &[Theme] = &[Theme::Light];
const SERIES: &[Series] = &[
    Series { name: "phone", emulation: Emulation::PHONE, themes: BOTH },
    Series { name: "tablet", emulation: Emulation::TABLET, themes: BOTH },
    Series { name: "desktop", emulation: Emulation::DESKTOP, themes: BOTH },
    Series {
        name: "phone, German",
        emulation: Emulation { language: "de", ..Emulation::PHONE },
        themes: LIGHT,
    },
    Series {
        name: "desktop, German",
        emulation: Emulation { language: "de", ..Emulation::DESKTOP },
        themes: LIGHT,
    },
    Series {
        name: "phone, no JavaScript",
        emulation: Emulation { javascript: JavaScript::Disabled, ..Emulation::PHONE },
        themes: LIGHT,
    },
];

/// Screenshot in the folder.
struct Picture {
    state: String,
    column: String,
    file: String,
}

/// Folder of screenshots, and those taken so far.
struct Album {
    folder: PathBuf,
    pictures: Vec<Picture>,
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("look: the output folder is missing; run it by cargo xtask look");
        return ExitCode::from(2);
    };
    let mut album = Album { folder: folder.into(), pictures: Vec::new() };
    let mut is_complete = true;
    for series in SERIES {
        let seen = album.pictures.len();
        if catch_unwind(AssertUnwindSafe(|| album.take_series(series))).is_err() {
            let last = album.pictures.get(seen..).and_then(<[Picture]>::last);
            let after = last.map_or_else(String::new, |it| format!(" after: {}", it.state));
            eprintln!("look: {}: a state could not be reached{after}", series.name);
            is_complete = false;
        }
    }
    let sheet = album.folder.join("index.html");
    if let Err(error) = std::fs::write(&sheet, album.contact_sheet()) {
        eprintln!("look: {}: {error}", sheet.display());
        is_complete = false;
    }
    println!("{} pictures; open {}", album.pictures.len(), sheet.display());
    if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Album {
    fn take_series(&mut self, series: &Series) {
        let Series { emulation, .. } = *series;
        walk_through(emulation, |page, state| self.take(series, page, state, Frame::Page));
        if emulation.javascript == JavaScript::Disabled {
            return;
        }
        reach_further_states(emulation, |page, state| self.take(series, page, state, Frame::Page));
        for theme in series.themes {
            // What is laid over a page closes when the page changes.
            let emulation = Emulation { theme: *theme, ..emulation };
            open_overlays(emulation, |page, state| {
                self.save(series, *theme, state, &page.screenshot(Frame::Window));
            });
        }
    }

    /// Takes the page in each theme of the series.
    fn take(&mut self, series: &Series, page: &Page, state: &str, frame: Frame) {
        for theme in series.themes {
            page.show_theme(*theme);
            self.save(series, *theme, state, &page.screenshot(frame));
        }
        page.show_theme(series.emulation.theme);
    }

    fn save(&mut self, series: &Series, theme: Theme, state: &str, png: &[u8]) {
        let suffix = match theme {
            Theme::Light => "",
            Theme::Dark => ", dark",
        };
        let column = format!("{}{suffix}", series.name);
        let file = file_name(state, &column);
        println!("{column}: {state}");
        write(&self.folder, &file, png)
            .unwrap_or_else(|error| panic!("{}/{file}: {error}", self.folder.display()));
        self.pictures.push(Picture { state: state.to_owned(), column, file });
    }

    /// Page with a row for each state and a column for each series and theme; each picture links to itself.
    fn contact_sheet(&self) -> String {
        let mut states: Vec<&str> = Vec::new();
        for picture in &self.pictures {
            if !states.contains(&&*picture.state) {
                states.push(&picture.state);
            }
        }
        let mut rows = String::new();
        for state in states {
            let _ = write!(rows, "<section><h2>{state}</h2><div class=row>");
            for Picture { column, file, .. } in self.pictures.iter().filter(|it| it.state == state)
            {
                let _ = write!(
                    rows,
                    "<figure><a href=\"{file}\"><img loading=lazy src=\"{file}\" alt=\"{state}, {column}\"></a>\
                     <figcaption>{column}</figcaption></figure>"
                );
            }
            rows.push_str("</div></section>\n");
        }
        format!("{SHEET_HEAD}{rows}")
    }
}

const SHEET_HEAD: &str = "<!doctype html>
<html lang=en><meta charset=utf-8><title>Every page and state of the shop</title>
<style>
body { font: 15px system-ui, sans-serif; margin: 1rem; background: #888; color: #000; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; position: sticky; left: 1rem; width: max-content; }
.row { display: flex; gap: .75rem; }
figure { margin: 0; flex: none; }
img { height: 420px; max-width: 560px; object-fit: cover; object-position: top; display: block; }
figcaption { font-size: .8rem; }
</style>
<h1>Every page and state of the shop</h1>
";

fn write(folder: &Path, file: &str, bytes: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(file), bytes)
}

/// File name in lower case, with hyphens for all but letters and digits.
fn file_name(state: &str, column: &str) -> String {
    let text = format!("{state} {column}").to_lowercase();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!("{}.png", words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_spaces() {
        assert_eq!(
            file_name("find an order, without a match", "phone, dark"),
            "find-an-order-without-a-match-phone-dark.png"
        );
    }

    #[test]
    fn the_contact_sheet_has_a_row_for_each_state() {
        let picture = |state: &str, column: &str| Picture {
            state: state.to_owned(),
            column: column.to_owned(),
            file: file_name(state, column),
        };
        let pictures =
            vec![picture("home", "phone"), picture("cart", "phone"), picture("home", "desktop")];
        let sheet = Album { folder: PathBuf::new(), pictures }.contact_sheet();
        assert_eq!(sheet.matches("<section>").count(), 2);
        let home = sheet.split("<section>").nth(1).unwrap();
        assert!(home.contains("home-phone.png") && home.contains("home-desktop.png"), "{home}");
    }
}
