//! English words.

use super::{CurrencyPosition, KindWords, Words};

pub(in super::super) static EN: Words = Words {
    tag: "en",
    decimal_separator: '.',
    group_separator: ',',
    currency_position: CurrencyPosition::Before,
    day_suffix: "",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    shipping_methods: &[],
    order_confirmed: KindWords {
        subject: "Order {number} is confirmed",
        heading: "Thank you, {name}",
        lead: "Your order is confirmed. We’ll write again when it’s on its way.",
    },
    payment_due: KindWords {
        subject: "Order {number}: how to pay",
        heading: "Thank you, {name}",
        lead: "We’ve reserved your order and will prepare it once the payment has arrived. Unpaid orders are cancelled after the date below.",
    },
    payment_failed: KindWords {
        subject: "Order {number}: the payment didn’t go through",
        heading: "The payment didn’t go through",
        lead: "Your payment was declined or didn’t arrive in time, so order {number} has been cancelled.",
    },
    order_shipped: KindWords {
        subject: "Order {number} is on its way",
        heading: "On its way to you, {name}",
        lead: "Your order has left our warehouse.",
    },
    order_collectable: KindWords {
        subject: "Order {number} is ready to collect",
        heading: "Ready to collect, {name}",
        lead: "Your order is waiting for you. Where and when is on its page.",
    },
    order_refunded: KindWords {
        subject: "Refund for order {number}",
        heading: "We’ve refunded {amount}",
        lead: "The money is on its way back to you. How long it takes depends on your bank.",
    },
    order_cancelled: KindWords {
        subject: "Order {number} has been cancelled",
        heading: "This order has been cancelled",
        lead: "Order {number} will not be delivered.",
    },
    nothing_charged: "Nothing was charged.",
    money_back: "We’ve refunded {amount}.",
    order: "Order",
    items: "Items",
    discount: "Discount",
    delivery: "Delivery",
    free: "Free",
    tax_included: "VAT included",
    tax_added: "Tax",
    total: "Total",
    delivery_address: "Delivery address",
    billing_address: "Billing address",
    how_to_pay: "How to pay",
    amount_due: "Amount due",
    account: "Account",
    reference: "Payment reference",
    pay_by: "Pay by",
    see_order: "See your order",
    why: "You get this mail because of your order at {shop}.",
};
