//! Looks at a message before the LDAP library does. Its parser recurses as deep as the message says and panics on shapes
//! it does not expect; here a message is measured without recursion and refused unless it has exactly the shape of one
//! of the answers this connector asks for (RFC 4511, BER with definite lengths).

/// Longest message taken.
pub(crate) const MAX_MESSAGE: usize = 8 * 1024 * 1024;
/// Deepest nesting: a search entry needs five.
const MAX_DEPTH: usize = 12;
/// Most elements in one message: each costs the parser some sixty bytes.
const MAX_ELEMENTS: usize = 100_000;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const BOOLEAN: u8 = 0x01;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTROLS: u8 = 0xa0;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_RESPONSE: u8 = 0x78;
const INTERMEDIATE_RESPONSE: u8 = 0x79;

/// Why a message is refused.
pub(crate) type Refusal = &'static str;

/// Size of the header and of the content of the element that begins here; `None` when more bytes are needed to know.
pub(crate) fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, Refusal> {
    let [tag, rest @ ..] = bytes else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err("an answer holds an element number that LDAP does not have");
    }
    let [first, rest @ ..] = rest else { return Ok(None) };
    if *first < 0x80 {
        return Ok(Some((2, usize::from(*first))));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err("an answer holds a length of a form that LDAP does not have");
    }
    match rest.get(..count) {
        None => Ok(None),
        Some(digits) => {
            Ok(Some((2 + count, digits.iter().fold(0usize, |length, digit| (length << 8) | usize::from(*digit)))))
        }
    }
}

/// Elements one after the other.
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The elements of a content.
    pub(crate) fn of(content: &'a [u8]) -> Self {
        Elements(content)
    }

    /// The next element, tag and content; `None` at the end and where the bytes make no sense.
    pub(crate) fn element(&mut self) -> Option<(u8, &'a [u8])> {
        let (head, length) = header(self.0).ok()??;
        let content = self.0.get(head..head.checked_add(length)?)?;
        let tag = self.0[0];
        self.0 = &self.0[head + length..];
        Some((tag, content))
    }

    /// The content of the next element if it has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    fn expect_text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.expect(OCTETS)?).ok()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Checks one whole message and says how many elements it is made of.
pub(crate) fn check(message: &[u8]) -> Result<usize, Refusal> {
    let elements = measure(message)?;
    let content = Elements::of(message).expect(SEQUENCE).ok_or("an answer is not an LDAP message")?;
    let mut parts = Elements::of(content);
    let id = parts.expect(INTEGER).filter(|id| (1..=4).contains(&id.len()) && id[0] < 0x80);
    let id = id.ok_or("an answer has no message number")?;
    if id.iter().all(|byte| *byte == 0) {
        return Err("the directory announced that it closes the connection");
    }
    let (tag, operation) = parts.element().ok_or("an answer holds nothing")?;
    let fits = match tag {
        SEARCH_ENTRY => is_entry(operation),
        SEARCH_REFERENCE => is_list_of_texts(operation),
        INTERMEDIATE_RESPONSE => is_intermediate(operation),
        BIND_RESPONSE | SEARCH_DONE | EXTENDED_RESPONSE => is_result(operation),
        _ => None,
    };
    fits.ok_or("an answer does not have the shape of what was asked for")?;
    if !parts.is_empty() {
        let controls = parts.expect(CONTROLS).and_then(are_controls);
        controls.filter(|()| parts.is_empty()).ok_or("the controls of an answer are malformed")?;
    }
    Ok(elements)
}

/// Result code of an extended response, for the one that is read before the LDAP library takes over.
pub(crate) fn extended_result(message: &[u8]) -> Option<u32> {
    check(message).ok()?;
    let mut parts = Elements::of(Elements::of(message).expect(SEQUENCE)?);
    parts.expect(INTEGER)?;
    let code = Elements::of(parts.expect(EXTENDED_RESPONSE)?).expect(ENUMERATED)?;
    Some(code.iter().fold(0, |code, byte| (code << 8) | u32::from(*byte)))
}

