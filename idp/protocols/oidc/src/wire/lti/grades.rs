//! Columns of marks and marks as tools write them (1EdTech, *Assignment and Grade Services 2.0*): read strictly, within bounds, and only as
//! far as they are kept.

use crate::OidcError;
use preau_domain::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a column is written as.
pub const COLUMN: &str = "application/vnd.ims.lis.v2.lineitem+json";
/// What columns are written as.
pub const COLUMNS: &str = "application/vnd.ims.lis.v2.lineitemcontainer+json";
/// What marks are written as.
pub const RESULTS: &str = "application/vnd.ims.lis.v2.resultcontainer+json";

/// Characters of a label, and of a word of the tool.
const LABEL: usize = 200;
const WORD: usize = 255;
/// Most points there are.
const MOST: f64 = 1e9;

/// A column of marks, as a tool says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// What people read above it.
    pub label: String,
    /// The best mark.
    pub score_maximum: f64,
    /// What the tool calls what is marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// What it is of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The link it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_link_id: Option<String>,
}

/// Whether a text may be kept: so many characters, none of which a page or a table would not show.
pub fn is_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

impl Said {
    /// Reads one.
    pub fn read(body: &[u8]) -> Result<Said, OidcError> {
        let said: Said = serde_json::from_slice(body)
            .map_err(|_| OidcError::InvalidRequest("a line item is JSON with label and scoreMaximum"))?;
        if said.fits() {
            Ok(said)
        } else {
            Err(OidcError::InvalidRequest("a line item has a label, and points to be had"))
        }
    }

    /// Whether it may be kept.
    pub fn fits(&self) -> bool {
        let words = [&self.resource_id, &self.tag, &self.resource_link_id];
        !self.label.trim().is_empty()
            && is_text(&self.label, LABEL)
            && is_points(self.score_maximum)
            && self.score_maximum > 0.0
            && words.iter().all(|word| word.as_ref().is_none_or(|word| is_text(word, WORD)))
    }

    /// As a tool reads it, at that address.
    pub fn told(&self, address: &str) -> Value {
        let mut told = json!({ "id": address, "label": self.label, "scoreMaximum": self.score_maximum });
        for (name, word) in
            [("resourceId", &self.resource_id), ("tag", &self.tag), ("resourceLinkId", &self.resource_link_id)]
        {
            if let Some(word) = word {
                told[name] = json!(word);
            }
        }
        told
    }
}

fn is_points(points: f64) -> bool {
    points.is_finite() && (0.0..=MOST).contains(&points)
}

/// A mark, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The points, of so many; none while nobody has marked it.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub points: Option<(f64, f64)>,
    /// When the tool says it was.
    #[serde(rename = "t")]
    pub at: Instant,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Score {
    user_id: String,
    #[serde(default)]
    score_given: Option<f64>,
    #[serde(default)]
    score_maximum: Option<f64>,
    timestamp: String,
    activity_progress: String,
    grading_progress: String,
}

impl Mark {
    /// Reads one, and whose it is. What is not marked to the end has no points yet; a remark of the tool is not kept, since nobody here reads it.
    pub fn read(body: &[u8]) -> Result<(String, Mark), OidcError> {
        const WRONG: OidcError = OidcError::InvalidRequest(
            "a score has userId, timestamp, activityProgress, gradingProgress, and points of a maximum",
        );
        let score: Score = serde_json::from_slice(body).map_err(|_| WRONG)?;
        let activity = ["Initialized", "Started", "InProgress", "Submitted", "Completed"];
        let grading = ["FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"];
        if !activity.contains(&&*score.activity_progress) || !grading.contains(&&*score.grading_progress) {
            return Err(WRONG);
        }
        let points = match (score.score_given, score.score_maximum) {
            (None, _) => None,
            (Some(given), Some(most)) if is_points(given) && is_points(most) && most > 0.0 => Some((given, most)),
            _ => return Err(WRONG),
        };
        if !is_text(&score.user_id, WORD) || score.user_id.is_empty() {
            return Err(WRONG);
        }
        let points = points.filter(|_| score.grading_progress == "FullyGraded");
        let at = instant(&score.timestamp).ok_or(WRONG)?;
        Ok((score.user_id, Mark { points, at }))
    }

