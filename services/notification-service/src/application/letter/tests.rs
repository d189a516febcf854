//! Tests of letters: what they say, in which language, and that nothing in an order becomes markup or a header.

use super::{Language, ShopLook, Templates, colour::brand};
use crate::{application::sample_order::sample_order, domain::decision::Kind};
use contracts::order::{Order, OrderStatus, PaymentStatus};
use kernel::{Currency, Money, Timestamp, Uuid};
use mail::MailMessage;
use proptest::prelude::*;

fn templates() -> Templates {
    Templates(ShopLook {
        name: "Läden & Söhne".to_owned(),
        url: "https://shop.example".to_owned(),
        hue: 165,
        language: Language::En,
    })
}

#[test]
fn a_confirmation_has_lines_sums_address_and_link_in_both_parts() {
    let letter = templates().write(Kind::OrderConfirmed, &sample_order(), None);
    assert_eq!(letter.subject, "Order 1001 is confirmed");
    let expected = "\
Thank you, Maren

Your order is confirmed. We’ll write again when it’s on its way.

Order 1001, 28 May 2026

1 × Desk lamp                               €71.20
2 × Stoneware mug                           €36.00

Items                                       €107.20
Delivery                                    €4.90
VAT included                                €17.90
Total                                       €112.10

Delivery: Standard delivery

Delivery address:
  Maren Lindqvist
  Hafenweg 4
  24103 Kiel
  Germany

See your order: https://shop.example/orders/00000000-0000-0000-0000-000000000000

--
You get this mail because of your order at Läden & Söhne.
";
    assert_eq!(letter.text, expected);
    for part in [
        "<html lang=\"en\">",
        "1 × Desk lamp",
        "€112.10",
        "24103 Kiel<br>Germany",
        "href=\"https://shop.example/orders/00000000-0000-0000-0000-000000000000\"",
        "Läden &amp; Söhne",
    ] {
        assert!(letter.html.contains(part), "{part}: {}", letter.html);
    }
    // Opening a mail tells nobody.
    for loading in ["<img", "<link", "<script", "url(", "<style"] {
        assert!(!letter.html.contains(loading), "{loading}");
    }
}

#[test]
fn every_letter_exists_in_every_language_without_a_name_left_open() {
    for kind in Kind::ALL {
        for language in [Language::En, Language::De] {
            let letter = templates().write(kind, &sample_order(), Some(language));
            for text in [&letter.subject, &letter.text, &letter.html] {
                assert!(!text.contains(['{', '}']), "{kind:?} {language:?}: {text}");
                assert!(text.contains("1001") || kind == Kind::OrderRefunded, "{kind:?}: {text}");
            }
        }
    }
    let german = templates().write(Kind::OrderRefunded, &sample_order(), Some(Language::De));
    assert!(german.text.starts_with("Wir haben 18,00\u{a0}€ erstattet\n"), "{}", german.text);
    assert!(german.text.contains("Deutschland") && german.text.contains("Versand: Standard\n"));
    assert!(german.text.contains("28. Mai 2026"), "{}", german.text);
}

#[test]
fn a_language_is_found_by_its_tag_and_its_variants() {
    for (tag, language) in [
        ("de", Some(Language::De)),
        ("de-AT", Some(Language::De)),
        ("EN", Some(Language::En)),
        ("fr", None),
        ("", None),
    ] {
        assert_eq!(Language::from_tag(tag), language, "{tag}");
    }
}

#[test]
fn a_letter_is_in_the_language_of_the_order_or_of_the_shop() {
    for (tag, thanks) in [
        (Some("de-AT"), "Danke"),
        (Some("en"), "Thank you"),
        (Some("fr"), "Thank you"),
        (None, "Thank you"),
    ] {
        let order = Order { language: tag.map(str::to_owned), ..sample_order() };
        let letter = templates().write(Kind::OrderConfirmed, &order, None);
        assert!(letter.text.starts_with(thanks), "{tag:?}: {}", letter.text);
    }
    let german = Templates(ShopLook { language: Language::De, ..templates().0 });
    assert!(german.write(Kind::OrderConfirmed, &sample_order(), None).text.starts_with("Danke"));
}

