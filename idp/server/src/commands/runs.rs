//! `preau runs`: what the latest synchronisations did, and which of them wait for a person.

use crate::cli::{Failure, RunsArgs};
use crate::output::{self, say};
use crate::{assembly, commands, config::Loaded};
use preau_provision::Report;
use preau_store::{RunOutcome, RunRecord};
use serde_json::{Value, json};

/// Lists them.
pub async fn run(loaded: &Loaded, args: &RunsArgs) -> Result<(), Failure> {
    let source = commands::source(loaded, &args.source)?;
    let runs = assembly::store(loaded, None).await?.runs(&source, args.limit).await?;
    if args.json {
        let rows: Vec<Value> = runs
            .iter()
            .map(|run| {
                json!({
                    "id": run.id,
                    "started": run.started.rfc3339(),
                    "finished": run.finished.map(|at| at.rfc3339()),
                    "outcome": run.outcome,
                    "report": serde_json::from_str::<Value>(&run.report).unwrap_or(Value::Null),
                })
            })
            .collect();
        say!("{:#}", Value::Array(rows))?;
        return Ok(());
    }
    if runs.is_empty() {
        say!("{source} was never synchronised")?;
    }
    for run in runs {
        output::text(&lines(&run))?;
    }
    Ok(())
}

/// Lists the sources whose latest run was held.
pub async fn held(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let mut rows = Vec::new();
    for source in loaded.config.sources.keys() {
        let latest = store.runs(source, 1).await?.pop().filter(|run| run.outcome == RunOutcome::Held);
        let report = latest.and_then(|run| Some((run.started, serde_json::from_str::<Report>(&run.report).ok()?)));
        let Some((started, report)) = report else { continue };
        if json {
            rows.push(json!({
                "source": source,
                "run": report.run,
                "started": started.rfc3339(),
                "held": report.held,
                "accept_suspensions": report.people.losing(),
            }));
            continue;
        }
        say!("{source}  {}  {}", started.rfc3339(), report.run)?;
        for why in &report.held {
            say!("    {why}")?;
        }
        say!("    if the source is right: preau sync apply {source} --accept-suspensions {}", report.people.losing())?;
        rows.push(Value::Null);
    }
    if json {
        say!("{:#}", Value::Array(rows))?;
    } else if rows.is_empty() {
        say!("no run waits for anybody")?;
    }
    Ok(())
}

/// What came of a run, in a word.
pub(super) fn word(outcome: RunOutcome) -> &'static str {
    match outcome {
        // Under way, or its process was killed: nobody is left to say which.
        RunOutcome::Running => "unfinished",
        RunOutcome::Applied => "applied",
        RunOutcome::Held => "held",
        RunOutcome::Incomplete => "incomplete",
        RunOutcome::Failed => "failed",
    }
}

/// A run as people read it.
fn lines(run: &RunRecord) -> String {
    let report: Value = serde_json::from_str(&run.report).unwrap_or(Value::Null);
    let people = |key: &str| report["people"][key].as_u64().unwrap_or(0);
    let rejected = report["rejected"]["total"].as_u64().unwrap_or(0);
    let outcome = word(run.outcome);
    let (read, created, updated, suspended) =
        (people("read"), people("created"), people("updated"), people("suspended"));
    let told = match (run.outcome, report["same_as"].as_str()) {
        (RunOutcome::Held, _) => format!(
            "held: would suspend {suspended}, create {created}, update {updated}; {read} read, {rejected} rejected"
        ),
        (_, Some(before)) => {
            format!("{outcome:<10}  nothing changed since {before}: {} people stay as they are", people("unchanged"))
        }
        _ => format!(
            "{outcome:<10}  {read} read, {created} created, {updated} updated, {suspended} suspended, {rejected} rejected"
        ),
    };
    let mut out = format!("{}  {}  {told}\n", run.started.rfc3339(), run.id);
    let why = report["held"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for line in why.chain(report["incomplete"].as_str()).chain(report["failure"].as_str()) {
        out.push_str("    ");
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::{Instant, RunId, SourceId};

    fn told(outcome: RunOutcome, report: &Value) -> String {
        lines(&RunRecord {
            id: RunId::new("r2"),
            source: SourceId::new("annuaire"),
            started: Instant(0),
            finished: None,
            outcome,
            report: report.to_string(),
        })
    }

    #[test]
    fn a_run_that_wrote_nothing_does_not_say_that_it_did() {
        let people = json!({ "read": 100, "suspended": 90, "created": 1, "updated": 2, "unchanged": 7 });
        let held = told(RunOutcome::Held, &json!({ "people": people, "held": ["too many"] }));
        assert!(held.contains("held: would suspend 90") && held.ends_with("    too many\n"), "{held}");
        assert!(!held.contains("90 suspended"), "{held}");
        let same = told(RunOutcome::Applied, &json!({ "people": { "read": 0, "unchanged": 7 }, "same_as": "r1" }));
        assert!(same.contains("nothing changed since r1: 7 people") && !same.contains("0 read"), "{same}");
        let applied = told(RunOutcome::Applied, &json!({ "people": people }));
        assert!(applied.contains("100 read, 1 created, 2 updated, 90 suspended"), "{applied}");
    }
}