    /// As a tool reads it again: of that person, in the column at that address.
    pub fn told(&self, column: &str, user: &str) -> Value {
        let id: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
        let mut told = json!({ "id": format!("{column}/results?user_id={id}"), "scoreOf": column, "userId": user });
        if let Some((given, most)) = self.points {
            told["resultScore"] = json!(given);
            told["resultMaximum"] = json!(most);
        }
        told
    }
}

/// Reads an instant of ISO 8601 with its offset, as RFC 3339 has it.
fn instant(text: &str) -> Option<Instant> {
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?;
        digits.parse::<i64>().ok()
    };
    let is = |at: usize, mark: &[u8]| text.as_bytes().get(at).is_some_and(|b| mark.contains(b));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let mut rest = text.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        millis = format!("{:0<3}", &fraction[..digits.min(3)]).parse::<i64>().ok()?;
        rest = &fraction[digits..];
    }
    let offset = match rest {
        "Z" | "z" => 0,
        _ => {
            let (sign, clock) = match rest.strip_prefix('+') {
                Some(clock) => (1, clock),
                None => (-1, rest.strip_prefix('-')?),
            };
            let (hours, minutes) = clock.split_once(':')?;
            let two = |text: &str| text.parse::<i64>().ok().filter(|_| text.len() == 2);
            sign * (two(hours).filter(|hours| *hours <= 14)? * 60 + two(minutes).filter(|minutes| *minutes < 60)?)
        }
    };
    let fits = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !fits || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since 1970, counted in years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Some(Instant((((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1_000 + millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_written() {
        for at in [0, 951_782_400_123, 1_788_000_000_123, 4_102_444_799_999] {
            assert_eq!(instant(&Instant(at).rfc3339()), Some(Instant(at)));
        }
        let same = instant("2026-09-14T09:00:00+02:00");
        assert_eq!((same, instant("2026-09-14T07:00:00Z")), (same, same));
        assert_eq!(instant("2026-09-14T07:00:00.5Z").map(|at| at.0 % 1_000), Some(500));
        for wrong in [
            "",
            "2026-09-14",
            "2026-09-14T07:00:00",
            "2026-13-14T07:00:00Z",
            "2026-09-14T07:00:00.Z",
            "é026-09-14T07:00:00Z",
        ] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mark_counts_when_it_is_one() {
        let score = |grading: &str, more: &str| {
            format!(
                r#"{{"userId":"u","timestamp":"2026-09-14T07:00:00Z","activityProgress":"Completed","gradingProgress":"{grading}"{more}}}"#
            )
        };
        let read = |grading: &str, more: &str| Mark::read(score(grading, more).as_bytes()).map(|(_, mark)| mark.points);
        let points = r#","scoreGiven":12.5,"scoreMaximum":20"#;
        assert_eq!(read("FullyGraded", points), Ok(Some((12.5, 20.0))));
        assert_eq!(read("Pending", points), Ok(None), "nobody has marked it to the end");
        assert_eq!(read("FullyGraded", ""), Ok(None));
        for wrong in
            [r#","scoreGiven":12"#, r#","scoreGiven":-1,"scoreMaximum":20"#, r#","scoreGiven":1,"scoreMaximum":0"#]
        {
            assert!(read("FullyGraded", wrong).is_err(), "{wrong}");
        }
        assert!(read("Perhaps", points).is_err());
    }

    #[test]
    fn a_column_has_a_label_and_points() {
        assert!(Said::read(br#"{"label":"Quiz 1","scoreMaximum":20,"startDateTime":"x"}"#).is_ok());
        for wrong in
            [r#"{"label":" ","scoreMaximum":20}"#, r#"{"label":"a","scoreMaximum":0}"#, r#"{"label":"a"}"#, "[]"]
        {
            assert!(Said::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
