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

    /// Decodes the body of a form that may carry a file: of several parts, or as any other form. A file is the field of its name; of one that is no text
    /// in UTF-8 the bytes that are none read as U+FFFD, so that whoever asks for a text finds none. Refused when a part is not what a browser writes, when any
    /// other field is not UTF-8, or when there are more than 20.
    pub fn of_upload(content_type: Option<&str>, body: &[u8]) -> Result<Fields, Fault> {
        let kind = content_type.unwrap_or_default();
        let (kind, said) = kind.split_once(';').unwrap_or((kind, ""));
        if kind.trim() != "multipart/form-data" {
            return Fields::of_message(body);
        }
        let boundary = said.trim().strip_prefix("boundary=").map(|it| it.trim_matches('"'));
        let boundary = boundary.filter(|it| (1..=70).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_graphic()));
        let wrong = || Fault::new(FaultKind::BadRequest, "form of parts that no browser writes");
        let text = String::from_utf8_lossy(body);
        let fields = parts(&text, boundary.ok_or_else(wrong)?).ok_or_else(wrong)?;
        if fields.iter().any(|(name, value)| name != FILE && value.contains('\u{fffd}')) {
            return Err(Fault::new(FaultKind::BadRequest, "form is not UTF-8"));
        }
        Ok(Fields(fields))
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

/// The field that carries one.
const FILE: &str = "file";
/// Most parts of a form that carries a file.
const MAX_PARTS: usize = 20;

/// The parts between the boundaries (RFC 7578), by their names; nothing where one is not as browsers write it.
fn parts(text: &str, boundary: &str) -> Option<Vec<(String, String)>> {
    let between = format!("\r\n--{boundary}");
    let mut rest = text.strip_prefix(&between[2..])?;
    let mut fields = Vec::new();
    while !matches!(rest, "--" | "--\r\n") {
        let (part, after) = rest.strip_prefix("\r\n")?.split_once(&between)?;
        let (head, value) = part.split_once("\r\n\r\n")?;
        if fields.len() == MAX_PARTS || head.len() > 1_000 {
            return None;
        }
        fields.push((part_name(head)?.to_owned(), value.to_owned()));
        rest = after;
    }
    Some(fields)
}

/// The name that the head of a part says.
fn part_name(head: &str) -> Option<&str> {
    let said = |line: &str| line.split_once(':').map(|(name, _)| name.eq_ignore_ascii_case("content-disposition"));
    let mut lines = head.split("\r\n").filter(|line| said(line) == Some(true));
    let (line, none) = (lines.next()?, lines.next());
    let (kind, said) = line.split_once(':')?.1.split_once(';')?;
    let name = said.trim_start().strip_prefix("name=\"")?.split_once('"')?.0;
    let plain = !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    (none.is_none() && kind.trim() == "form-data" && plain).then_some(name)
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

    #[test]
    fn a_file_is_the_field_of_its_name() {
        let read = |kind: &str, body: &str| Fields::of_upload(Some(kind), body.as_bytes());
        let part =
            |head: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n");
        let file = "name=\"file\"; filename=\"a \u{e9}.list\"\r\nContent-Type: application/octet-stream";
        let body = format!("{}{}--x--\r\n", part("name=\"token\"", "t"), part(file, "a\r\n--y\n\r\nb\n"));
        let fields = read("multipart/form-data; boundary=x", &body).unwrap();
        assert_eq!(fields.one("file").unwrap(), Some("a\r\n--y\n\r\nb\n"));
        assert_eq!(fields.one("token").unwrap(), Some("t"));
        assert_eq!(read("application/x-www-form-urlencoded", "a=1").unwrap().one("a").unwrap(), Some("1"));
        let twice = format!("{}{}--x--\r\n", part("name=\"token\"", "t"), part("name=\"token\"", "u"));
        assert!(read("multipart/form-data; boundary=x", &twice).unwrap().one("token").is_err());
        let many = part("name=\"a\"", "").repeat(21) + "--x--";
        let twice_said = part("name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"", "") + "--x--";
        for (kind, body) in [
            ("multipart/form-data", body.as_str()),
            ("multipart/form-data; boundary=", &body),
            ("multipart/form-data; boundary=y", &body),
            ("multipart/form-data; boundary=x", body.trim_end_matches("--\r\n")),
            ("multipart/form-data; boundary=x", &body[1..]),
            ("multipart/form-data; boundary=x", &part("filename=\"a\"; name=\"a\"", "b")),
            ("multipart/form-data; boundary=x", &many),
            ("multipart/form-data; boundary=x", &twice_said),
        ] {
            assert!(read(kind, body).is_err(), "{kind} {body:?}");
        }
        let bytes = |name: &str| {
            let mut body = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes();
            body.extend(b"PK\xff\r\n--x--");
            Fields::of_upload(Some("multipart/form-data; boundary=x"), &body)
        };
        assert_eq!(bytes("file").unwrap().one("file").unwrap(), Some("PK\u{fffd}"), "a file of anything");
        assert!(bytes("token").is_err() && bytes("text").is_err());
        assert!(Fields::of_upload(Some("multipart/form-data; boundary=x"), b"--x\r\n\xff").is_err());
    }
}
