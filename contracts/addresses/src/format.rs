//! Address format by country: which parts an address has, in which order, what they are called there, and the values
//! that they can have.

use crate::postcode::{self, PostcodeMask};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

/// Columns: country; required parts beside name and line1 (C city, S region, Z postcode); rows of the parts after the
/// name (A line1, B line2); kinds of city, region and postcode; an example of a postcode; masks of postcodes. The facts
/// are those of Google's address data and of the postal services.
const FORMATS: &str = include_str!("../data/formats.csv");

/// A country per line with its regions: `code=name=other name`, or the name alone where addresses carry the name.
const REGIONS: &str = include_str!("../data/regions.txt");

/// Part of a postal address.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AddressPart {
    /// The person or company.
    Name,
    /// Street and number.
    Line1,
    /// Second address line.
    Line2,
    /// City or town.
    City,
    /// State, province, prefecture, county.
    Region,
    /// Postcode.
    PostalCode,
    /// Country.
    Country,
}

impl AddressPart {
    /// Name of the part as a field of the API.
    pub fn field(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Line1 => "line1",
            Self::Line2 => "line2",
            Self::City => "city",
            Self::Region => "region",
            Self::PostalCode => "postal_code",
            Self::Country => "country",
        }
    }

    fn of_letter(letter: char) -> Option<Self> {
        match letter {
            'A' => Some(Self::Line1),
            'B' => Some(Self::Line2),
            'C' => Some(Self::City),
            'S' => Some(Self::Region),
            'Z' => Some(Self::PostalCode),
            _ => None,
        }
    }
}

/// What the city is called in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CityKind {
    #[default]
    City,
    PostTown,
    Suburb,
    District,
}

/// What the region is called in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RegionKind {
    #[default]
    State,
    Province,
    Prefecture,
    County,
    Area,
    Emirate,
    Department,
    Region,
}

/// What the postcode is called in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PostalCodeKind {
    #[default]
    PostalCode,
    Postcode,
    Zip,
    Pin,
    Eircode,
}

/// Region of a country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Region {
    /// Text that stands in addresses: a code such as `CA`, or the name.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Other names by which it is recognised.
    #[serde(skip)]
    pub(crate) aliases: Vec<&'static str>,
}

/// Address format of a country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressFormat {
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// Required parts beside the name and line1.
    pub required: Vec<AddressPart>,
    /// Rows of an address, and of a form for it, after the name.
    pub rows: Vec<Vec<AddressPart>>,
    /// What the city is called.
    pub city: CityKind,
    /// What the region is called.
    pub region: RegionKind,
    /// What the postcode is called.
    pub postal_code: PostalCodeKind,
    /// Example of a postcode; none where there are no postcodes.
    pub postal_code_example: Option<&'static str>,
    /// Regular expression of postcodes, anchored; none where there are no postcodes.
    pub postal_code_pattern: Option<String>,
    /// Regions; empty where there is no list.
    pub regions: Vec<Region>,
    masks: Vec<PostcodeMask>,
}

static ALL: LazyLock<BTreeMap<&'static str, AddressFormat>> = LazyLock::new(|| {
    let rows = FORMATS.lines().skip(1).filter_map(parse);
    rows.map(|format| (format.country, format)).collect()
});

/// Address format of the country with this code.
pub fn format_of(country: &str) -> Option<&'static AddressFormat> {
    ALL.get(country)
}

impl AddressFormat {
    /// Whether an address must have this part.
    pub fn requires(&self, part: AddressPart) -> bool {
        matches!(part, AddressPart::Name | AddressPart::Line1) || self.required.contains(&part)
    }

    /// Whether all postcodes are digits, so that a numeric keyboard suffices.
    pub fn has_numeric_postal_codes(&self) -> bool {
        self.masks.iter().all(PostcodeMask::is_numeric)
    }

    /// Postcode in its normal form (`sw1a1aa` is `SW1A 1AA`); none if it cannot be one of this country. A country
    /// without postcodes refuses none.
    pub fn normal_postal_code(&self, text: &str) -> Option<String> {
        if self.masks.is_empty() {
            return Some(text.to_owned());
        }
        let compact = postcode::compact(text);
        let normal = |compact: &str| self.masks.iter().find_map(|mask| mask.normalise(compact));
        normal(&compact).or_else(|| normal(self.without_country_prefix(text, &compact)?))
    }

