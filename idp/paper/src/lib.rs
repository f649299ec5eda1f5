//! What is printed: sheets of cards to cut out, ten on a page of A4, as PDF.
//!
//! Owns how a sheet looks. It knows nobody and makes no code: names, codes and sentences come from whoever hands the paper out. The
//! letters are those every reader of PDF has (Helvetica and Courier), so that nothing is embedded; a letter they lack is
//! written without its mark, as `Łukasz` is `Lukasz`.

mod letters;
mod pictures;

pub use pictures::{PICTURES, Picture};

use letters::{Face, encoded, fitted, wrapped};
use pdf_writer::types::LineCapStyle;
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcodegen::{QrCode, QrCodeEcc};

/// A page of A4, in points.
const PAGE: (f32, f32) = (595.0, 842.0);
/// What printers leave white.
const MARGIN: f32 = 30.0;
/// Room for the head of a page.
const HEAD: f32 = 52.0;
const COLUMNS: usize = 2;
const ROWS: usize = 5;
/// Cards on a page.
pub const ON_A_PAGE: usize = COLUMNS * ROWS;
/// White between the edge of a card and what it says.
const PAD: f32 = 9.0;
/// White between two lines of steps.
const LEADING: f32 = 2.5;
/// Width of a drawing to photograph: 28 mm, which any telephone reads from a hand away.
const SQUARE: f32 = 80.0;
/// Most cards of one document: whoever wants more prints class by class.
pub const MOST: usize = 20_000;

/// One card to cut out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Whose it is, in bold.
    pub name: String,
    /// What they are, below the name.
    pub what: String,
    /// What to do, one step a line.
    pub steps: Vec<String>,
    /// What is typed, in large letters.
    pub code: Option<String>,
    /// What is photographed.
    pub square: Option<String>,
    /// Small print.
    pub foot: String,
}

/// The cards of one class, or of another lot that is handed out together: begins on a page of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Which, at the head of each page.
    pub title: String,
    /// Where and when.
    pub subtitle: String,
    /// What whoever hands them out should know.
    pub note: String,
    /// In the order in which they are handed out.
    pub cards: Vec<Card>,
}

/// A child on a [`Roll`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Who.
    pub name: String,
    /// Their pictures.
    pub pictures: Vec<&'static Picture>,
    /// What the pictures are called, for whoever reads the document aloud or prints it without colours.
    pub words: String,
}

/// What whoever hands cards out keeps for themselves: who has which pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// Of which class, at the head of each page.
    pub title: String,
    /// Where and when.
    pub subtitle: String,
    /// What to do with it.
    pub note: String,
    /// In the order of the cards.
    pub rows: Vec<Row>,
}

/// Children on a page of a roll.
const ON_A_ROLL: usize = 16;

/// The sheets as one document of that title and language (`fr`).
pub fn pdf(title: &str, language: &str, sheets: &[Sheet]) -> Vec<u8> {
    assembled(title, language, cards_of(sheets))
}

/// The same of the cards of a class, with what their teacher keeps before them.
pub fn pdf_of_class(title: &str, language: &str, roll: &Roll, sheet: &Sheet) -> Vec<u8> {
    let lots: Vec<&[Row]> = roll.rows.chunks(ON_A_ROLL).collect();
    let of = lots.len();
    let kept = lots.into_iter().enumerate().map(|(number, lot)| roll_page(roll, lot, number + 1, of));
    assembled(title, language, kept.chain(cards_of(std::slice::from_ref(sheet))).collect())
}

fn cards_of(sheets: &[Sheet]) -> Vec<Content> {
    let mut pages: Vec<Content> = Vec::new();
    for sheet in sheets {
        let lots: Vec<&[Card]> = sheet.cards.chunks(ON_A_PAGE).collect();
        for (number, lot) in lots.iter().enumerate() {
            pages.push(page(sheet, lot, number + 1, lots.len()));
        }
    }
    pages
}

