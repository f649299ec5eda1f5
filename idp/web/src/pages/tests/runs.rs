//! A run of a source, made up to draw pages from.

use preau_domain::{Instant, RunId, SourceId};
use preau_store::{RunOutcome, RunRecord};

/// A run that waits for somebody, with everything a report tells.
pub fn held_run() -> RunRecord {
    let loss = |uai: &str| {
        serde_json::json!({ "establishment": uai, "active": 300, "absent": 70, "lost": 10, "profiles": [
            { "profile": "National_ELV", "active": 200, "absent": 70, "lost": 0, "moved": 0, "came": 2 },
            { "profile": "National_ENS", "active": 30, "absent": 0, "lost": 10, "moved": 4, "came": 0 }] })
    };
    let entry = |n: u32| serde_json::json!({ "dn": format!("ENTPersonJointure=AC-NOTOS${n},ou=people"), "reason": "sn has 130 characters; at most 100 are taken" });
    let people = serde_json::json!({ "read": 1_200, "created": 3, "updated": 12, "suspended": 80, "unchanged": 1_105 });
    let report = serde_json::json!({
        "people": people,
        "held": ["26 % of 0990001N would vanish (80 of 300 people)"],
        "reasons": [{ "rule": "too-many-of-one-school", "establishment": "0990001N", "active": 300, "absent": 80, "lost": 0, "percent": 20 }],
        "losses": (0..40).map(|_| loss("0990001N")).collect::<Vec<_>>(),
        "waiting_schools": ["0990003R: of 620 people who are National_ELV 600 would leave and 12 come"],
        "gains": [{ "establishment": "0990002P", "profile": "National_ELV", "active": 250, "came": 280 }],
        "waits": [{ "establishment": "0990003R", "profile": "National_ELV", "active": 620, "leaving": 600, "came": 12, "emptied": false }],
        "rejected": { "total": 40, "by_reason": { "sn has 130 characters; at most 100 are taken": 39, "something nobody knows": 1 }, "entries": (0..40).map(entry).collect::<Vec<_>>() },
        "remarks": { "total": 2, "by_reason": { "the date of birth is no date: with an activation code nobody is asked for it": 2 }, "entries": (0..2).map(entry).collect::<Vec<_>>() },
        "shared_logins": [{ "login": "a.b", "key": "1" }, { "login": "a.b", "key": "2" }],
        "delta": { "entries": 12, "gone": 0 },
        "duration_ms": 61_200,
        "peak_memory": 150_000_000u64,
        "undo_until": 1_790_000_000_000i64,
        "refused": { "at": 1_788_000_000_000i64, "by": "pgaelle" },
    });
    RunRecord {
        id: RunId::new("r7k2"),
        source: SourceId::new("annuaire"),
        started: Instant(1_788_000_000_000),
        finished: None,
        outcome: RunOutcome::Held,
        report: report.to_string(),
    }
}
