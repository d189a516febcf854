//! German words.

use super::{CurrencyPosition, KindWords, Words};

pub(in super::super) static DE: Words = Words {
    tag: "de",
    decimal_separator: ',',
    group_separator: '.',
    currency_position: CurrencyPosition::After,
    day_suffix: ".",
    months: [
        "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.",
        "Dez.",
    ],
    shipping_methods: &[
        ("Standard delivery", "Standard"),
        ("Express delivery", "Express"),
        ("Collect in person", "Abholung"),
    ],
    order_confirmed: KindWords {
        subject: "Bestellung {number} ist bestätigt",
        heading: "Danke, {name}",
        lead: "Deine Bestellung ist bestätigt. Wir schreiben dir wieder, sobald sie unterwegs ist.",
    },
    payment_due: KindWords {
        subject: "Bestellung {number}: So bezahlst du",
        heading: "Danke, {name}",
        lead: "Wir haben deine Bestellung reserviert und bearbeiten sie, sobald das Geld eingegangen ist. Unbezahlte Bestellungen werden nach dem unten genannten Tag storniert.",
    },
    payment_failed: KindWords {
        subject: "Bestellung {number}: Die Zahlung hat nicht geklappt",
        heading: "Die Zahlung hat nicht geklappt",
        lead: "Deine Zahlung wurde abgelehnt oder ist nicht rechtzeitig eingegangen. Die Bestellung {number} wurde deshalb storniert.",
    },
    order_shipped: KindWords {
        subject: "Bestellung {number} ist unterwegs",
        heading: "Unterwegs zu dir, {name}",
        lead: "Deine Bestellung hat unser Lager verlassen.",
    },
    order_collectable: KindWords {
        subject: "Bestellung {number} ist bereit zur Abholung",
        heading: "Bereit zur Abholung, {name}",
        lead: "Deine Bestellung liegt für dich bereit. Wo und wann, steht auf ihrer Seite.",
    },
    order_refunded: KindWords {
        subject: "Erstattung zur Bestellung {number}",
        heading: "Wir haben {amount} erstattet",
        lead: "Das Geld ist auf dem Weg zurück zu dir. Wie lange das dauert, hängt von deiner Bank ab.",
    },
    order_cancelled: KindWords {
        subject: "Bestellung {number} wurde storniert",
        heading: "Diese Bestellung wurde storniert",
        lead: "Die Bestellung {number} wird nicht geliefert.",
    },
    nothing_charged: "Es wurde nichts abgebucht.",
    money_back: "Wir haben {amount} erstattet.",
    order: "Bestellung",
    items: "Artikel",
    discount: "Rabatt",
    delivery: "Versand",
    free: "Kostenlos",
    tax_included: "Enthaltene MwSt.",
    tax_added: "Steuer",
    total: "Gesamtsumme",
    delivery_address: "Lieferadresse",
    billing_address: "Rechnungsadresse",
    how_to_pay: "So bezahlst du",
    amount_due: "Offener Betrag",
    account: "Konto",
    reference: "Verwendungszweck",
    pay_by: "Zahlbar bis",
    see_order: "Bestellung ansehen",
    why: "Du bekommst diese Mail wegen deiner Bestellung bei {shop}.",
};
