//! Texts of several statements that travel to the database together: the beginning of a transaction, its events, a
//! write, its end. Made once for each combination, so that each is prepared once.

use crate::audit::{self, EVENTS, Recorded};
use crate::link::Arg;
use sqlx::AssertSqlSafe;
use std::collections::HashMap;
use std::sync::Arc;

/// What stands around a statement: how many events before it when it begins the transaction, and whether it ends it.
type Around = (Option<usize>, bool);

/// The texts made so far: a handful for each writing statement of the crate.
#[derive(Default)]
pub(super) struct Scripts(HashMap<(&'static str, Around), Arc<str>>);

/// Whether so many events travel with a statement. Few do, so that few texts are made.
pub(super) fn carries(events: usize) -> bool {
    matches!(events, 0 | 1 | 2 | 4)
}

impl Scripts {
    /// The text and the values of a statement with what goes around it: with `head`, the beginning of the transaction and
    /// those events; with `tail`, its commit.
    pub fn around(
        &mut self,
        text: &'static str,
        args: Vec<Arg>,
        head: Option<Vec<Recorded>>,
        tail: bool,
    ) -> (AssertSqlSafe<Arc<str>>, Vec<Arg>) {
        let around = (head.as_ref().map(Vec::len), tail);
        let script = self.0.entry((text, around)).or_insert_with(|| write(text, around).into());
        let mut values = audit::values(head.unwrap_or_default());
        values.extend(args);
        // Safe: made of fixed texts of this crate alone.
        (AssertSqlSafe(Arc::clone(script)), values)
    }
}

fn write(text: &'static str, (head, tail): Around) -> String {
    let mut script = String::new();
    if let Some(events) = head {
        script.push_str("BEGIN IMMEDIATE; ");
        if events > 0 {
            script.push_str(EVENTS.sqlite_text(events.ilog2() as usize));
            script.push_str("; ");
        }
    }
    script.push_str(&shifted(text, head.unwrap_or_default() * EVENTS.width()));
    if tail {
        script.push_str("; COMMIT");
    }
    script
}

/// The text with each place `$n` moved on: the values of the events stand before its own.
fn shifted(text: &str, by: usize) -> String {
    let mut parts = text.split('$');
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().expect("a place of a statement is a number");
        moved.push_str(&format!("${}{rest}", number + by));
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_on() {
        assert_eq!(shifted("a = $1 AND b = $12, $2", 16), "a = $17 AND b = $28, $18");
        assert_eq!(shifted("nothing", 16), "nothing");
    }

    #[test]
    fn a_lone_statement_carries_its_transaction() {
        assert_eq!(
            write("DELETE FROM t WHERE id = $1", (Some(0), true)),
            "BEGIN IMMEDIATE; DELETE FROM t WHERE id = $1; COMMIT"
        );
        assert_eq!(write("DELETE FROM t WHERE id = $1", (None, false)), "DELETE FROM t WHERE id = $1");
        let script = write("DELETE FROM t WHERE id = $1", (Some(2), false));
        assert!(script.starts_with("BEGIN IMMEDIATE; INSERT INTO audit ("), "{script}");
        let shifted = format!("; DELETE FROM t WHERE id = ${}", 2 * EVENTS.width() + 1);
        assert!(script.ends_with(&shifted), "{script}");
    }
}
