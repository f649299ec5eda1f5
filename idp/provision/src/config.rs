//! The `[sync]` section of the configuration: when a run is held, and where what is being read waits.

use crate::{KeyRule, Thresholds, Withheld};
use preau_connector_api::Problem;
use preau_domain::{Instant, Precedence, Retention, Seconds, SourceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How synchronisations behave, whatever their source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SyncConfig {
    /// Folder of this machine for what is being read and for the lock of each source. Relative to the configuration file.
    pub spool_dir: PathBuf,
    /// A run is held when it would suspend, or leave without any establishment, more than this share, in percent, of the
    /// people of the source…
    pub hold_above_percent: u8,
    /// … or more than this number of people, whichever comes first.
    pub hold_above_people: u64,
    /// A run is held when more than this share, in percent, of the people of one establishment would have no right there
    /// any more: suspended, or read without it.
    pub hold_above_school_percent: u8,
    /// A run is held when more than this share, in percent, of those who have one profile in one establishment (its
    /// teachers, its guardians, …) would not have it there any more.
    pub hold_above_profile_percent: u8,
    /// The rules on one establishment count from this many people: one departure from a school of three is no accident.
    pub school_floor: u64,
    /// Most people whom one run may change or suspend and still be undone: they are kept for thirty days as they were.
    pub undo_people: u64,
    /// Days after the end of an entitlement, which is when an account is suspended because no complete reading names the
    /// person any more, until nothing is left of the person but the name of the account and the join key: at least 31, for as long as a run may
    /// be undone everything is kept.
    pub predelete_after_days: u16,
    /// Days after the end of an entitlement until these are gone as well: at most 89, so that it is within the three months of the
    /// law. Whoever is back before finds the account they had.
    pub purge_after_days: u16,
    /// Days after which the report of a run is forgotten: it names entries that were rejected and people who share a login. At least 31,
    /// for as long as a run may be undone, and at most `purge_after_days`, so that no report is older than what else is left of a
    /// person. The latest twenty of each source stay, without the names.
    pub keep_reports_days: u16,
    /// What the sources tell and no service here needs: it is not stored. A profile and one of `title`, `mail`, `mef`, `head_teacher_of` and `enrolment`
    /// (the number at the school's office), such as `National_ELV:mail`. Of whoever has several profiles, title and mail go when every one of them says so. A mail address that is
    /// not stored finds nobody when another provider names it, and neither does a number.
    #[schemars(example = &["National_ELV:mail", "National_TUT:title"])]
    pub not_stored: Vec<String>,
    /// First day of the rentrée, with `new_year_until`: in between, a school of which not enough is read waits for its complete file and is left as it
    /// is, and no departure holds a run. A day is written `2026-08-24`.
    #[schemars(example = "2026-08-24")]
    pub new_year_from: Option<String>,
    /// Last day of the rentrée.
    #[schemars(example = "2026-10-02")]
    pub new_year_until: Option<String>,
    /// Sources that tell the same key of the same person: `from`, `to` (whose account stays, where both were there) and, when the second writes it with
    /// something before it, `prefix`. A record whose key and names are those of a record of the other belongs to the same account. None by default.
    #[schemars(example = &[LinkConfig { from: "aaf".to_owned(), to: "annuaire".to_owned(), prefix: "AC-NOTOS$".to_owned() }])]
    pub links: Vec<LinkConfig>,
    /// Whose word counts first of a person whom several sources know.
    pub precedence: PrecedenceConfig,
}

/// Two sources that tell the same key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkConfig {
    /// One source.
    pub from: String,
    /// The other.
    pub to: String,
    /// What stands before the key in the second.
    #[serde(default)]
    pub prefix: String,
}

/// For each attribute the sources in the order in which they are believed: the first that has one tells it. A source that is not named comes after those that are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PrecedenceConfig {
    /// For every attribute of which nothing is said below.
    #[schemars(example = &["annuaire", "aaf"])]
    pub sources: Vec<String>,
    /// For given name and family name, together.
    pub names: Vec<String>,
    /// For `M.` and `Mme`.
    pub title: Vec<String>,
    /// For the login that services are told. Each login opens the account, by the password of its source.
    pub login: Vec<String>,
    /// For the mail address that services are told.
    pub mail: Vec<String>,
    /// For classes, groups and subjects, where two sources say the same profile in the same establishment. What one of them says alone always counts.
    pub affiliations: Vec<String>,
}

