//! Postal address block.

use addresses::{AddressPart, format_of};
use contracts::shared::Address;
use maud::{Markup, html};

/// Postal address, line by line in the order of its country, with the name of the country.
pub(crate) fn address(address: &Address, country: &str) -> Markup {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let part = |part: AddressPart| match part {
        AddressPart::Line1 => address.line1.clone(),
        AddressPart::Line2 => text(&address.line2),
        AddressPart::City => text(&address.city),
        AddressPart::Region => text(&address.region),
        AddressPart::PostalCode => text(&address.postal_code),
        AddressPart::Name | AddressPart::Country => String::new(),
    };
    let mut rows = format_of(&address.country).map_or_else(Vec::new, |format| format.rows.clone());
    // Parts that addresses there do not have are shown if they were given.
    let further = [
        AddressPart::Line1,
        AddressPart::Line2,
        AddressPart::PostalCode,
        AddressPart::City,
        AddressPart::Region,
    ];
    let missing = further.into_iter().filter(|it| !rows.iter().flatten().any(|part| part == it));
    let missing: Vec<_> = missing.map(|part| vec![part]).collect();
    rows.extend(missing);
    let row = |row: &Vec<AddressPart>| {
        let parts = row.iter().map(|it| part(*it)).filter(|text| !text.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    let lines = rows.iter().map(row).filter(|line| !line.is_empty());
    html! {
        address {
            (address.name)
            @for line in lines { br; (line) }
            br; (country)
        }
    }
}

/// Postal address in one line, as far as it takes to tell it from others.
pub(crate) fn one_line(address: &Address) -> String {
    let optional = [&address.line2, &address.postal_code, &address.city];
    let parts = [&address.name, &address.line1].into_iter();
    let parts = parts.chain(optional.into_iter().flatten()).map(String::as_str);
    parts.chain([address.country.as_str()]).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_in_the_order_of_the_country() {
        let lines = |country: &str, region: &str, postal_code: &str| {
            let it = Address {
                name: "Ada".to_owned(),
                line1: "1 Road".to_owned(),
                line2: None,
                city: Some("City".to_owned()),
                region: Some(region.to_owned()).filter(|it| !it.is_empty()),
                postal_code: Some(postal_code.to_owned()),
                country: country.to_owned(),
            };
            let block = address(&it, "There").into_string();
            block.replace("<address>", "").replace("</address>", "").replace("<br>", "|")
        };
        assert_eq!(lines("DE", "", "22763"), "Ada|1 Road|22763 City|There");
        assert_eq!(lines("US", "NY", "12207"), "Ada|1 Road|City NY 12207|There");
        assert_eq!(lines("GB", "", "SW1A 1AA"), "Ada|1 Road|City|SW1A 1AA|There");
        assert_eq!(lines("JP", "Tokyo", "154-0023"), "Ada|154-0023|Tokyo|City|1 Road|There");
        assert_eq!(lines("XX", "", "7"), "Ada|1 Road|7|City|There");
    }
}