#[test]
fn a_transfer_names_amount_account_and_reference_while_it_is_due() {
    let order = Order {
        status: OrderStatus::Pending,
        payment_status: PaymentStatus::PartiallyPaid,
        ..sample_order()
    };
    let mut due = order;
    due.payment.bank_details = Some("IBAN DE02 1203\nBIC BYLA".to_owned());
    due.payment.captured = Money::new(210, Currency::EUR);
    due.payment.pay_by = Some(Timestamp::from_second(1_780_500_000).unwrap());
    let letter = templates().write(Kind::PaymentDue, &due, None);
    for line in [
        "Amount due: €110.00\n",
        "Pay by: 3 Jun 2026\n",
        "Payment reference: 1001\n",
        "  IBAN DE02 1203\n  BIC BYLA\n",
    ] {
        assert!(letter.text.contains(line), "{line}: {}", letter.text);
    }
    assert!(letter.html.contains("<strong>€110.00</strong>"));
    due.payment_status = PaymentStatus::Paid;
    let paid = templates().write(Kind::OrderConfirmed, &due, None);
    assert!(!paid.text.contains("IBAN") && !paid.html.contains("IBAN"));
}

#[test]
fn what_is_collected_is_not_on_its_way() {
    let mut order = sample_order();
    order.shipping.method = "pickup".to_owned();
    let letter = templates().write(Kind::OrderShipped, &order, None);
    assert_eq!(letter.subject, "Order 1001 is ready to collect");
    assert!(!letter.text.contains("Hafenweg"), "nothing is delivered there: {}", letter.text);
}

#[test]
fn a_cancellation_says_what_became_of_the_money() {
    let lead = |captured: i64, refunded: i64| {
        let mut order = sample_order();
        order.payment.captured = Money::new(captured, Currency::EUR);
        order.payment.refunded = Money::new(refunded, Currency::EUR);
        templates().write(Kind::OrderCancelled, &order, None).text
    };
    assert!(lead(0, 0).contains("Nothing was charged."));
    assert!(lead(1_000, 1_000).contains("We’ve refunded €10.00."));
    let open = lead(1_000, 0);
    assert!(!open.contains("Nothing was charged.") && !open.contains("refunded €"), "{open}");
}

#[test]
fn the_brand_carries_white_text_whatever_its_hue() {
    for hue in 0..360 {
        let colour = brand(hue);
        let channel = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
        let contrast = 1.05 / (luminance + 0.05);
        assert!(contrast >= 4.5, "{hue}: {colour} {contrast}");
    }
}

fn message(order: &Order, kind: Kind) -> MailMessage {
    let letter = templates().write(kind, order, None);
    MailMessage {
        id: Uuid::nil(),
        date: order.placed_at,
        from: "no-reply@shop.example".to_owned(),
        from_name: order.shipping_address.name.clone(),
        to: "maren@example.com".to_owned(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        link: None,
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("<script>alert(1)</script>".to_owned()),
        Just("\"><img src=x onerror=y>".to_owned()),
        Just("{name}{amount}{number}".to_owned()),
        Just("\r\nBcc: everybody@example.com\r\n\r\n".to_owned()),
        Just("\u{202e}\u{0}\u{7f}&amp;'".to_owned()),
        any::<String>(),
    ];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn nothing_in_an_order_becomes_markup_or_a_header(
        texts in prop::collection::vec(hostile(), 8),
        kind in 0_usize..6,
    ) {
        let mut order = sample_order();
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        order.number = next();
        order.shipping.label = next();
        order.shipping_address.name = next();
        order.shipping_address.line1 = next();
        order.shipping_address.city = Some(next());
        order.shipping_address.country = next();
        order.lines[0].quoted.name = next();
        order.lines[0].quoted.options = [("Colour".to_owned(), next())].into();
        let kind = Kind::ALL[kind];
        let written = message(&order, kind);

        // Every tag is one of ours.
        let plain = templates().write(kind, &sample_order(), None).html;
        let tags = |html: &str| -> Vec<String> {
            let tags = html.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap().to_owned());
            tags.collect()
        };
        let ours: std::collections::BTreeSet<_> = tags(&plain).into_iter().collect();
        for tag in tags(&written.html) {
            prop_assert!(ours.contains(&tag) || tag == "br", "{}", tag);
        }
        prop_assert_eq!(tags(&written.html).iter().filter(|it| *it == "tr").count(),
            tags(&plain).iter().filter(|it| *it == "tr").count());

        // Every header is one of ours, and each is there once.
        let bytes = written.to_bytes().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        let names: Vec<_> = head
            .split("\r\n")
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        prop_assert_eq!(names, ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]);
        prop_assert!(!written.subject.contains(['\r', '\n']));
    }
}

#[test]
fn what_a_value_has_in_braces_stays_as_it_is() {
    let mut order = sample_order();
    order.shipping_address.name = "{number}{shop}".to_owned();
    let letter = templates().write(Kind::OrderConfirmed, &order, None);
    assert!(letter.text.starts_with("Thank you, {number}{shop}\n"), "{}", letter.text);
}