impl PrecedenceConfig {
    fn lists(&self) -> [(&'static str, &Vec<String>); 6] {
        [
            ("sources", &self.sources),
            ("names", &self.names),
            ("title", &self.title),
            ("login", &self.login),
            ("mail", &self.mail),
            ("affiliations", &self.affiliations),
        ]
    }
}

/// Longest rentrée.
const MOST_NEW_YEAR: Seconds = Seconds(91 * 86_400);

/// Beginning and end of a day written `2026-08-24`.
fn french_day(text: &str) -> Option<(Instant, Instant)> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return None;
    }
    Instant::french_day(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

impl Default for SyncConfig {
    fn default() -> Self {
        let thresholds = Thresholds::default();
        SyncConfig {
            spool_dir: PathBuf::from("data/sync"),
            hold_above_percent: thresholds.people_percent,
            hold_above_people: thresholds.people,
            hold_above_school_percent: thresholds.school_percent,
            hold_above_profile_percent: thresholds.profile_percent,
            school_floor: thresholds.school_floor,
            undo_people: 500_000,
            predelete_after_days: 45,
            purge_after_days: 85,
            keep_reports_days: 45,
            not_stored: Vec::new(),
            new_year_from: None,
            new_year_until: None,
            links: Vec::new(),
            precedence: PrecedenceConfig::default(),
        }
    }
}

impl SyncConfig {
    /// Everything wrong in the section, with the path of each key.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, value) in [
            ("hold_above_percent", self.hold_above_percent),
            ("hold_above_school_percent", self.hold_above_school_percent),
            ("hold_above_profile_percent", self.hold_above_profile_percent),
        ] {
            if value > 100 {
                problems.push(Problem::new(format!("sync.{key}"), "is a percentage: at most 100"));
            }
        }
        if !(Retention::LEAST_DAYS..=Retention::MOST_DAYS).contains(&self.predelete_after_days) {
            problems.push(Problem::new("sync.predelete_after_days", "must lie between 31 and 89"));
        }
        if !(self.predelete_after_days..=Retention::MOST_DAYS).contains(&self.purge_after_days) {
            problems.push(Problem::new("sync.purge_after_days", "must lie between predelete_after_days and 89"));
        }
        if !(Retention::LEAST_DAYS..=self.purge_after_days).contains(&self.keep_reports_days) {
            problems.push(Problem::new("sync.keep_reports_days", "must lie between 31 and purge_after_days"));
        }
        if let Err(why) = Withheld::read(self.not_stored.iter().map(String::as_str)) {
            problems.push(Problem::new("sync.not_stored", why));
        }
        for (key, day) in [("new_year_from", &self.new_year_from), ("new_year_until", &self.new_year_until)] {
            if day.as_deref().is_some_and(|day| french_day(day).is_none()) {
                problems.push(Problem::new(format!("sync.{key}"), "is no day: write it as 2026-08-24"));
            }
        }
        match (&self.new_year_from, &self.new_year_until) {
            (Some(_), None) => problems.push(Problem::new("sync.new_year_until", "is missing: the rentrée has an end")),
            (None, Some(_)) => {
                problems.push(Problem::new("sync.new_year_from", "is missing: the rentrée has a beginning"))
            }
            _ => match self.new_year() {
                Some((from, until)) if until <= from => {
                    problems.push(Problem::new("sync.new_year_until", "comes before new_year_from"));
                }
                Some((from, until)) if until - from > MOST_NEW_YEAR.0 * 1_000 => problems.push(Problem::new(
                    "sync.new_year_until",
                    "is more than ninety days after new_year_from: for so long no departure would hold a run",
                )),
                _ => {}
            },
        }
        for (nth, link) in self.links.iter().enumerate() {
            if link.from == link.to {
                problems.push(Problem::new("sync.links", format!("links {} to itself", link.from)));
            }
            let same = |other: &LinkConfig| {
                let pair = (&other.from, &other.to);
                pair == (&link.from, &link.to) || pair == (&link.to, &link.from)
            };
            if self.links.iter().take(nth).any(same) {
                problems.push(Problem::new("sync.links", format!("links {} and {} twice", link.from, link.to)));
            }
        }
        for (list, names) in self.precedence.lists() {
            if names.iter().enumerate().any(|(nth, name)| names.iter().take(nth).any(|other| other == name)) {
                problems.push(Problem::new(format!("sync.precedence.{list}"), "names a source twice"));
            }
        }
        if self.spool_dir.as_os_str().is_empty() {
            problems.push(Problem::new("sync.spool_dir", "names no folder"));
        }
        problems
    }

    /// Everything that names a source which is not one of these.
    pub fn unknown_sources(&self, is_known: impl Fn(&SourceId) -> bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        let links = self.links.iter().flat_map(|link| [("links", &link.from), ("links", &link.to)]);
        let lists = self.precedence.lists();
        let lists = lists.iter().flat_map(|(list, names)| names.iter().map(move |name| (*list, name)));
        for (place, name) in links.chain(lists) {
            if !is_known(&SourceId::new(name.clone())) {
                let place = if place == "links" { "sync.links".to_owned() } else { format!("sync.precedence.{place}") };
                problems.push(Problem::new(place, format!("names {name}, which is no source of this file")));
            }
        }
        problems
    }

    /// By which keys records of two sources are one person's.
    pub fn key_rules(&self) -> Vec<KeyRule> {
        let rule = |link: &LinkConfig| KeyRule {
            from: SourceId::new(link.from.clone()),
            to: SourceId::new(link.to.clone()),
            prefix: link.prefix.clone(),
        };
        self.links.iter().map(rule).collect()
    }

    /// Whose word counts first of a person whom several sources know.
    pub fn precedence(&self) -> Precedence {
        let sources = |names: &[String]| names.iter().cloned().map(SourceId::new).collect();
        let config = &self.precedence;
        Precedence {
            sources: sources(&config.sources),
            names: sources(&config.names),
            title: sources(&config.title),
            login: sources(&config.login),
            mail: sources(&config.mail),
            affiliations: sources(&config.affiliations),
        }
    }

    /// After how long people go who are entitled to nothing any more.
    pub fn retention(&self) -> Retention {
        Retention::days(self.predelete_after_days, self.purge_after_days)
    }

    /// What is told and not stored.
    pub fn withheld(&self) -> Withheld {
        Withheld::read(self.not_stored.iter().map(String::as_str)).unwrap_or_default()
    }

    /// From when until when the rentrée is.
    fn new_year(&self) -> Option<(Instant, Instant)> {
        let (from, _) = french_day(self.new_year_from.as_deref()?)?;
        let (_, until) = french_day(self.new_year_until.as_deref()?)?;
        Some((from, until))
    }

    /// The thresholds of the guard at that instant.
    pub fn thresholds(&self, now: Instant) -> Thresholds {
        Thresholds {
            people_percent: self.hold_above_percent,
            people: self.hold_above_people,
            school_percent: self.hold_above_school_percent,
            school_floor: self.school_floor,
            profile_percent: self.hold_above_profile_percent,
            new_year: self.new_year().is_some_and(|(from, until)| from <= now && now < until),
            accepted: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_at_once() {
        let broken = SyncConfig {
            spool_dir: PathBuf::new(),
            hold_above_percent: 101,
            hold_above_school_percent: 200,
            predelete_after_days: 30,
            not_stored: vec!["National_ELV:ine".to_owned()],
            purge_after_days: 90,
            keep_reports_days: 30,
            ..SyncConfig::default()
        };
        let places: Vec<String> = broken.validate().into_iter().map(|p| p.at).collect();
        let keys = [
            "hold_above_percent",
            "hold_above_school_percent",
            "predelete_after_days",
            "purge_after_days",
            "keep_reports_days",
            "not_stored",
            "spool_dir",
        ];
        assert_eq!(places, keys.map(|key| format!("sync.{key}")));
        let hasty = SyncConfig { purge_after_days: 40, keep_reports_days: 40, ..SyncConfig::default() };
        assert_eq!(hasty.validate().len(), 1, "nobody is purged before they are pre-deleted");
        let names = SyncConfig { predelete_after_days: 40, purge_after_days: 40, ..SyncConfig::default() };
        assert_eq!(names.validate().len(), 1, "no report is older than what is left of a person");
        assert!(SyncConfig::default().validate().is_empty());
    }

    #[test]
    fn links_and_precedence_name_sources_of_the_file_once() {
        let link = |from: &str, to: &str| LinkConfig { from: from.into(), to: to.into(), prefix: String::new() };
        let precedence = PrecedenceConfig { mail: vec!["aaf".into(), "aaf".into()], ..PrecedenceConfig::default() };
        let links = vec![link("aaf", "aaf"), link("aaf", "ent"), link("ent", "aaf")];
        let config = SyncConfig { links, precedence, ..SyncConfig::default() };
        let places = |problems: Vec<Problem>| problems.into_iter().map(|problem| problem.at).collect::<Vec<_>>();
        assert_eq!(places(config.validate()), ["sync.links", "sync.links", "sync.precedence.mail"]);
        assert_eq!(places(config.unknown_sources(|source| source.as_str() == "aaf")), ["sync.links"; 2]);
        assert!(config.unknown_sources(|source| ["aaf", "ent"].contains(&source.as_str())).is_empty());
        let unknown = config.unknown_sources(|source| source.as_str() == "ent");
        assert!(places(unknown).contains(&"sync.precedence.mail".to_owned()));
        assert_eq!(config.precedence().mail.len(), 2);
    }

    #[test]
    fn the_rentree_lasts_from_its_first_day_to_its_last() {
        let of = |from: &str, until: &str| SyncConfig {
            new_year_from: Some(from.to_owned()),
            new_year_until: Some(until.to_owned()),
            ..SyncConfig::default()
        };
        let config = of("2026-08-24", "2026-10-02");
        assert_eq!(config.validate(), []);
        let at = |day: &str, ends: bool| {
            let (begin, end) = french_day(day).unwrap();
            config.thresholds(if ends { end - Seconds(1) } else { begin }).new_year
        };
        assert_eq!([at("2026-08-23", true), at("2026-08-24", false)], [false, true]);
        assert_eq!([at("2026-10-02", true), at("2026-10-03", false)], [true, false]);
        assert!(!SyncConfig::default().thresholds(Instant(1_788_000_000_000)).new_year);
        let wrong = [
            of("2026-8-24", "2026-10-02"),
            of("2026-08-24", "2026-02-30"),
            of("2026-10-02", "2026-08-24"),
            of("2026-01-01", "2026-12-31"),
        ];
        for config in wrong {
            assert_eq!(config.validate().len(), 1, "{config:?}");
        }
        assert_eq!(SyncConfig { new_year_until: None, ..of("2026-08-24", "2026-10-02") }.validate().len(), 1);
    }
}
