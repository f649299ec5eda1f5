//! The marks of a class as its teacher reads them: a row for each pupil whom the tool may know, a column for each of the tool's; and the same as
//! a table that other programs read.

use super::kept;
use super::roster::people;
use super::{Person, Place, is_instructor, person, places};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use preau_connector_api::LtiMay;
use preau_domain::{AuditEvent, AuditKind};
use preau_web::{Fault, FaultKind, Fields, Hub, Live, LtiMarks, Visitor};
use serde_json::{Value, json};

/// Shows the marks of a class.
pub async fn marks(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let person = match person(hub, visitor, id).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let place = person.taught(fields.required("for")?, LtiMay::Grades)?.clone();
    let table = read(hub, visitor, &person, &place).await?;
    Ok(hub.lti_marks(visitor, &person.door, table))
}

/// The same as CSV.
pub async fn export(hub: &Hub, visitor: &Visitor, id: &str, fields: &Fields) -> Result<Response, Fault> {
    let person = match person(hub, visitor, id).await? {
        Ok(person) => person,
        Err(onward) => return Ok(onward),
    };
    let place = person.taught(fields.required("for")?, LtiMay::Grades)?.clone();
    let table = read(hub, visitor, &person, &place).await?;
    // Programs that open a table take it for what Windows writes unless this stands before it.
    let mut text = String::from('\u{feff}');
    let head = [String::new()].into_iter().chain(table.columns.iter().map(|(label, most)| format!("{label} /{most}")));
    line(&mut text, head);
    for (name, marks) in table.rows {
        line(&mut text, [name].into_iter().chain(marks));
    }
    let name = HeaderValue::from_static("attachment; filename=\"notes.csv\"");
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// The marks of somebody themselves, in the classes and groups for which they open tools now.
pub async fn own(hub: &Hub, live: &Live) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::new();
    for door in hub.services().all().iter().filter(|door| door.keeps_grades()) {
        let Ok(released) = hub.release(live, door) else { continue };
        for place in places(hub, live, door, &released) {
            for column in kept::shelf(hub, door, &place).await?.columns {
                let own = kept::mark_of(hub, door, &place, &column.id, released.user()).await?;
                let Some((given, most)) = own.and_then(|(_, mark)| mark.points) else { continue };
                let said = json!({ "tool": door.service.id, "class": place.name, "what": column.said.label,
                    "points": given, "of": most });
                all.push(said);
            }
        }
    }
    Ok(all)
}

/// Adds a line. What begins like a formula is text to every program that opens it.
fn line(text: &mut String, fields: impl Iterator<Item = String>) {
    let field = |field: String| {
        let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
        format!("\"{}{}\"", if formula { "'" } else { "" }, field.replace('"', "\"\""))
    };
    let fields: Vec<String> = fields.map(field).collect();
    text.push_str(&fields.join(";"));
    text.push_str("\r\n");
}

/// Reads them. The journal notes who did.
async fn read(hub: &Hub, visitor: &Visitor, person: &Person, place: &Place) -> Result<LtiMarks, Fault> {
    let door = &person.door;
    let known = people(hub, door, place).await;
    let known = known.map_err(|error| Fault::new(FaultKind::Busy, error.description()))?;
    let mut pupils: Vec<_> = known.into_iter().filter(|(_, told)| !is_instructor(told)).collect();
    pupils
        .sort_by(|(a, _), (b, _)| (&a.family_name, &a.given_name, &a.id).cmp(&(&b.family_name, &b.given_name, &b.id)));
    let columns = kept::shelf(hub, door, place).await?.columns;
    let mut marks = Vec::new();
    for column in &columns {
        marks.push(kept::marks(hub, door, place, &column.id).await?);
    }
    let rows = pupils.iter().map(|(pupil, told)| {
        let own = columns.iter().zip(&marks).map(|(column, marks)| {
            let points = marks.get(told.user()).and_then(|mark| mark.points);
            // On the scale of the column, whatever the tool counted by.
            points.map(|(given, most)| number(given * column.said.score_maximum / most)).unwrap_or_default()
        });
        (format!("{} {}", pupil.family_name, pupil.given_name), own.collect())
    });
    hub.audit(AuditEvent {
        service: Some(door.service.id.clone()),
        establishment: Some(place.establishment.clone()),
        ..hub.event_of(visitor, &person.live, AuditKind::TileOpened, "lti marks read")
    });
    Ok(LtiMarks {
        place: place.name.clone(),
        rows: rows.collect(),
        columns: columns.iter().map(|column| (column.said.label.clone(), number(column.said.score_maximum))).collect(),
    })
}

/// A number with a comma, as France writes it, and two digits behind it at most.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_holds_no_formula() {
        let mut text = String::new();
        line(&mut text, ["=1+1", "a;\"b\"", "12,5"].map(str::to_owned).into_iter());
        assert_eq!(text, "\"'=1+1\";\"a;\"\"b\"\"\";\"12,5\"\r\n");
    }

    #[test]
    fn a_mark_is_written_with_a_comma() {
        assert_eq!([12.5, 20.0, 0.0, 13.333_333, 100.0].map(number), ["12,5", "20", "0", "13,33", "100"]);
    }
}
