//! `preau runs` and `preau sync show`: what synchronisations did, and which of them wait for a person.

use crate::cli::{Failure, RunsArgs};
use crate::output::{self, say};
use crate::{assembly, commands, config::Loaded};
use preau_domain::{RunId, SourceId};
use preau_provision::{Report, UndoReport};
use preau_store::{RunOutcome, RunRecord, Store};
use preau_web::runs::{rejected, table, word};
use serde_json::{Value, json};

/// Lists them.
pub async fn run(loaded: &Loaded, args: &RunsArgs) -> Result<(), Failure> {
    let source = commands::source(loaded, &args.source)?;
    let runs = assembly::store(loaded, None).await?.runs(&source, args.limit).await?;
    if args.json {
        say!("{:#}", Value::Array(runs.iter().map(value).collect()))?;
        return Ok(());
    }
    if args.csv {
        return output::text(&table(&runs));
    }
    if runs.is_empty() {
        say!("{source} was never synchronised")?;
    }
    for run in runs {
        output::text(&lines(&run))?;
    }
    Ok(())
}

fn value(run: &RunRecord) -> Value {
    json!({
        "id": run.id,
        "started": run.started.rfc3339(),
        "finished": run.finished.map(|at| at.rfc3339()),
        "outcome": run.outcome,
        "report": serde_json::from_str::<Value>(&run.report).unwrap_or(Value::Null),
    })
}

/// Shows one, whatever its source.
pub async fn show(loaded: &Loaded, id: &str, json: bool, csv: bool) -> Result<(), Failure> {
    let run = find(&*assembly::store(loaded, None).await?, id).await?;
    if json {
        return say!("{:#}", value(&run));
    }
    if csv {
        return output::text(&rejected(&preau_web::runs::Report::of(&run)));
    }
    let report = serde_json::from_str::<Report>(&run.report);
    let told = report.map_or_else(|_| lines(&run), |report| commands::sync::text(&report, "apply"));
    output::text(&format!("{}  {}\n{told}", run.started.rfc3339(), run.id))
}

async fn find(store: &dyn Store, id: &str) -> Result<RunRecord, Failure> {
    let found = store.run(&RunId::new(id)).await?;
    found.ok_or_else(|| Failure::new(format!("there is no run {id}: preau sync runs SOURCE lists them")))
}

/// The report of a held run: whoever names the run has read it, and accepts its number and what its schools lose, as long as
/// nothing came after it.
pub(crate) async fn accepted(store: &dyn Store, source: &SourceId, id: &str) -> Result<Report, Failure> {
    let run = find(store, id).await?;
    let latest = store.runs(source, 1).await?.pop();
    if run.outcome != RunOutcome::Held || latest.is_none_or(|latest| latest.id != run.id) {
        return Err(Failure::new(format!("run {id} is not the latest of {source}, or was not held: preau sync held")));
    }
    if preau_web::runs::Report::of(&run).refused.is_some() {
        return Err(Failure::new(format!(
            "run {id} was refused by an administrator: run the source anew, and look again"
        )));
    }
    serde_json::from_str(&run.report).map_err(Failure::new)
}

/// Why a run was held, incomplete or failed.
fn why(report: &Value) -> Vec<&str> {
    let held = report["held"].as_array().into_iter().flatten().filter_map(Value::as_str);
    held.chain(report["incomplete"].as_str()).chain(report["failure"].as_str()).collect()
}

/// Lists the sources whose latest run was held.
pub async fn held(loaded: &Loaded, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let mut rows = Vec::new();
    for source in loaded.config.sources.keys() {
        let latest = store.runs(source, 1).await?.pop().filter(|run| run.outcome == RunOutcome::Held);
        let refused = latest.as_ref().and_then(|run| preau_web::runs::Report::of(run).refused);
        let report = latest.and_then(|run| Some((run.started, serde_json::from_str::<Report>(&run.report).ok()?)));
        let Some((started, report)) = report else { continue };
        if json {
            rows.push(json!({
                "source": source,
                "run": report.run,
                "started": started.rfc3339(),
                "held": report.held,
                "accept_suspensions": report.people.losing(),
                "refused": refused,
            }));
            continue;
        }
        say!("{source}  {}  {}", started.rfc3339(), report.run)?;
        for why in &report.held {
            say!("    {why}")?;
        }
        if let Some(refused) = refused {
            say!(
                "    refused on {} by account {}: mend the source, and run it anew",
                refused.at.rfc3339(),
                refused.by
            )?;
            rows.push(Value::Null);
            continue;
        }
        say!("    if the source is right: preau sync apply {source} --accept-suspensions {}", report.people.losing())?;
        say!("    or, by its name: preau sync apply {source} --accept-run {}", report.run)?;
        rows.push(Value::Null);
    }
    if json {
        say!("{:#}", Value::Array(rows))?;
    } else if rows.is_empty() {
        say!("no run waits for anybody")?;
    }
    Ok(())
}

/// A run as people read it.
fn lines(run: &RunRecord) -> String {
    let report: Value = serde_json::from_str(&run.report).unwrap_or(Value::Null);
    let people = |key: &str| report["people"][key].as_u64().unwrap_or(0);
    let rejected = report["rejected"]["total"].as_u64().unwrap_or(0);
    let outcome = word(run.outcome);
    if let (RunOutcome::Undone, Ok(report)) = (run.outcome, serde_json::from_str::<UndoReport>(&run.report)) {
        return format!("{}  {}  {}\n", run.started.rfc3339(), run.id, commands::undo::text(&report));
    }
    let (read, created, updated, suspended) =
        (people("read"), people("created"), people("updated"), people("suspended"));
    let waiting = match people("waiting") {
        0 => String::new(),
        waiting => format!(", {waiting} absent for the first time"),
    };
    let delta = match report["delta"]["entries"].as_u64() {
        Some(entries) => format!("delta of {entries} changes: "),
        None => String::new(),
    };
    let told = match (run.outcome, report["same_as"].as_str()) {
        (RunOutcome::Held, _) => format!(
            "held: {delta}would suspend {suspended}, create {created}, update {updated}; {read} read, {rejected} rejected"
        ),
        (_, Some(before)) => {
            format!("{outcome:<10}  nothing changed since {before}: {} people stay as they are", people("unchanged"))
        }
        _ => format!(
            "{outcome:<10}  {delta}{read} read, {created} created, {updated} updated, {suspended} suspended{waiting}, {rejected} rejected"
        ),
    };
    let mut out = format!("{}  {}  {told}\n", run.started.rfc3339(), run.id);
    for line in why(&report) {
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