/// Cookie of the control that pages a search (RFC 2696).
pub(crate) fn page_cookie(value: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Elements::of(Elements::of(value).expect(SEQUENCE)?);
    parts.expect(INTEGER)?;
    parts.expect(OCTETS).map(<[u8]>::to_vec)
}

/// Error of the password policy control (draft-behera-ldap-password-policy): `None` when it holds none.
pub(crate) fn policy_error(value: &[u8]) -> Option<u8> {
    let mut parts = Elements::of(Elements::of(value).expect(SEQUENCE)?);
    while let Some((tag, content)) = parts.element() {
        if let (0x81, [code]) = (tag, content) {
            return Some(*code);
        }
    }
    None
}

/// Counts elements and checks that each ends inside the one around it, with a stack of known depth.
fn measure(message: &[u8]) -> Result<usize, Refusal> {
    let mut ends = [0usize; MAX_DEPTH];
    let mut depth = 0;
    let mut at = 0;
    let mut elements = 0;
    loop {
        while depth > 0 && at == ends[depth - 1] {
            depth -= 1;
        }
        if at == message.len() && depth == 0 {
            return Ok(elements);
        }
        let limit = if depth > 0 { ends[depth - 1] } else { message.len() };
        let short = "an answer holds an element longer than what is around it";
        let (head, length) = header(&message[at..limit])?.ok_or(short)?;
        let end = at.checked_add(head + length).filter(|end| *end <= limit).ok_or(short)?;
        elements += 1;
        if elements > MAX_ELEMENTS {
            return Err("an answer holds too many elements");
        }
        if message[at] & 0x20 != 0 {
            if depth == MAX_DEPTH {
                return Err("an answer is nested too deep");
            }
            ends[depth] = end;
            depth += 1;
            at += head;
        } else {
            at = end;
        }
    }
}

fn is_entry(content: &[u8]) -> Option<()> {
    let mut parts = Elements::of(content);
    parts.expect_text()?;
    let mut attributes = Elements::of(parts.expect(SEQUENCE)?);
    while !attributes.is_empty() {
        let mut attribute = Elements::of(attributes.expect(SEQUENCE)?);
        attribute.expect_text()?;
        let mut values = Elements::of(attribute.expect(SET)?);
        while !values.is_empty() {
            values.expect(OCTETS)?;
        }
        attribute.is_empty().then_some(())?;
    }
    parts.is_empty().then_some(())
}

fn is_list_of_texts(content: &[u8]) -> Option<()> {
    let mut parts = Elements::of(content);
    while !parts.is_empty() {
        parts.expect_text()?;
    }
    Some(())
}

/// A name, and a value unless it says everything (RFC 4511, 4.13).
fn is_intermediate(content: &[u8]) -> Option<()> {
    let mut parts = Elements::of(content);
    std::str::from_utf8(parts.expect(0x80)?).ok()?;
    if !parts.is_empty() {
        parts.expect(0x81)?;
    }
    parts.is_empty().then_some(())
}

fn is_result(content: &[u8]) -> Option<()> {
    let mut parts = Elements::of(content);
    parts.expect(ENUMERATED).filter(|code| (1..=4).contains(&code.len()))?;
    parts.expect_text()?;
    parts.expect_text()?;
    while !parts.is_empty() {
        match parts.element()? {
            (0xa3, referrals) => is_list_of_texts(referrals)?,
            (0x87 | 0x8b, _) => {}
            (0x8a, name) => {
                std::str::from_utf8(name).ok()?;
            }
            _ => return None,
        }
    }
    Some(())
}

