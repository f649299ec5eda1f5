//! The letter by which a teacher hears of an inspection before they come to their home page, where it is said as well: that it was granted, and
//! that it was ended before its time. It says what that page says, to whoever has a mailbox.

use super::heads::lines;
use crate::mail::{LetterKind, NEWS_LAST, Say, address};
use crate::words::in_language;
use crate::{Door, Fault, Locale, Pen, pages};
use preau_domain::{Inspection, Person, Seconds};
use preau_keys::Keyring;
use preau_store::Letter;

/// The letter that says to the teacher that this is granted.
pub async fn of_grant(
    pen: &Pen<'_>,
    one: &Inspection,
    teacher: &Person,
    door: Option<&Door>,
) -> Result<Option<Letter>, Fault> {
    written(pen, one, teacher, door, LetterKind::Inspection).await
}

/// The name of the letter that said, or is to say, that this is granted.
pub fn name_of_grant(keyring: &Keyring, one: &Inspection) -> String {
    name(keyring, LetterKind::Inspection, one)
}

fn name(keyring: &Keyring, kind: LetterKind, one: &Inspection) -> String {
    keyring.mac(kind.as_str(), &[&one.id])
}

/// The letter that says to the teacher that this is ended now, before its time.
pub async fn of_end(
    pen: &Pen<'_>,
    one: &Inspection,
    teacher: &Person,
    door: Option<&Door>,
) -> Result<Option<Letter>, Fault> {
    let ended = Inspection { until: pen.now, ..one.clone() };
    written(pen, &ended, teacher, door, LetterKind::InspectionEnded).await
}

/// None for whoever has no mailbox that we write to.
async fn written(
    pen: &Pen<'_>,
    one: &Inspection,
    teacher: &Person,
    door: Option<&Door>,
    kind: LetterKind,
) -> Result<Option<Letter>, Fault> {
    let Some(to) = address(teacher) else { return Ok(None) };
    let locale = pen.language(teacher, Locale::Fr).await?;
    let title = door.map(|door| in_language(&door.title, locale).to_owned());
    let lines = lines(pen.store, vec![one.clone()]).await?;
    let said = lines.iter().map(|line| pages::said_of_inspection(pen, locale, line, title.clone()));
    let said: String = said.collect();
    // It is news for as long as it holds; one that is over is of no use long after.
    let left = Seconds((one.until - pen.now) / 1_000);
    let lasts = left.max(NEWS_LAST);
    let id = Some(name(pen.keyring, kind, one));
    let words = [("said", said.as_str())];
    pen.letter(&[teacher], to, Say { kind, locale, lasts, words: &words, id }).await.map(Some)
}