    /// Postcode without the country in front of it, as in `D-22763` and `SE-114 55`.
    fn without_country_prefix<'a>(&self, text: &str, compact: &'a str) -> Option<&'a str> {
        let prefix = text.trim_start().split_once('-')?.0.trim().to_uppercase();
        let is_country = prefix == self.country || prefix == self.country[..1];
        compact.strip_prefix(prefix.as_str()).filter(|_| is_country)
    }

    /// Code of the region with this code or name; none if the country has a list without it. A country without a list
    /// refuses none.
    pub fn region_code(&self, text: &str) -> Option<String> {
        if self.regions.is_empty() {
            return Some(text.to_owned());
        }
        let wanted = text.to_lowercase();
        let is_wanted = |name: &str| name.to_lowercase() == wanted;
        let prefixed = |code: &str| is_wanted(&format!("{}-{code}", self.country));
        let found = self.regions.iter().find(|it| is_wanted(&it.code) || prefixed(&it.code));
        let found = found.or_else(|| {
            let mut regions = self.regions.iter();
            regions.find(|it| is_wanted(&it.name) || it.aliases.iter().any(|it| is_wanted(it)))
        });
        found.map(|region| region.code.clone())
    }
}

fn parse(row: &'static str) -> Option<AddressFormat> {
    let mut cells = row.splitn(8, ',');
    let country = cells.next()?;
    let required = cells.next()?.chars().filter_map(AddressPart::of_letter).collect();
    let rows = cells.next()?.split(' ');
    let rows = rows.map(|row| row.chars().filter_map(AddressPart::of_letter).collect());
    let (rows, city, region) = (rows.collect(), cells.next()?, cells.next()?);
    let (postal_code, example, masks) = (cells.next()?, cells.next()?, cells.next()?);
    let masks = masks.split('|').filter(|mask| !mask.is_empty()).map(PostcodeMask::parse);
    let masks: Vec<PostcodeMask> = masks.collect();
    Some(AddressFormat {
        country,
        required,
        rows,
        city: match city {
            "post_town" => CityKind::PostTown,
            "suburb" => CityKind::Suburb,
            "district" => CityKind::District,
            _ => CityKind::City,
        },
        region: region_kind(region),
        postal_code: match postal_code {
            "postcode" => PostalCodeKind::Postcode,
            "zip" => PostalCodeKind::Zip,
            "pin" => PostalCodeKind::Pin,
            "eircode" => PostalCodeKind::Eircode,
            _ => PostalCodeKind::PostalCode,
        },
        postal_code_example: Some(example).filter(|example| !example.is_empty()),
        postal_code_pattern: (!masks.is_empty()).then(|| postcode::expression(&masks)),
        regions: regions_of(country),
        masks,
    })
}

fn region_kind(word: &str) -> RegionKind {
    match word {
        "state" => RegionKind::State,
        "province" => RegionKind::Province,
        "prefecture" => RegionKind::Prefecture,
        "county" => RegionKind::County,
        "area" => RegionKind::Area,
        "emirate" => RegionKind::Emirate,
        "department" => RegionKind::Department,
        _ => RegionKind::Region,
    }
}

fn regions_of(country: &str) -> Vec<Region> {
    let mut lines = REGIONS.lines().filter_map(|line| line.split_once(' '));
    let Some((_, list)) = lines.find(|(code, _)| *code == country) else { return Vec::new() };
    list.split('|').map(|entry| region(entry, has_codes(country))).collect()
}

/// Whether addresses carry the codes of the regions rather than their names.
fn has_codes(country: &str) -> bool {
    matches!(country, "US" | "CA" | "AU" | "BR" | "IT")
}