fn are_controls(content: &[u8]) -> Option<()> {
    let mut controls = Elements::of(content);
    while !controls.is_empty() {
        let mut parts = Elements::of(controls.expect(SEQUENCE)?);
        parts.expect_text()?;
        let mut next = parts.element();
        if let Some((BOOLEAN, critical)) = next {
            (critical.len() == 1).then_some(())?;
            next = parts.element();
        }
        match next {
            None | Some((OCTETS, _)) => parts.is_empty().then_some(())?,
            Some(_) => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let mut out = vec![tag];
        match length {
            0..128 => out.push(length as u8),
            _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        out.extend_from_slice(content);
        out
    }

    fn message(operation: &[u8]) -> Vec<u8> {
        element(SEQUENCE, &[&[INTEGER, 1, 7], operation].concat())
    }

    fn result(tag: u8, code: u8) -> Vec<u8> {
        element(tag, &[ENUMERATED, 1, code, OCTETS, 0, OCTETS, 0])
    }

    #[test]
    fn what_a_directory_answers_is_taken() {
        let value = element(SET, &element(OCTETS, b"x"));
        let attribute = element(SEQUENCE, &[element(OCTETS, b"sn"), value].concat());
        let entry = element(SEARCH_ENTRY, &[element(OCTETS, b"uid=x"), element(SEQUENCE, &attribute)].concat());
        assert_eq!(check(&message(&entry)), Ok(9));
        let control = element(SEQUENCE, &[element(OCTETS, b"1.2"), vec![BOOLEAN, 1, 0xff], vec![OCTETS, 0]].concat());
        let done = [result(SEARCH_DONE, 0), element(CONTROLS, &control)].concat();
        assert!(check(&message(&done)).is_ok());
        assert_eq!(extended_result(&message(&result(EXTENDED_RESPONSE, 52))), Some(52));
    }

    #[test]
    fn hostile_messages_are_refused() {
        let mut deep = vec![OCTETS, 0];
        for _ in 0..1000 {
            deep = element(SEQUENCE, &deep);
        }
        let many = element(SEQUENCE, &[OCTETS, 0].repeat(20_000));
        let too_long = [SEQUENCE, 0x84, 0x7f, 0xff, 0xff, 0xff];
        for hostile in [
            message(&deep),
            message(&many),
            too_long.to_vec(),
            vec![SEQUENCE, 0x80, 0, 0],
            vec![SEQUENCE, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1],
            vec![0x1f, 0x1f],
            vec![SEQUENCE, 0],
            element(SEQUENCE, &[INTEGER, 1, 0, 0x78, 0]),
            element(SEQUENCE, &[INTEGER, 0, 0x65, 0]),
            message(&element(SEARCH_DONE, &[])),
            message(&element(SEARCH_DONE, &[ENUMERATED, 1, 0, OCTETS, 1, 0xff, OCTETS, 0])),
            message(&element(SEARCH_ENTRY, &[OCTETS, 0])),
            message(&[result(SEARCH_DONE, 0), element(CONTROLS, &[SEQUENCE, 2, OCTETS, 9])].concat()),
            message(
                &[result(SEARCH_DONE, 0), element(CONTROLS, &element(SEQUENCE, &[OCTETS, 0, BOOLEAN, 0]))].concat(),
            ),
            message(&[0x79, 0]),
        ] {
            assert!(check(&hostile).is_err(), "{:02x?}", &hostile[..hostile.len().min(20)]);
        }
    }

    #[test]
    fn a_length_is_known_only_when_its_bytes_are_there() {
        assert_eq!(header(&[SEQUENCE]), Ok(None));
        assert_eq!(header(&[SEQUENCE, 0x82, 1]), Ok(None));
        assert_eq!(header(&[SEQUENCE, 0x82, 1, 0]), Ok(Some((4, 256))));
    }

    #[test]
    fn controls_are_read() {
        assert_eq!(page_cookie(&[SEQUENCE, 7, INTEGER, 1, 0, OCTETS, 2, 8, 9]), Some(vec![8, 9]));
        assert_eq!(page_cookie(b"x"), None);
        assert_eq!(policy_error(&[SEQUENCE, 3, 0x81, 1, 2]), Some(2));
        assert_eq!(policy_error(&[SEQUENCE, 0]), None);
    }
}
