//! Letters of the fonts every reader of PDF has: how they are encoded (Windows-1252) and how wide they are.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Helvetica.
    Plain,
    /// Helvetica, bold.
    Bold,
    /// Courier, bold: no two of its letters look alike.
    Typed,
}

impl Face {
    pub const ALL: [Face; 3] = [Face::Plain, Face::Bold, Face::Typed];

    /// What the standard calls it.
    pub fn name(self) -> &'static [u8] {
        match self {
            Face::Plain => b"Helvetica",
            Face::Bold => b"Helvetica-Bold",
            Face::Typed => b"Courier-Bold",
        }
    }

    /// What a page of ours calls it.
    pub fn tag(self) -> &'static [u8] {
        match self {
            Face::Plain => b"P",
            Face::Bold => b"B",
            Face::Typed => b"T",
        }
    }
}

/// Widths of Helvetica from the space to the tilde, in thousandths of its size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// What Windows-1252 has from 0x80 on that stands elsewhere in Unicode.
const OWN: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8a),
    ('‹', 0x8b),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9a),
    ('›', 0x9b),
    ('œ', 0x9c),
    ('ž', 0x9e),
    ('Ÿ', 0x9f),
];

/// Letters that come apart by no rule of Unicode.
const PLAIN: [(char, &str); 12] = [
    ('ł', "l"),
    ('Ł', "L"),
    ('đ', "d"),
    ('Đ', "D"),
    ('ı', "i"),
    ('ħ', "h"),
    ('Ħ', "H"),
    ('ŧ', "t"),
    ('ə', "e"),
    ('Ə', "E"),
    ('ʻ', "'"),
    ('\u{202f}', "\u{a0}"),
];

fn byte(c: char) -> Option<u8> {
    match c {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(c)).ok(),
        _ => OWN.iter().find(|(own, _)| *own == c).map(|(_, byte)| *byte),
    }
}

/// A text in Windows-1252. A letter that it lacks is written without its marks, and by a question mark where that says nothing.
pub fn encoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.nfc() {
        if let Some(byte) = byte(c) {
            bytes.push(byte);
            continue;
        }
        let apart = match PLAIN.iter().find(|(own, _)| *own == c) {
            Some((_, plain)) => (*plain).to_owned(),
            None => std::iter::once(c).nfkd().filter(|c| !is_combining_mark(*c)).collect(),
        };
        let known: Vec<u8> = apart.chars().filter_map(byte).collect();
        if known.is_empty() && !is_combining_mark(c) {
            bytes.push(b'?');
        }
        bytes.extend(known);
    }
    bytes
}

/// How wide a text is at that size.
pub fn width(face: Face, size: f32, text: &str) -> f32 {
    let thousandths: u32 = text.nfc().map(|c| u32::from(letter(face, c))).sum();
    thousandths as f32 * size / 1000.0
}

fn letter(face: Face, c: char) -> u16 {
    if face == Face::Typed {
        return 600;
    }
    // A letter with a mark is as wide as without one; what no table knows is taken for a wide one.
    let base = std::iter::once(c).nfd().next().unwrap_or(c);
    let index = (u32::from(base) as usize).checked_sub(32);
    let plain = index.and_then(|index| WIDTHS.get(index)).copied().unwrap_or(match c {
        '’' | '‘' => 222,
        '\u{a0}' | '\u{202f}' => 278,
        '–' => 556,
        _ => 944,
    });
    // Bold letters are a tenth wider at most.
    if face == Face::Bold { plain + plain / 9 } else { plain }
}

/// A text that fits into that width: what is too long ends with an ellipsis.
pub fn fitted(face: Face, size: f32, text: &str, wide: f32) -> String {
    if width(face, size, text) <= wide {
        return text.to_owned();
    }
    let mut cut: String = text.to_owned();
    while cut.pop().is_some() {
        let shown = format!("{}…", cut.trim_end());
        if width(face, size, &shown) <= wide {
            return shown;
        }
    }
    String::new()
}

/// A text in lines of that width, parted at spaces; a word that is longer, as an address may be, goes on in the next line.
pub fn wrapped(face: Face, size: f32, text: &str, wide: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for mut word in text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned) {
        while width(face, size, &word) > wide {
            let fits = |end: &usize| *end > 0 && width(face, size, &word[..*end]) <= wide;
            let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
            // One letter at least, or there would be no end.
            let end = ends.iter().rev().copied().find(fits).or(ends.get(1).copied()).unwrap_or(word.len());
            let rest = word.split_off(end);
            lines.push(std::mem::replace(&mut word, rest));
        }
        if word.is_empty() {
            continue;
        }
        match lines.last_mut() {
            Some(line) if width(face, size, &format!("{line} {word}")) <= wide => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}
