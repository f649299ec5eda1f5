//! `preau keys`: the keys the house signs with, tokens as well as SAML.

use crate::cli::{Failure, RotateArgs};
use crate::config::Loaded;
use crate::output::say;
use crate::signing::Signing;
use crate::{SystemClock, assembly};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, Seconds, StoredKey};
use preau_keys::signers::{CutOver, KeyUse, Phase, certificate_of, end, phase, replacement};
use preau_keys::{Sealer, Signers, SystemIds, fingerprint};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// One key as it is told.
#[derive(Serialize)]
struct Told {
    key: String,
    alg: String,
    kid: String,
    certificate_sha256: Option<String>,
    phase: &'static str,
    opens: bool,
    created: String,
    signs_from: String,
    gives_way: String,
    leaves: String,
}

/// Lists them.
pub async fn list(loaded: &Loaded, demo: bool, json: bool) -> Result<(), Failure> {
    let house = house(loaded, demo).await?;
    let (rows, _) = house.load().await?;
    let now = house.clock.now();
    let told: Vec<Told> = rows.iter().map(|row| tell(&house.signers, &rows, row, now)).collect();
    if json {
        return say!("{:#}", serde_json::to_value(&told).map_err(Failure::new)?);
    }
    if told.is_empty() {
        return say!("no signing key yet: the first start of the server makes them");
    }
    for key in told {
        let closed = if key.opens { "" } else { "  DOES NOT OPEN: sealed with another master key" };
        say!("{:<16} {:<8} signs from {}, gives way {}{closed}", key.key, key.phase, key.signs_from, key.gives_way)?;
        match key.certificate_sha256 {
            Some(print) => say!("{:<16} certificate sha256 {print}", "")?,
            None => say!("{:<16} kid {}", "", key.kid)?,
        }
    }
    Ok(())
}

fn tell(signers: &Signers, rows: &[StoredKey], row: &StoredKey, now: Instant) -> Told {
    let (gives_way, leaves) = end(rows, row);
    let public: Value = serde_json::from_str(&row.public).unwrap_or_default();
    Told {
        key: row.kid.clone(),
        alg: row.alg.clone(),
        kid: public["kid"].as_str().unwrap_or_default().to_owned(),
        certificate_sha256: certificate_of(row).map(|der| fingerprint(&der)),
        phase: match phase(rows, row, now) {
            Phase::Next => "next",
            Phase::Active => "active",
            Phase::Retired => "retired",
        },
        opens: signers.opens(row),
        created: row.created.rfc3339(),
        signs_from: row.use_from.rfc3339(),
        gives_way: gives_way.rfc3339(),
        leaves: leaves.rfc3339(),
    }
}

/// Makes new ones: announced now and signing once everybody has had time to learn them, or at once and in place of the
/// old ones.
pub async fn rotate(loaded: &Loaded, demo: bool, args: &RotateArgs) -> Result<(), Failure> {
    let uses = match &args.alg {
        None => KeyUse::ALL.to_vec(),
        Some(name) => vec![KeyUse::named(name).ok_or_else(|| Failure::new(format!("nothing is signed with {name}")))?],
    };
    let house = house(loaded, demo).await?;
    for usage in uses {
        let (rows, _) = house.load().await?;
        let now = house.clock.now();
        let cut_over = match args.in_days {
            _ if args.compromised => CutOver::Compromised,
            Some(days) => CutOver::At(now + Seconds(i64::from(days) * 86_400)),
            None => CutOver::Announced,
        };
        let todo = replacement(&rows, usage, now, cut_over);
        let done = house.apply(&todo).await?;
        if done.made.is_empty() {
            return Err(Failure::new("another server makes a key just now: look at `preau keys list`, and try again"));
        }
        let what = if args.compromised { "signing-key-replaced" } else { "signing-key-announced" };
        let correlation = CorrelationId::generate(&SystemIds, now);
        let detail = format!("{what} {}", done.made.join(" "));
        house.store.record(AuditEvent::new(now, AuditKind::Administered, correlation, detail));
        for place in &done.removed {
            say!("{place} removed: nothing it signed is believed any more")?;
        }
        for make in &todo.make {
            say!("{} made: it signs from {}", make.place, make.use_from.rfc3339())?;
            if !args.compromised && make.use_from < now + usage.rhythm().ahead {
                warn_early(usage)?;
            }
        }
    }
    house.store.flush_audit().await?;
    say!("running servers take it up within a minute")
}

/// What happens when a key signs before everybody had the time to learn it.
fn warn_early(usage: KeyUse) -> Result<(), Failure> {
    let days = usage.rhythm().ahead.0 / 86_400;
    say!(
        "  sooner than the {days} days in which everybody learns it: whoever keeps the published set refuses what it signs"
    )?;
    say!("  until they read the set again")
}

pub(super) async fn house(loaded: &Loaded, demo: bool) -> Result<Signing, Failure> {
    let keyring = assembly::keyring(loaded, demo)?;
    let signers = Arc::new(Signers::new(Sealer::new(&keyring)));
    let store = assembly::store(loaded, Some(&keyring)).await?;
    Ok(Signing { store, signers, clock: Arc::new(SystemClock::new()) })
}