fn assembled(title: &str, language: &str, mut pages: Vec<Content>) -> Vec<u8> {
    if pages.is_empty() {
        // A document of PDF has a page.
        pages.push(Content::new());
    }
    let mut numbers = (1..).map(Ref::new);
    let mut next = || numbers.next().unwrap_or(Ref::new(i32::MAX));
    let (catalog, tree, info) = (next(), next(), next());
    let fonts = Face::ALL.map(|face| (face, next()));
    let mut pdf = Pdf::new();
    let mut about = pdf.catalog(catalog);
    about.pages(tree);
    about.lang(TextStr(language));
    about.viewer_preferences().display_doc_title(true);
    about.finish();
    pdf.document_info(info).title(TextStr(title)).producer(TextStr("Préau"));
    for (face, font) in fonts {
        pdf.type1_font(font).base_font(Name(face.name())).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let mut kids = Vec::new();
    for content in pages {
        let (at, stream) = (next(), next());
        let mut page = pdf.page(at);
        page.parent(tree).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).contents(stream);
        let mut resources = page.resources();
        let mut named = resources.fonts();
        for (face, font) in fonts {
            named.pair(Name(face.tag()), font);
        }
        named.finish();
        resources.finish();
        page.finish();
        pdf.stream(stream, &content.finish());
        kids.push(at);
    }
    let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(kids).count(count);
    pdf.finish()
}

/// Writes a line whose baseline begins there.
fn say(content: &mut Content, face: Face, size: f32, x: f32, y: f32, text: &str) {
    content.begin_text();
    content.set_font(Name(face.tag()), size);
    content.next_line(x, y);
    content.show(Str(&encoded(text)));
    content.end_text();
}

/// A page with nothing but its head: title, subtitle and note.
fn headed([title, subtitle, note]: [&str; 3], number: usize, of: usize) -> Content {
    let mut content = Content::new();
    let (top, width) = (PAGE.1 - MARGIN, PAGE.0 - 2.0 * MARGIN);
    say(&mut content, Face::Bold, 15.0, MARGIN, top - 12.0, &fitted(Face::Bold, 15.0, title, width - 50.0));
    if of > 1 {
        say(&mut content, Face::Plain, 9.0, PAGE.0 - MARGIN - 30.0, top - 12.0, &format!("{number} / {of}"));
    }
    say(&mut content, Face::Plain, 10.0, MARGIN, top - 26.0, &fitted(Face::Plain, 10.0, subtitle, width));
    say(&mut content, Face::Plain, 8.0, MARGIN, top - 39.0, &fitted(Face::Plain, 8.0, note, width));
    content
}

fn roll_page(roll: &Roll, rows: &[Row], number: usize, of: usize) -> Content {
    let mut content = headed([&roll.title, &roll.subtitle, &roll.note], number, of);
    let (top, width) = (PAGE.1 - MARGIN - HEAD, PAGE.0 - 2.0 * MARGIN);
    let high = (top - MARGIN) / ON_A_ROLL as f32;
    let (wide, beside) = (high - 10.0, 190.0);
    for (index, row) in rows.iter().enumerate() {
        let below = top - (index + 1) as f32 * high;
        let line = below + high / 2.0 - 4.0;
        say(&mut content, Face::Bold, 12.0, MARGIN, line, &fitted(Face::Bold, 12.0, &row.name, beside - 10.0));
        for (place, picture) in row.pictures.iter().enumerate() {
            pictures::draw(&mut content, picture, MARGIN + beside + place as f32 * (wide + 10.0), below + 5.0, wide);
        }
        let words = MARGIN + beside + row.pictures.len() as f32 * (wide + 10.0) + 8.0;
        let room = MARGIN + width - words;
        say(&mut content, Face::Plain, 10.0, words, line, &fitted(Face::Plain, 10.0, &row.words, room));
        content.save_state();
        content.set_line_width(0.4).set_stroke_gray(0.75);
        content.move_to(MARGIN, below).line_to(PAGE.0 - MARGIN, below).stroke();
        content.restore_state();
    }
    content
}

fn page(sheet: &Sheet, cards: &[Card], number: usize, of: usize) -> Content {
    let mut content = headed([&sheet.title, &sheet.subtitle, &sheet.note], number, of);
    let (top, width) = (PAGE.1 - MARGIN, PAGE.0 - 2.0 * MARGIN);
    let (wide, high) = (width / COLUMNS as f32, (top - MARGIN - HEAD) / ROWS as f32);
    cut_lines(&mut content, cards.len(), wide, high);
    for (index, one) in cards.iter().enumerate() {
        let (column, row) = (index % COLUMNS, index / COLUMNS);
        let x = MARGIN + column as f32 * wide;
        let y = top - HEAD - row as f32 * high;
        card(&mut content, one, x + PAD, y - PAD, wide - 2.0 * PAD, high - 2.0 * PAD);
    }
    content
}

