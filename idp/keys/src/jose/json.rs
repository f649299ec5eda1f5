//! JSON as tokens and keys need it: no member twice at any depth, nothing deep. Two readers that disagree on which of two
//! members counts are how signed documents get a second meaning.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Objects and arrays inside one another, the outermost counted.
const DEPTH: usize = 8;

/// The one object these bytes are, or none.
pub(super) fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { left: DEPTH }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// Reads a value that may hold `left` levels.
#[derive(Clone, Copy)]
struct Strict {
    left: usize,
}

impl Strict {
    fn inside<E: Error>(self) -> Result<Strict, E> {
        let left = self.left.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Strict { left })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads(text: &str) -> bool {
        object(text.as_bytes()).is_some()
    }

    #[test]
    fn a_member_stands_once() {
        assert!(reads(r#"{"a":1,"b":[{"a":1},{"a":2}]}"#), "control");
        assert!(!reads(r#"{"a":1,"a":1}"#));
        assert!(!reads(r#"{"a":1,"\u0061":2}"#), "however it is written");
        assert!(!reads(r#"{"b":[{"a":1,"a":2}]}"#));
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(reads(&nested(DEPTH - 1)), "control");
        assert!(!reads(&nested(DEPTH)));
        assert!(!reads(&nested(100_000)));
    }

    #[test]
    fn one_object_and_nothing_else() {
        for text in
            ["", "[]", "1", "null", "\"a\"", "{}{}", "{} x", "{\"a\":1,}", "{\"a\":NaN}", "{\"a\":1e999}", "\u{feff}{}"]
        {
            assert!(!reads(text), "{text}");
        }
        assert!(reads(" {\"a\" : -1.5e3} "));
        assert!(object(b"{\"a\":\"\xff\"}").is_none());
        assert!(!reads(r#"{"a":"\ud800"}"#), "half a character");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = object(&bytes);
        }

        #[test]
        fn what_is_read_is_what_was_written(members in proptest::collection::btree_map(".{0,8}", any::<i64>(), 0..8)) {
            let text = serde_json::to_vec(&members).unwrap();
            let read = object(&text).unwrap();
            prop_assert_eq!(read.len(), members.len());
            for (name, value) in &members {
                prop_assert_eq!(read[name].as_i64(), Some(*value));
            }
        }
    }
}
