//! The pages of sources: all of them, the runs of one, and the report of a run.

use super::home::profile_key;
use super::{Page, html};
use crate::runs::reasons;
use crate::runs::{FIGURES, Gain, Loss, Reason, Report, Shared, Waits};
use crate::{Hub, Visitor};
use askama::Template;
use axum::response::Response;
use preau_domain::SourceId;
use preau_store::{RunOutcome, RunRecord};

/// Entries, logins, reasons and schools shown on a page: the others are counted, and the file to take away has them.
const SHOWN: usize = 25;

fn outcome(page: &Page<'_>, outcome: RunOutcome) -> String {
    page.t(match outcome {
        RunOutcome::Running => "run-unfinished",
        RunOutcome::Applied => "run-applied",
        RunOutcome::Held => "run-held",
        RunOutcome::Incomplete => "run-incomplete",
        RunOutcome::Failed => "run-failed",
        RunOutcome::Undone => "run-undone",
    })
}

#[derive(Template)]
#[template(path = "sources.html")]
pub(super) struct Sources<'a> {
    page: Page<'a>,
    sources: Vec<Source>,
}

struct Source {
    id: String,
    state: String,
    when: String,
}

impl<'a> Sources<'a> {
    pub(super) fn new(page: Page<'a>, latest: &[(SourceId, Option<RunRecord>)]) -> Self {
        let source = |(id, run): &(SourceId, Option<RunRecord>)| Source {
            id: id.to_string(),
            state: run.as_ref().map_or_else(|| page.t("source-never"), |run| outcome(&page, run.outcome)),
            when: run.as_ref().map(|run| page.moment(run.started)).unwrap_or_default(),
        };
        let sources = latest.iter().map(source).collect();
        Sources { sources, page: page.at("/sources") }
    }
}

/// Every source, and what came of its latest run.
pub fn sources(hub: &Hub, visitor: &Visitor, latest: &[(SourceId, Option<RunRecord>)]) -> Response {
    html("sources", &Sources::new(Page::new(hub, visitor), latest))
}

#[derive(Template)]
#[template(path = "source.html")]
pub(super) struct Runs<'a> {
    page: Page<'a>,
    source: String,
    runs: Vec<Run>,
}

struct Run {
    id: String,
    when: String,
    outcome: String,
    told: String,
}

impl<'a> Runs<'a> {
    pub(super) fn new(page: Page<'a>, source: &SourceId, runs: &[RunRecord]) -> Self {
        let run = |run: &RunRecord| {
            let report = Report::of(run);
            let told = match (&report.same_as, report.people.is_empty()) {
                (Some(_), _) => page.t("run-same"),
                (None, true) => String::new(),
                _ => {
                    let key = if run.outcome == RunOutcome::Held { "run-would" } else { "run-did" };
                    let figure = |name: &str| report.people(name).to_string();
                    let (read, created) = (figure("read"), figure("created"));
                    let (updated, suspended) = (figure("updated"), figure("suspended"));
                    let said: [(&str, &str); 4] =
                        [("read", &read), ("created", &created), ("updated", &updated), ("suspended", &suspended)];
                    page.texts.with(page.locale, key, &said)
                }
            };
            Run { id: run.id.to_string(), when: page.moment(run.started), outcome: outcome(&page, run.outcome), told }
        };
        let runs = runs.iter().map(run).collect();
        Runs { source: source.to_string(), runs, page: page.at(format!("/sources/{source}")) }
    }
}

/// The runs of a source, latest first.
pub fn source(hub: &Hub, visitor: &Visitor, source: &SourceId, runs: &[RunRecord]) -> Response {
    html("source", &Runs::new(Page::new(hub, visitor), source, runs))
}

/// What [`run`] shows.
pub struct Shown<'a> {
    /// The run.
    pub run: &'a RunRecord,
    /// Its report.
    pub report: &'a Report,
    /// The hidden token of the forms, when the run waits for somebody.
    pub token: Option<String>,
}

#[derive(Template)]
#[template(path = "run.html")]
pub(super) struct OneRun<'a> {
    page: Page<'a>,
    source: String,
    id: String,
    title: String,
    outcome: String,
    why: Vec<Sentence>,
    token: Option<String>,
    accepted: String,
    refused: Option<String>,
    facts: Vec<(String, String)>,
    people: Vec<(String, u64)>,
    losses: Vec<(String, Vec<String>)>,
    more_losses: Option<String>,
    gains: Vec<String>,
    waiting: Vec<Sentence>,
    groups: Vec<Noted<'a>>,
    shared: &'a [Shared],
}