/// Dotted lines around each card, where scissors go.
fn cut_lines(content: &mut Content, cards: usize, wide: f32, high: f32) {
    let rows = cards.div_ceil(COLUMNS);
    let top = PAGE.1 - MARGIN - HEAD;
    content.save_state();
    content.set_line_width(0.5).set_stroke_gray(0.55).set_line_cap(LineCapStyle::RoundCap);
    content.set_dash_pattern([0.5, 3.0], 0.0);
    for row in 0..=rows {
        let y = top - row as f32 * high;
        content.move_to(MARGIN, y).line_to(PAGE.0 - MARGIN, y).stroke();
    }
    for column in 0..=COLUMNS {
        let x = MARGIN + column as f32 * wide;
        content.move_to(x, top).line_to(x, top - rows as f32 * high).stroke();
    }
    content.restore_state();
}

/// The steps in lines of that width, in the largest letters in which they are not higher than that.
fn steps(card: &Card, wide: f32, high: f32) -> (f32, Vec<String>) {
    let lines = |size: f32| -> Vec<String> {
        card.steps.iter().flat_map(|step| wrapped(Face::Plain, size, step, wide)).collect()
    };
    let fits = |size: &f32| lines(*size).len() as f32 * (size + LEADING) <= high;
    let size = [8.5, 8.0, 7.5, 7.0, 6.5, 6.0].into_iter().find(fits).unwrap_or(5.0);
    (size, lines(size))
}

/// One card below and right of that corner.
fn card(content: &mut Content, card: &Card, x: f32, top: f32, wide: f32, high: f32) {
    let drawing = card.square.as_deref().and_then(|text| QrCode::encode_text(text, QrCodeEcc::Medium).ok());
    let beside = if drawing.is_some() { wide - SQUARE - PAD } else { wide };
    let mut y = top - 11.0;
    say(content, Face::Bold, 12.0, x, y, &fitted(Face::Bold, 12.0, &card.name, beside));
    y -= 13.0;
    say(content, Face::Plain, 9.0, x, y, &fitted(Face::Plain, 9.0, &card.what, beside));
    y -= 6.0;
    let foot: Vec<String> = wrapped(Face::Plain, 7.0, &card.foot, wide);
    let below = top - high + 8.0 * (foot.len() as f32 - 1.0) + 1.0;
    // Above the code, whose letters are twelve points high and stand fourteen above the small print.
    let (size, lines) = steps(card, beside, y - below - 28.0);
    for line in lines {
        y -= size + LEADING;
        say(content, Face::Plain, size, x, y, &line);
    }
    if let Some(code) = &card.code {
        let size = if code.chars().count() > 16 { 14.0 } else { 17.0 };
        say(content, Face::Typed, size, x, below + 14.0, code);
    }
    for (index, line) in foot.iter().enumerate() {
        say(content, Face::Plain, 7.0, x, below - 8.0 * index as f32, line);
    }
    if let Some(drawing) = drawing {
        square(content, &drawing, x + wide - SQUARE, top - SQUARE);
    }
}

/// A drawing whose lower left corner is there. Each row of dark squares that touch is one rectangle, so that no printer leaves a white hair.
fn square(content: &mut Content, drawing: &QrCode, x: f32, y: f32) {
    let size = drawing.size();
    let one = SQUARE / size as f32;
    for row in 0..size {
        let mut column = 0;
        while column < size {
            let dark = (column..size).take_while(|at| drawing.get_module(*at, row)).count() as i32;
            if dark > 0 {
                let below = y + SQUARE - (row + 1) as f32 * one;
                content.rect(x + column as f32 * one, below, dark as f32 * one, one + 0.02);
            }
            column += dark.max(1);
        }
    }
    content.fill_nonzero();
}

#[cfg(test)]
mod tests;
