//! The same flows over PostgreSQL, where several servers may share one database and nothing but what policy answered is kept
//! in memory: tickets, codes and access tokens are rows, and redeeming one is a change that must survive.
//!
//! Counted is the processor time of the server alone, and of the inserts that of whoever asks for them: what PostgreSQL does
//! in its own processes is the same for both.

use crate::Flow;
use crate::measure::{ANSWER, Floor, Series, Units, Yardsticks, one};
use crate::report::Report;
use crate::world::Server;
use anyhow::Result;

/// Rounds besides the first, which warms caches and connections.
const ROUNDS: usize = 7;

/// What is measured, and against what: the ticket with its visit, and its end; the code, its end, the tokens.
const FIGURES: [(&str, Flow, Floor); 6] = [
    ("session → ticket → validation", Flow::SignOn, Floor { answers: 2, inserts: 2, signatures: 0 }),
    ("validation alone", Flow::Validation, Floor { answers: 1, inserts: 1, signatures: 0 }),
    ("code flow, ES256", Flow::Code, Floor { answers: 2, inserts: 3, signatures: 1 }),
    ("refresh with rotation, ES256", Flow::Refresh, Floor { answers: 1, inserts: 1, signatures: 1 }),
    ("userinfo", Flow::Userinfo, ANSWER),
    ("introspection", Flow::Introspection, ANSWER),
];

/// Measures them, in turn with the parts of their floors, and adds them to the page.
pub async fn measure(server: &Server, yardsticks: &mut Yardsticks, report: &mut Report) -> Result<()> {
    let mut series: [Series; FIGURES.len()] = Default::default();
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let units = yardsticks.units().await?;
        for (series, (_, flow, floor)) in series.iter_mut().zip(FIGURES) {
            let cost = one(flow, server).await?;
            if round > 0 {
                series.add(cost, floor.of(&units));
            }
        }
        if round > 0 {
            rounds.push(units);
        }
    }
    report.units("on PostgreSQL", &Units::median(&rounds));
    for (series, (what, _, floor)) in series.into_iter().zip(FIGURES) {
        report.beside(&format!("PostgreSQL: {what}"), series.middle(), floor);
    }
    Ok(())
}