/// Entries of which a run says something: how many for which reason, and some of them.
struct Noted<'a> {
    title: String,
    reasons: Vec<(Sentence, u64)>,
    /// Each with its reason, where that is said of it.
    entries: Vec<(&'a str, Option<Sentence>)>,
    /// Where all of them are taken away.
    file: Option<String>,
}

/// As many as are shown.
fn some<T>(all: &[T]) -> &[T] {
    all.get(..SHOWN).unwrap_or(all)
}

impl<'a> OneRun<'a> {
    pub(super) fn new(page: Page<'a>, Shown { run, report, token }: Shown<'a>) -> Self {
        let when = page.moment(run.started);
        let english = |text: &String| Sentence { text: text.clone(), english: true };
        let more = report.incomplete.iter().chain(&report.failure).chain(&report.read_all).map(english);
        let why: Vec<Sentence> = held(&page, report).into_iter().chain(more).take(SHOWN).collect();
        let losing = ["suspended", "waiting", "narrowed", "ceased", "moved"].map(|name| report.people(name));
        let people = FIGURES.map(|name| (page.t(&format!("run-people-{name}")), report.people(name)));
        let unseen = report.losses.len().saturating_sub(SHOWN);
        let at = format!("/sources/{}/runs/{}", run.source, run.id);
        OneRun {
            source: run.source.to_string(),
            id: run.id.to_string(),
            title: page.with("run-title", "when", &when),
            outcome: outcome(&page, run.outcome),
            why,
            accepted: page.count("run-release-text", usize::try_from(losing.iter().sum::<u64>()).unwrap_or(usize::MAX)),
            token,
            refused: report.refused.as_ref().map(|refused| page.with("run-refused", "when", &page.moment(refused.at))),
            facts: facts(&page, report),
            people: people.into_iter().filter(|(_, count)| *count > 0).collect(),
            losses: some(&report.losses).iter().map(|loss| school(&page, loss)).collect(),
            more_losses: (unseen > 0).then(|| page.count("run-more-schools", unseen)),
            gains: some(&report.gains).iter().map(|gain| gained(&page, gain)).collect(),
            waiting: waiting(&page, report),
            groups: noted(&page, report, &at),
            shared: some(&report.shared_logins),
            page: page.at(at),
        }
    }
}

/// What was rejected, and what was read all the same and remarked on.
fn noted<'a>(page: &Page<'_>, report: &'a Report, at: &str) -> Vec<Noted<'a>> {
    let reason = |(why, count): (&String, &u64)| (rejected(page, why), *count);
    let refused = Noted {
        title: page.t("run-rejected"),
        reasons: report.rejected.by_reason.iter().take(SHOWN).map(reason).collect(),
        entries: some(&report.rejected.entries)
            .iter()
            .map(|entry| (entry.dn.as_str(), Some(rejected(page, &entry.reason))))
            .collect(),
        file: Some(format!("{at}/rejected.csv")),
    };
    let remarked = Noted {
        title: page.t("run-remarks"),
        reasons: report.remarks.by_reason.iter().map(reason).collect(),
        entries: some(&report.remarks.entries).iter().map(|entry| (entry.dn.as_str(), None)).collect(),
        file: None,
    };
    let refused = (report.rejected.total > 0).then_some(refused);
    refused.into_iter().chain((!remarked.reasons.is_empty()).then_some(remarked)).collect()
}

/// A sentence of a report.
struct Sentence {
    text: String,
    /// In English whoever reads it: as the run wrote it.
    english: bool,
}

/// Why a run is held; in the words of the page where they are known.
fn held(page: &Page<'_>, report: &Report) -> Vec<Sentence> {
    let said = |(nth, text): (usize, &String)| {
        let ours = report.reasons.get(nth).filter(|_| report.reasons.len() == report.held.len());
        match ours.and_then(|reason| in_words(page, reason)) {
            Some(text) => Sentence { text, english: false },
            None => Sentence { text: text.clone(), english: true },
        }
    };
    report.held.iter().enumerate().map(said).collect()
}

/// Why an entry was rejected; in the words of the page where they are known.
fn rejected(page: &Page<'_>, reason: &str) -> Sentence {
    match reasons::in_words(reason) {
        Some((key, said)) => Sentence { text: page.texts.with(page.locale, key, &said), english: false },
        None => Sentence { text: reason.to_owned(), english: true },
    }
}