fn region(entry: &'static str, has_code: bool) -> Region {
    let mut names = entry.split('=');
    let first = names.next().unwrap_or(entry);
    let name = if has_code { names.next().unwrap_or(first) } else { first };
    Region { code: first.to_owned(), name: name.to_owned(), aliases: names.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_tables_is_used() {
        assert_eq!(ALL.len(), FORMATS.lines().count() - 1);
        for line in REGIONS.lines() {
            let format = format_of(&line[..2]).unwrap();
            assert!(format.regions.len() > 2, "{line}");
            let has_field = format.rows.iter().flatten().any(|it| *it == AddressPart::Region);
            assert!(has_field, "{line}");
        }
    }

    #[test]
    fn every_format_asks_for_what_it_requires_and_accepts_its_example() {
        for format in ALL.values() {
            let asked: Vec<_> = format.rows.iter().flatten().copied().collect();
            assert!(asked.contains(&AddressPart::Line1), "{}", format.country);
            for part in &format.required {
                assert!(asked.contains(part), "{}: {part:?}", format.country);
            }
            if let Some(example) = format.postal_code_example
                && !format.masks.is_empty()
            {
                let normal = format.normal_postal_code(&example.to_lowercase());
                assert_eq!(normal.as_deref(), Some(example), "{}", format.country);
                assert_eq!(format.normal_postal_code("!!"), None, "{}", format.country);
                assert_eq!(format.normal_postal_code("12"), None, "{}", format.country);
            }
            assert_eq!(format.masks.is_empty(), format.postal_code_example.is_none());
        }
    }

    #[test]
    fn every_required_region_has_a_list() {
        for format in ALL.values() {
            if format.requires(AddressPart::Region) {
                assert!(!format.regions.is_empty(), "{}", format.country);
            }
        }
    }

    #[test]
    fn postcodes_have_one_normal_form() {
        let normal = |country, text| format_of(country).unwrap().normal_postal_code(text);
        for (country, text, expected) in [
            ("GB", "sw1a1aa", "SW1A 1AA"),
            ("GB", "  w1a  0ax ", "W1A 0AX"),
            ("NL", "1012js", "1012 JS"),
            ("BR", "01310100", "01310-100"),
            ("JP", "1540023", "154-0023"),
            ("JP", "〒154-0023", "154-0023"),
            ("CA", "h3z2y7", "H3Z 2Y7"),
            ("US", "950144321", "95014-4321"),
            ("SE", "11455", "114 55"),
            ("SE", "SE-114 55", "114 55"),
            ("DE", "D-22763", "22763"),
            ("PL", "00950", "00-950"),
            ("IE", "d02af30", "D02 AF30"),
            ("HK", "999077", "999077"),
        ] {
            assert_eq!(normal(country, text).as_deref(), Some(expected), "{country} {text}");
        }
    }

    #[test]
    fn what_cannot_be_a_postcode_of_the_country_is_none() {
        let normal = |country, text| format_of(country).unwrap().normal_postal_code(text);
        for (country, text) in [
            ("US", "!!"),
            ("US", "00000"),
            ("US", "9501"),
            ("US", "SW1A 1AA"),
            ("GB", "12345"),
            ("GB", "QQ1 1AA"),
            ("JP", "123-456"),
            ("BR", "1234567"),
            ("NL", "0123 AB"),
            ("CA", "D1A 1A1"),
            ("DE", "00123"),
            ("DE", "X-22763"),
            ("DE", "2276"),
            ("ES", "53001"),
            ("MC", "75001"),
        ] {
            assert_eq!(normal(country, text), None, "{country} {text}");
        }
    }

    #[test]
    fn regions_are_found_by_code_and_by_name() {
        let code = |country, text| format_of(country).unwrap().region_code(text);
        for (country, text, expected) in [
            ("US", "ny", "NY"),
            ("US", "New York", "NY"),
            ("US", "US-NY", "NY"),
            ("IT", "milan", "MI"),
            ("JP", "東京都", "Tokyo"),
            ("BR", "são paulo", "SP"),
            ("ES", "Vizcaya", "Bizkaia"),
            ("DE", "Bayern", "Bayern"),
        ] {
            assert_eq!(code(country, text).as_deref(), Some(expected), "{country} {text}");
        }
        for (country, text) in [("US", "Nowhere"), ("AU", "Bavaria"), ("IE", "XX")] {
            assert_eq!(code(country, text), None, "{country} {text}");
        }
    }
}
