//! `preau sync links`: who may be one person in two sources, and what somebody said of it.

use crate::cli::Failure;
use crate::config::Loaded;
use crate::output::say;
use crate::{SystemClock, assembly, commands};
use clap::Subcommand;
use preau_domain::{Bounded, Clock, JoinKey, Person, PersonId, SourceId, bounded};
use preau_provision::{Proposal, Side, Why, proposals, reasons};
use preau_store::{Pair, SaidBy, Store};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Pairs looked up at once: two records each.
const PAGE: usize = 500;

/// `preau sync links …`.
#[derive(Debug, Subcommand)]
pub enum LinksCommand {
    /// List people who may be one in two sources, with the reasons, and records that belong to the account of another one.
    List {
        /// How many proposals at most, and how many joined records.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Say that two accounts are one person. The first stays, with what services know it by; the second is signed out, and its name is given to nobody.
    Accept {
        /// The account that stays: its id, or source and key of its record (`annuaire$4512`).
        #[arg(value_name = "ACCOUNT")]
        kept: String,
        /// The account that becomes the same.
        #[arg(value_name = "OTHER")]
        added: String,
        /// Why, at most 200 characters: needed where the two were not proposed. The journal keeps it.
        #[arg(long)]
        why: Option<String>,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Say that two accounts are two people: they are proposed no more, and no key joins them.
    Refuse {
        /// One account.
        #[arg(value_name = "ACCOUNT")]
        one: String,
        /// The other.
        other: String,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Separate a record from the account it was added to: each is who they were before.
    Undo {
        /// The name of the record, as `preau sync links list` gives it, or its source and key.
        record: String,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
}

/// Does what the command line says.
pub async fn obey(loaded: &Loaded, what: &LinksCommand) -> Result<(), Failure> {
    match what {
        LinksCommand::List { limit, json } => list(loaded, *limit, *json).await,
        LinksCommand::Accept { kept, added, why, json } => accept(loaded, [kept, added], why.as_deref(), *json).await,
        LinksCommand::Refuse { one, other, json } => refuse(loaded, [one, other], *json).await,
        LinksCommand::Undo { record, json } => undo(loaded, record, *json).await,
    }
}

async fn list(loaded: &Loaded, limit: u32, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, None).await?;
    let sources: Vec<SourceId> = loaded.config.sources.keys().cloned().collect();
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let rules = loaded.config.sync.key_rules();
    let (found, more) = proposals(&*store, &sources, &rules, most).await.map_err(Failure::new)?;
    let (joined, more_joined) = joined(&*store, most).await?;
    if json {
        let pair = |(records, pair): &Joined| {
            let [kept, added] = records.clone().map(|join| join.map(|join| join.to_string()));
            json!({ "account": pair.account, "record": pair.record, "of": kept, "added": added, "said_by": pair.who, "at": pair.at.rfc3339() })
        };
        let joined: Vec<Value> = joined.iter().map(pair).collect();
        return say!("{:#}", json!({ "proposals": found, "more": more, "joined": joined, "more_joined": more_joined }));
    }
    if found.is_empty() {
        say!("nobody is proposed")?;
    }
    for proposal in &found {
        let why: Vec<&str> = proposal.why.iter().map(|why| why.words()).collect();
        say!("{}", why.join(", "))?;
        say!("    {}", side(&proposal.kept))?;
        say!("    {}", side(&proposal.added))?;
        let Proposal { kept, added, .. } = proposal;
        say!("  one person:  preau sync links accept {} {}", kept.account, added.account)?;
        say!("  two people:  preau sync links refuse {} {}", kept.account, added.account)?;
    }
    if more {
        say!("and more: --limit shows them")?;
    }
    for ([kept, added], pair) in &joined {
        let who = match pair.who {
            SaidBy::Key => "by key",
            SaidBy::Hand => "by hand",
        };
        say!(
            "joined {who} on {}: {} is of account {}, {}; undo: preau sync links undo {}",
            pair.at.rfc3339(),
            shown(added.as_ref()),
            pair.account,
            shown(kept.as_ref()),
            pair.record
        )?;
    }
    if more_joined {
        say!("and more are joined: --limit shows them")?;
    }
    Ok(())
}

/// The record of an account and the one that was added to it, and how it came to that.
type Joined = ([Option<JoinKey>; 2], Pair);

/// Records that belong to the account of another one, each with both; and whether there are more.
async fn joined(store: &dyn Store, most: usize) -> Result<(Vec<Joined>, bool), Failure> {
    let (mut found, mut after) = (Vec::new(), PersonId::new(""));
    loop {
        let wanted = (most + 1 - found.len()).min(PAGE);
        let pairs = store.pairs(&after, u32::try_from(wanted).unwrap_or(u32::MAX)).await?;
        let names: Vec<PersonId> = pairs.iter().flat_map(|pair| [pair.account.clone(), pair.record.clone()]).collect();
        let held: HashMap<PersonId, Option<JoinKey>> =
            store.records_named(&names).await?.into_iter().map(|held| (held.person.id, held.person.join)).collect();
        let whole = pairs.len() < wanted;
        for pair in pairs {
            after.clone_from(&pair.record);
            found.push(([&pair.account, &pair.record].map(|name| held.get(name).cloned().flatten()), pair));
        }
        if whole || found.len() > most {
            break;
        }
    }
    let more = found.len() > most;
    found.truncate(most);
    Ok((found, more))
}

fn shown(join: Option<&JoinKey>) -> String {
    join.map_or_else(|| "no record".to_owned(), |join| join.to_string().escape_debug().to_string())
}

fn side(side: &Side) -> String {
    let used = if side.used { "was used" } else { "was never used" };
    let name = preau_domain::display_safe(&side.name, 200);
    format!(
        "{name}, {}: account {}, which {used}; {}",
        shown(side.record.as_ref()),
        side.account,
        side.places.join(", ")
    )
}

/// Both accounts, and why they may be one person.
async fn two(loaded: &Loaded, store: &dyn Store, names: [&String; 2]) -> Result<([Person; 2], Vec<Why>), Failure> {
    let [one, other] = names;
    let (one, other) = (commands::find(store, one).await?, commands::find(store, other).await?);
    if one.id == other.id {
        return Err(Failure::new(format!("these are one account already: {}", one.id)));
    }
    let rules = loaded.config.sync.key_rules();
    let why = reasons(store, &rules, &one.id, &other.id).await.map_err(Failure::new)?;
    Ok(([one, other], why))
}

async fn accept(loaded: &Loaded, names: [&String; 2], why: Option<&str>, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let ([kept, added], reasons) = two(loaded, &*store, names).await?;
    let why = match why.map(|why| bounded(why, 200)) {
        None if reasons.is_empty() => {
            return Err(Failure::new(
                "nothing that two sources tell says that these are one person: give your reason with --why",
            ));
        }
        None => String::new(),
        Some(Bounded::Fits(why)) if !why.is_empty() => format!(": {why}"),
        Some(Bounded::Fits(_)) => return Err(Failure::new("the reason is empty")),
        Some(Bounded::TooLong { .. }) => return Err(Failure::new("the reason is longer than 200 characters")),
    };
    commands::journal(&*store, Some(&kept.id), None, &format!("accounts-joined, {} is {}{why}", added.id, kept.id))
        .await?;
    let pairs = [(kept.id.clone(), added.id.clone())];
    if store.pair(&pairs, SaidBy::Hand, SystemClock::new().now()).await? != [true] {
        commands::journal(
            &*store,
            Some(&kept.id),
            None,
            &format!("accounts-not-joined, {} is not {}", added.id, kept.id),
        )
        .await?;
        return Err(Failure::new(format!(
            "{} and {} cannot be one account: each comes from a record of a source of its own, no two records of an account are of one source, and \
             the second is one record alone",
            kept.id, added.id
        )));
    }
    if json {
        return say!("{:#}", json!({ "account": kept.id, "record": added.id, "why": reasons }));
    }
    say!(
        "account {} is both from now on; whoever was signed in to {} is signed out within seconds",
        kept.id,
        added.id
    )?;
    say!("  services know the person by {} alone; to separate them: preau sync links undo {}", kept.id, added.id)
}

async fn refuse(loaded: &Loaded, names: [&String; 2], json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let ([one, other], _) = two(loaded, &*store, names).await?;
    commands::journal(&*store, Some(&one.id), None, &format!("accounts-apart, {} is not {}", other.id, one.id)).await?;
    store.keep_apart(&one.id, &other.id, SystemClock::new().now()).await?;
    if json {
        return say!("{:#}", json!({ "apart": [one.id, other.id] }));
    }
    say!("{} and {} are two people: they are not proposed again, and no key joins them", one.id, other.id)
}

async fn undo(loaded: &Loaded, record: &str, json: bool) -> Result<(), Failure> {
    let store = assembly::store(loaded, Some(&assembly::keyring(loaded, true)?)).await?;
    let name = added(&*store, record).await?;
    commands::journal(&*store, Some(&name), None, "accounts-parted").await?;
    let Some(account) = store.part(&name, SystemClock::new().now()).await? else {
        return Err(Failure::new(format!(
            "{name} is no record that was added to another account: preau sync links list"
        )));
    };
    if json {
        return say!("{:#}", json!({ "account": account, "record": name }));
    }
    say!(
        "{name} is an account of its own again, as services knew it before; whoever was signed in to {account} is signed out within seconds"
    )?;
    say!("  no key joins them again; to join them: preau sync links accept {account} {name}")
}

/// The name of a record that was added to an account: as it is, or by source and key.
async fn added(store: &dyn Store, record: &str) -> Result<PersonId, Failure> {
    if let Some((source, key)) = record.split_once('$') {
        let join = JoinKey { source: SourceId::new(source), key: key.to_owned() };
        if let Some(account) = store.person_by_join(&join).await? {
            let records = store.records_of(&account.id).await?;
            if let Some(found) = records.into_iter().find(|record| record.join.as_ref() == Some(&join)) {
                return Ok(found.id);
            }
        }
    }
    Ok(PersonId::new(record))
}
