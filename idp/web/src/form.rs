//! Query strings and form bodies, read with bounds. A name given twice where one is meant is a refused request, because
//! two readers of such a request may believe different halves of it.

use crate::{Fault, FaultKind};

/// Longest query or body of a form, in bytes.
pub const MAX_FORM: usize = 32 * 1024;
/// Most fields read.
const MAX_FIELDS: usize = 100;

/// The fields of a request, decoded, in order.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Decodes `a=1&b=2`. Refused when it is longer than 32 KiB, has more than 100 fields, or is not UTF-8.
    pub fn parse(text: &str) -> Result<Fields, Fault> {
        Fields::parse_within(text, MAX_FORM)
    }

    /// The same, for a text that may be of another length.
    fn parse_within(text: &str, most: usize) -> Result<Fields, Fault> {
        if text.len() > most {
            return Err(Fault::new(FaultKind::TooLarge, "form too long"));
        }
        if text.split('&').filter(|p| !p.is_empty()).count() > MAX_FIELDS {
            return Err(Fault::new(FaultKind::BadRequest, "too many fields"));
        }
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        // The decoder replaces bytes that are not UTF-8; no field of ours ever holds the replacement character.
        if fields.iter().any(|(k, v)| k.contains('\u{fffd}') || v.contains('\u{fffd}')) {
            return Err(Fault::new(FaultKind::BadRequest, "field is not UTF-8"));
        }
        Ok(Fields(fields))
    }

    /// Decodes the body of a form.
    pub fn of_body(body: &[u8]) -> Result<Fields, Fault> {
        let text = std::str::from_utf8(body).map_err(|_| Fault::new(FaultKind::BadRequest, "form is not UTF-8"))?;
        Fields::parse(text)
    }

    /// Decodes the body of a form that carries a signed message of somebody else: as long as any body may be.
    pub fn of_message(body: &[u8]) -> Result<Fields, Fault> {
        let text = std::str::from_utf8(body).map_err(|_| Fault::new(FaultKind::BadRequest, "form is not UTF-8"))?;
        Fields::parse_within(text, body.len())
    }

    /// The value of a field; absent when it is not there. A field given twice is refused.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Fault> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        let first = found.next();
        if found.next().is_some() {
            return Err(Fault::new(FaultKind::BadRequest, format!("field {name} given twice")));
        }
        Ok(first.map(|(_, value)| value.as_str()))
    }

    /// The value of a field that must be there, once.
    pub fn required(&self, name: &str) -> Result<&str, Fault> {
        self.one(name)?.ok_or_else(|| Fault::new(FaultKind::BadRequest, format!("field {name} missing")))
    }

    /// Every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }
}

/// Fields that were read before.
impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Fields {
        Fields(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_given_twice_is_refused() {
        let fields = Fields::parse("a=1&b=x+y%C3%A9&a=2").unwrap();
        assert_eq!(fields.one("b").unwrap(), Some("x yé"));
        assert_eq!(fields.one("c").unwrap(), None);
        assert!(fields.one("a").is_err());
        assert!(Fields::parse("a=%ff").is_err());
    }
}
