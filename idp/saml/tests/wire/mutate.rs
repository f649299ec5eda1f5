//! Mutations, the same in every run: of bytes, and of the shape of a document, whose tags stay balanced, so that what is odd
//! reaches the readers and not the parser alone.

use std::ops::Range;

/// What XML, or a query, gives a meaning.
const PIECES: &[&str] = &[
    "<",
    ">",
    "/>",
    "\"",
    "=",
    "&",
    "&amp;",
    "&#0;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?x?>",
    " ID=\"_req\"",
    " xmlns=\"\"",
    " xmlns:saml=\"urn:x\"",
    "<!DOCTYPE a>",
    "\u{0}",
    "é",
    "2.0",
    "9999999999999999999",
    "%",
    "+",
    "&x=",
];

/// What an attribute or a text may turn into.
const VALUES: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "65536",
    "true",
    "_req",
    "2.0",
    "1.1",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    "9999-12-31T23:59:59Z",
    "2026-11-28T10:00:00",
    "P1Y",
    "a&amp;b&lt;c",
    "<!-- -->x",
    "https://other.example/",
];

/// Where mutations come from (xorshift64*).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap() % end.max(1)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A mutation of either kind.
    pub fn any(&mut self, seed: &[u8], seeds: &[Vec<u8>]) -> Vec<u8> {
        if self.below(2) == 0 { self.bytes(seed, seeds) } else { self.shape(seed, seeds) }
    }

    /// The seed with some of it cut out, doubled, moved, or replaced by what XML gives a meaning.
    pub fn bytes(&mut self, seed: &[u8], seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let (at, end) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            let (from, to) = (at.min(end), at.max(end).min(at.min(end) + 200));
            match self.below(6) {
                0 => drop(bytes.drain(from..to)),
                1 => {
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(at..at, piece);
                }
                2 => {
                    let other = &seeds[self.below(seeds.len())];
                    let start = self.below(other.len());
                    let piece = other[start..other.len().min(start + 300)].to_vec();
                    bytes.splice(at..at, piece);
                }
                3 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => drop(bytes.splice(at..at, self.one(PIECES).bytes())),
            }
        }
        bytes
    }

    /// The seed with whole elements of it, or of another seed, taken away, doubled, moved, put inside one another or beside,
    /// renamed, and with values of attributes and texts that are others.
    fn shape(&mut self, seed: &[u8], seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut text = String::from_utf8(seed.to_vec()).unwrap();
        for _ in 0..=self.below(3) {
            let spans = elements(&text);
            let Some(span) = spans.get(self.below(spans.len())).cloned() else { break };
            let element = text[span.clone()].to_owned();
            let place = spans[self.below(spans.len())].start;
            match self.below(7) {
                0 => text.replace_range(span, ""),
                1 => text.insert_str(span.end, &element),
                2 => text.insert_str(place, &element),
                3 => {
                    let other = std::str::from_utf8(&seeds[self.below(seeds.len())]).unwrap();
                    let theirs = elements(other);
                    text.insert_str(place, &other[theirs[self.below(theirs.len())].clone()]);
                }
                4 => {
                    let local = element[1..].split([' ', '>', '/']).next().unwrap_or_default().to_owned();
                    let other = if self.below(2) == 0 { "saml:Issuer" } else { "x" };
                    text.replace_range(span, &element.replace(&local, other));
                }
                kind => {
                    let values = if kind == 5 { between(&text, '"', '"') } else { between(&text, '>', '<') };
                    let Some(value) = values.get(self.below(values.len())).cloned() else { break };
                    text.replace_range(value, self.one(VALUES));
                }
            }
        }
        text.into_bytes()
    }
}

/// Where each element of a well-formed document without comments begins and ends.
fn elements(text: &str) -> Vec<Range<usize>> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for (at, _) in text.match_indices('<') {
        let Some(end) = text[at..].find('>').map(|length| at + length + 1) else { break };
        match &text[at..end] {
            tag if tag.starts_with("</") => found.extend(open.pop().map(|start| start..end)),
            tag if tag.starts_with("<?") || tag.starts_with("<!") => {}
            tag if tag.ends_with("/>") => found.push(at..end),
            _ => open.push(at),
        }
    }
    found
}

/// What stands between two marks, in attributes or between tags.
fn between(text: &str, from: char, to: char) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut inside = None;
    for (at, mark) in text.char_indices().filter(|(_, c)| *c == from || *c == to) {
        match inside.take() {
            Some(start) if mark == to => found.push(start..at),
            _ if mark == from => inside = Some(at + 1),
            _ => {}
        }
    }
    found
}
