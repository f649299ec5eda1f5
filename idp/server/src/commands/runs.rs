//! `preau runs`: what the latest synchronisations did.

use crate::cli::Failure;
use crate::{assembly, commands, config::Loaded};
use preau_store::RunOutcome;
use serde_json::{Value, json};

/// Lists them.
pub async fn run(loaded: &Loaded, source: &str, limit: u32, json: bool) -> Result<(), Failure> {
    let source = commands::source(loaded, source)?;
    let runs = assembly::store(loaded).await?.runs(&source, limit).await?;
    if json {
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
        println!("{:#}", Value::Array(rows));
        return Ok(());
    }
    if runs.is_empty() {
        println!("{source} was never synchronised");
    }
    for run in runs {
        let report: Value = serde_json::from_str(&run.report).unwrap_or(Value::Null);
        let people = |key: &str| report["people"][key].as_u64().unwrap_or(0);
        let outcome = match run.outcome {
            // Under way, or its process was killed: nobody is left to say which.
            RunOutcome::Running => "unfinished",
            RunOutcome::Applied => "applied",
            RunOutcome::Held => "held",
            RunOutcome::Incomplete => "incomplete",
            RunOutcome::Failed => "failed",
        };
        println!(
            "{}  {}  {outcome:<10}  {} read, {} created, {} updated, {} suspended, {} rejected",
            run.started.rfc3339(),
            run.id,
            people("read"),
            people("created"),
            people("updated"),
            people("suspended"),
            report["rejected"]["total"].as_u64().unwrap_or(0),
        );
        let why = report["held"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for line in why.chain(report["incomplete"].as_str()).chain(report["failure"].as_str()) {
            println!("    {line}");
        }
    }
    Ok(())
}