/// Schools that wait, in the words of the page where the report gives their figures.
fn waiting(page: &Page<'_>, report: &Report) -> Vec<Sentence> {
    if report.waits.len() != report.waiting_schools.len() {
        let english = |text: &String| Sentence { text: text.clone(), english: true };
        return some(&report.waiting_schools).iter().map(english).collect();
    }
    let said = |waits: &Waits| {
        let who = page.with(profile_key(waits.profile), "title", "");
        let figures = [waits.active, waits.leaving, waits.came].map(|figure| figure.to_string());
        let [active, leaving, came] = &figures;
        let said: [(&str, &str); 5] = [
            ("establishment", waits.establishment.as_str()),
            ("who", &who),
            ("active", active),
            ("leaving", leaving),
            ("came", came),
        ];
        Sentence { text: page.texts.with(page.locale, "run-waits", &said), english: false }
    };
    some(&report.waits).iter().map(said).collect()
}

/// Reasons for which a page has words.
const REASONS: [&str; 7] = [
    "too-many-people",
    "too-many-of-one-school",
    "too-many-of-one-profile",
    "too-many-moved",
    "more-than-accepted",
    "older",
    "undone",
];

fn in_words(page: &Page<'_>, reason: &Reason) -> Option<String> {
    let rule = REASONS.into_iter().find(|rule| *rule == reason.rule)?;
    let gone = ["absent", "stripped", "lost", "gone"].into_iter().filter_map(|name| reason.figure(name)).sum::<u64>();
    let (moved, active) = (reason.figure("moved").unwrap_or(0), reason.figure("active").unwrap_or(0));
    let share = page.tenths((gone + moved).saturating_mul(1000).checked_div(active).unwrap_or(0));
    let who = match reason.profile() {
        Some(profile) => page.with(profile_key(profile), "title", ""),
        None => String::new(),
    };
    let told: Vec<(&str, String)> = reason.told().collect();
    let gone = gone.to_string();
    let mut said: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    said.extend([("all", gone.as_str()), ("share", share.as_str()), ("who", who.as_str())]);
    Some(page.texts.with(page.locale, &format!("run-why-{rule}"), &said))
}

/// How long it took and the like.
fn facts(page: &Page<'_>, report: &Report) -> Vec<(String, String)> {
    let seconds = report.duration_ms.map(|ms| page.with("run-seconds", "figure", &page.tenths(ms / 100)));
    let megabytes = |bytes: u64| page.with("run-megabytes", "figure", &(bytes / 1_000_000).to_string());
    let memory = report.peak_memory.map(megabytes);
    let changes = report.delta.as_ref().and_then(|delta| delta.get("entries")).map(u64::to_string);
    let until = report.undo_until.map(|at| page.moment(at));
    let facts = [("duration", seconds), ("memory", memory), ("changes", changes), ("undo", until)];
    facts.into_iter().filter_map(|(name, value)| Some((page.t(&format!("run-fact-{name}")), value?))).collect()
}

/// What a school would lose: in all, and of each profile.
fn school(page: &Page<'_>, loss: &Loss) -> (String, Vec<String>) {
    let line = |key: &str, who: &str, gone: u64, active: u64, moved: u64| {
        let percent = (gone + moved).saturating_mul(100).checked_div(active).unwrap_or(0);
        let [gone, active, moved, percent] = [gone, active, moved, percent].map(|figure| figure.to_string());
        let said: [(&str, &str); 5] =
            [("who", who), ("gone", &gone), ("active", &active), ("moved", &moved), ("percent", &percent)];
        page.texts.with(page.locale, key, &said)
    };
    let all = line("run-loss-school", loss.establishment.as_str(), loss.absent + loss.lost, loss.active, 0);
    let of = |one: &crate::runs::ProfileLoss| {
        let who = page.with(profile_key(one.profile), "title", "");
        let key = if one.moved > 0 { "run-loss-moved" } else { "run-loss-profile" };
        line(key, &who, one.absent + one.lost, one.active, one.moved)
    };
    (all, loss.profiles.iter().map(of).collect())
}

/// Where at least as many come as were there.
fn gained(page: &Page<'_>, gain: &Gain) -> String {
    let who = page.with(profile_key(gain.profile), "title", "");
    let [came, active] = [gain.came, gain.active].map(|figure| figure.to_string());
    let said: [(&str, &str); 4] =
        [("establishment", gain.establishment.as_str()), ("who", &who), ("came", &came), ("active", &active)];
    page.texts.with(page.locale, "run-gain", &said)
}

/// The report of a run.
pub fn run(hub: &Hub, visitor: &Visitor, shown: Shown<'_>) -> Response {
    html("run", &OneRun::new(Page::new(hub, visitor), shown))
}
