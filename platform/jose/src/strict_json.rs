//! Strict JSON: an object in which no member occurs twice, at any depth. Two readers of one text could otherwise each take
//! another member for the true one.

use crate::JoseError;
use kernel::security_checks::holds;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Object of these bytes. Depth is limited by `serde_json`, to 128.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, JoseError> {
    match serde_json::from_slice(bytes) {
        Ok(UniqueMembers(Value::Object(object))) => Ok(object),
        Ok(_) | Err(_) => Err(JoseError::Json),
    }
}

struct UniqueMembers(Value);

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueMembersVisitor)
    }
}

struct UniqueMembersVisitor;

impl<'de> Visitor<'de> for UniqueMembersVisitor {
    type Value = UniqueMembers;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON whose members occur once")
    }

    fn visit_unit<E: Error>(self) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<UniqueMembers, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("no number"))?;
        Ok(UniqueMembers(Value::Number(number)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<UniqueMembers, E> {
        Ok(UniqueMembers(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<UniqueMembers, A::Error> {
        let mut values = Vec::new();
        while let Some(UniqueMembers(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(UniqueMembers(Value::Array(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<UniqueMembers, A::Error> {
        let mut object = Map::new();
        while let Some((name, UniqueMembers(value))) =
            members.next_entry::<String, UniqueMembers>()?
        {
            if !holds("json_member_once", object.insert(name, value).is_none()) {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(UniqueMembers(Value::Object(object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_every_member_once() {
        let read = |text: &str| object(text.as_bytes());
        let value = r#"{"a":[1,-2,0.5,"x",null,true],"b":{"a":{}}}"#;
        assert_eq!(Value::Object(read(value).unwrap()).to_string(), value);
        let deep = format!("{}{}", r#"{"a":"#.repeat(200), "}".repeat(200));
        for wrong in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            "[]",
            "1",
            "",
            "{",
            "{}{}",
            r#"{"a":1e999}"#,
            &deep,
        ] {
            assert_eq!(read(wrong), Err(JoseError::Json), "{wrong}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(JoseError::Json));
    }
}
