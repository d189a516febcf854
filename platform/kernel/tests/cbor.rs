//! CBOR of values: short, strict, and the same value again.

use kernel::{
    Currency, Money, Timestamp, UnitPrice, Uuid,
    cbor::{Foreign, from_slice, to_vec},
};
use minicbor::{Decode, Encode, Encoder};
use proptest::prelude::*;

kernel::id!(/// Identifier of a visitor.
    VisitorId);

#[derive(Debug, PartialEq, Encode, Decode)]
struct Visit {
    #[n(0)]
    visitor: VisitorId,
    #[cbor(n(1), with = "kernel::cbor")]
    at: Timestamp,
    #[cbor(n(2), with = "kernel::cbor")]
    operations: Vec<Uuid>,
    #[cbor(n(4), with = "kernel::cbor", has_nil)]
    left: Option<Timestamp>,
    #[cbor(n(3), with = "kernel::cbor", has_nil)]
    host: Option<Uuid>,
}

fn returns<T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug>(value: &T) {
    let cbor = to_vec(value).expect("it is encoded");
    assert_eq!(from_slice::<T>(&cbor).expect("it is decoded"), *value, "{cbor:02x?}");
}

#[test]
fn values_are_in_their_shortest_form() {
    let size = |at: &str| {
        let mut cbor = Vec::new();
        at.parse::<Timestamp>().unwrap().write(&mut Encoder::new(&mut cbor)).unwrap();
        cbor.len()
    };
    assert_eq!((size("1970-01-01T00:00:00Z"), size("2026-11-29T01:58:26.563508Z")), (1, 9));
    assert_eq!(size("2026-11-29T01:58:26.563508001Z"), 11);
    assert_eq!(to_vec(&VisitorId(Uuid::max())).unwrap(), [[0x50].as_slice(), &[0xff; 16]].concat());
    assert_eq!(to_vec(&Money::new(-5, Currency::EUR)).unwrap(), b"\x82\x24\x63EUR");
    let price = UnitPrice::parse_major("0.0125", Currency::EUR).unwrap();
    assert_eq!(to_vec(&price).unwrap(), b"\x82\x18\x7d\x63EUR");
}

#[test]
fn what_no_constructor_would_make_is_refused() {
    for cbor in [b"\x82\x20\x63EUR".as_slice(), b"\x82\x00\x63XXQ", b"\x82\x00\x63eur", b"\x81\x00"]
    {
        assert!(from_slice::<UnitPrice>(cbor).is_err(), "{cbor:02x?}");
    }
    for cbor in [b"\x82\x00\x63XXQ".as_slice(), b"\x82\x00", b"\x82\x00\x63EUR\x00", b""] {
        assert!(from_slice::<Money>(cbor).is_err(), "{cbor:02x?}");
    }
    assert!(from_slice::<VisitorId>(&[0x41, 0]).is_err(), "a UUID of one byte");
    let beyond_the_calendar =
        [[0x82, 0x50].as_slice(), &[0; 16], &[0x1b, 0x7f], &[0xff; 7]].concat();
    assert!(from_slice::<Visit>(&beyond_the_calendar).is_err());
}

proptest! {
    #[test]
    fn every_value_returns(
        id: u128, second in -377_705_023_201_i64..253_402_207_200, nanosecond in 0..1_000_000_000_i32,
        is_fine: bool, operations: Vec<u128>, left: Option<u32>, host: Option<u128>, amount: i64,
        currency in 0..Currency::all().count(),
    ) {
        let nanosecond = if is_fine { nanosecond } else { nanosecond / 1_000 * 1_000 };
        let at = Timestamp::new(second, nanosecond).unwrap();
        returns(&Visit {
            visitor: VisitorId(Uuid::from_u128(id)),
            at,
            operations: operations.into_iter().map(Uuid::from_u128).collect(),
            left: left.map(|second| Timestamp::from_second(i64::from(second)).unwrap()),
            host: host.map(Uuid::from_u128),
        });
        let money = Money::new(amount, Currency::all().nth(currency).unwrap());
        returns(&money);
        if let Ok(price) = UnitPrice::from_money(money) {
            returns(&price);
        }
    }
}
