//! Tests of mapping files.

use super::*;

#[test]
fn every_built_in_mapping_loads() {
    for (name, _) in BUILT_IN {
        let mapping = Mapping::load(name).unwrap();
        assert!(mapping.facts.contains_key(&Fact::Price), "{name}");
    }
}

#[test]
fn a_mapping_extends_another_entry_by_entry() {
    let mapping = Mapping::parse(
        "extends = \"magento\"\ndecimal = \"comma\"\n[facts]\nweight = { column = \"weight\", unit = \"lb\" }\n",
    )
    .unwrap();
    let magento = Mapping::load("magento").unwrap();
    assert_eq!(mapping.facts[&Fact::Weight].0[0].unit.as_deref(), Some("lb"));
    assert_eq!(mapping.facts[&Fact::Price], magento.facts[&Fact::Price]);
    assert_eq!((mapping.decimal, magento.decimal), (Some(DecimalSeparator::Comma), None));
    assert_eq!(mapping.rows, magento.rows);
}

#[test]
fn an_invalid_mapping_says_what_is_wrong() {
    for (text, word) in [
        ("facts = ", "line 1"),
        ("[facts]\ntitle = \"Name\"\n", "group"),
        ("[facts]\ngroup = \"A\"\ncolour = \"B\"\n", "colour"),
        ("[facts]\ngroup = { column = \"A\", sep = \",\" }\n", "sep"),
        ("[facts]\ngroup = { unit = \"kg\" }\n", "either"),
        ("[facts]\ngroup = 5\n", "name of a column"),
        ("[facts]\ngroup = \"A\"\n[[options]]\nvalue = \"B\"\n", "label"),
        ("[facts]\ngroup = \"A\"\n[[rows]]\ncolumn = \"A\"\nvalues = []\nare = \"odd\"\n", "odd"),
        ("extends = \"nowhere\"\n", "woocommerce"),
        ("extends = 5\n", "extends"),
    ] {
        let error = Mapping::parse(text).unwrap_err();
        assert!(error.contains(word) && !error.contains('\n'), "{text}: {error}");
    }
}

#[test]
fn values_have_meanings() {
    let text = "[facts]\ngroup = { column = \"ID\", prefix = \"id:\" }\ntracked = { column = \"T\", values = { \"\" = \"no\", \"*\" = \"yes\" } }\npublished = { column = \"P\", values = { \"-1\" = \"no\" } }\n";
    let mapping = Mapping::parse(text).unwrap();
    let meaning = |fact: Fact, cell: &str| mapping.facts[&fact].0[0].meaning(cell);
    assert_eq!(meaning(Fact::Group, "7"), "id:7");
    assert_eq!(meaning(Fact::Group, ""), "");
    assert_eq!(meaning(Fact::Tracked, " "), "no");
    assert_eq!(meaning(Fact::Tracked, "anything"), "yes");
    assert_eq!(
        (meaning(Fact::Published, "-1"), meaning(Fact::Published, "2")),
        ("no".into(), "2".into())
    );
}
