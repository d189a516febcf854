//! Invented order for previews and test mails.

use contracts::{
    cart::{QuotedLine, QuotedShipping},
    order::{
        FulfilmentStatus, Order, OrderLine, OrderPayment, OrderRefund, OrderStatus, PaymentStatus,
        RefundStatus,
    },
    shared::{Address, OrderId, PaymentId, ProductId, RefundId, Sku, Totals},
};
use kernel::{Currency, Money, Timestamp, UnitPrice, Uuid};
use std::collections::BTreeMap;

/// Seconds of the time at which the invented order was placed.
const PLACED_AT_SECONDS: i64 = 1_780_000_000;

/// Invented order.
pub(crate) fn sample_order() -> Order {
    let euros = |amount| Money::new(amount, Currency::EUR);
    let placed_at = Timestamp::from_second(PLACED_AT_SECONDS).unwrap_or(Timestamp::UNIX_EPOCH);
    let address = Address {
        name: "Maren Lindqvist".to_owned(),
        line1: "Hafenweg 4".to_owned(),
        city: Some("Kiel".to_owned()),
        postal_code: Some("24103".to_owned()),
        country: "DE".to_owned(),
        ..Address::default()
    };
    let zero = euros(0);
    Order {
        id: OrderId(Uuid::nil()),
        number: "1001".to_owned(),
        status: OrderStatus::Confirmed,
        payment_status: PaymentStatus::PartiallyRefunded,
        fulfilment_status: FulfilmentStatus::Unfulfilled,
        email: "maren@example.com".to_owned(),
        language: None,
        customer_erased: false,
        currency: Currency::EUR,
        lines: [("Desk lamp", "LAMP-1", 7_120, 1), ("Stoneware mug", "MUG-1", 1_800, 2)]
            .into_iter()
            .filter_map(|(name, sku, price, quantity)| line(name, sku, price, quantity))
            .collect(),
        shipping: QuotedShipping {
            method: "standard".to_owned(),
            label: "Standard delivery".to_owned(),
            price: euros(490),
            tax: euros(78),
        },
        totals: Totals {
            items: euros(10_720),
            discount: zero,
            shipping: euros(490),
            tax: euros(1_790),
            total: euros(11_210),
            tax_included: true,
        },
        shipping_address: address.clone(),
        billing_address: address,
        payment: OrderPayment {
            id: PaymentId(Uuid::nil()),
            method: "prepayment".to_owned(),
            authorised: zero,
            captured: euros(11_210),
            refunded: euros(1_800),
            action_url: None,
            bank_details: None,
            pay_by: None,
        },
        refunds: vec![OrderRefund {
            id: RefundId(Uuid::nil()),
            amount: euros(1_800),
            tax: euros(287),
            status: RefundStatus::Done,
            lines: Vec::new(),
            restocked: false,
            reason: "broken".to_owned(),
            reference: None,
            at: placed_at,
        }],
        cart_id: None,
        cancel_reason: None,
        placed_at,
        history: Vec::new(),
        version: 1,
    }
}

fn line(name: &str, sku: &str, price: i64, quantity: i64) -> Option<OrderLine> {
    let total = Money::new(price * quantity, Currency::EUR);
    let quoted = QuotedLine {
        sku: Sku::parse(sku).ok()?,
        product_id: ProductId(Uuid::nil()),
        name: name.to_owned(),
        options: BTreeMap::new(),
        quantity,
        unit_price: UnitPrice::from_money(Money::new(price, Currency::EUR)).ok()?,
        total,
        tax: Money::new(0, Currency::EUR),
        tax_rate: "0.19".to_owned(),
    };
    Some(OrderLine { quoted, refunded_quantity: 0 })
}
