//! Years of keys, told by their plan.

use super::*;
use crate::jose::Alg;
use crate::signers::SIGNED_WITH;
use preau_domain::Seconds;
use proptest::prelude::*;

const DAY: i64 = 86_400;
const ES256: KeyUse = KeyUse::Token(Alg::ES256);
const START: Instant = Instant(1_800_000_000_000);

fn day(days: i64) -> Instant {
    START + Seconds(days * DAY)
}

fn made(make: &Make, now: Instant) -> StoredKey {
    StoredKey {
        kid: make.place.clone(),
        alg: make.usage.as_str().to_owned(),
        sealed: String::new(),
        public: String::new(),
        created: now,
        use_from: make.use_from,
        retire_at: make.retire_at,
        remove_at: make.remove_at,
    }
}

/// Does what the plan says.
fn apply(rows: &mut Vec<StoredKey>, plan: &Plan, now: Instant) {
    rows.retain(|row| !plan.remove.contains(&row.kid));
    rows.extend(plan.make.iter().map(|make| made(make, now)));
}

fn first() -> Vec<StoredKey> {
    let mut rows = Vec::new();
    apply(&mut rows, &plan(&[], START), START);
    rows
}

fn place<'a>(rows: &'a [StoredKey], kid: &str) -> &'a StoredKey {
    rows.iter().find(|row| row.kid == kid).expect("a key of that place")
}

fn signing(rows: &[StoredKey], alg: Alg, now: Instant) -> Option<&str> {
    signs(of(rows, KeyUse::Token(alg)), now).map(|row| row.kid.as_str())
}

#[test]
fn the_first_start_makes_one_key_of_each_and_they_sign_at_once() {
    let rows = first();
    let places: Vec<&str> = rows.iter().map(|row| row.kid.as_str()).collect();
    assert_eq!(
        places,
        ["es256-1", "eddsa-1", "saml-es256-1", "rs256-1", "saml-rs256-1", "saml-rsa-oaep-1"],
        "those drawn in no time first"
    );
    for alg in SIGNED_WITH {
        assert!(signing(&rows, *alg, START).is_some(), "{alg:?}");
    }
    assert_eq!(plan(&rows, START), Plan::default(), "nothing is left to do");
}

#[test]
fn a_key_is_announced_signs_gives_way_and_leaves() {
    let mut rows = first();
    assert_eq!(plan(&rows, day(86)), Plan::default());
    let announced = plan(&rows, day(87));
    assert_eq!(announced.make[0].place, "es256-2");
    apply(&mut rows, &announced, day(87));
    assert_eq!(signing(&rows, Alg::ES256, day(87)), Some("es256-1"), "announced and not signing yet");
    let stands = |day| [phase(&rows, &rows[0], day), phase(&rows, place(&rows, "es256-2"), day)];
    assert_eq!(stands(day(89)), [Phase::Active, Phase::Next]);
    assert_eq!(stands(day(90)), [Phase::Retired, Phase::Active]);
    assert_eq!(signing(&rows, Alg::ES256, day(90)), Some("es256-2"));
    assert_eq!(plan(&rows, day(119)), Plan::default(), "the old one is still published");
    assert_eq!(plan(&rows, day(120)).remove, ["es256-1", "eddsa-1", "rs256-1"], "those of SAML serve for years");
}

#[test]
fn a_server_that_slept_announces_all_the_same() {
    let mut rows = first();
    let late = plan(&rows, day(400));
    assert_eq!(late.make[0].use_from, day(403));
    assert!(late.remove.is_empty(), "no key leaves before its successor signs");
    apply(&mut rows, &late, day(400));
    assert_eq!(signing(&rows, Alg::RS256, day(402)), Some("rs256-1"));
    assert_eq!(signing(&rows, Alg::RS256, day(403)), Some("rs256-2"));
    assert_eq!(plan(&rows, day(432)).remove, [] as [&str; 0]);
    assert_eq!(plan(&rows, day(433)).remove.len(), 3);
}

#[test]
fn whoever_asks_gets_a_new_key_announced_or_at_once() {
    let rows = first();
    let announced = replacement(&rows, ES256, day(10), CutOver::Announced);
    assert_eq!((announced.make[0].place.as_str(), announced.make[0].use_from), ("es256-2", day(13)));
    assert!(announced.remove.is_empty());
    let at_once = replacement(&rows, ES256, day(10), CutOver::Compromised);
    assert_eq!((at_once.make[0].use_from, at_once.remove), (day(10), vec!["es256-1".to_owned()]));
}

#[test]
fn keys_of_saml_are_announced_for_months_and_change_on_the_day_that_was_agreed() {
    let mut rows = first();
    let saml = KeyUse::Saml(Alg::RS256);
    let years = 3 * 365;
    assert!(plan(&rows, day(years - 91)).make.iter().all(|make| make.usage != saml));
    let announced = plan(&rows, day(years - 90)).make.into_iter().find(|make| make.usage == saml).unwrap();
    assert_eq!((announced.place.as_str(), announced.use_from), ("saml-rs256-2", day(years)));
    let agreed = replacement(&rows, saml, day(10), CutOver::At(day(200)));
    assert_eq!((agreed.make[0].use_from, agreed.remove.len()), (day(200), 0));
    apply(&mut rows, &agreed, day(10));
    let signing = |at| signs(of(&rows, saml), at).map(|row| row.kid.as_str());
    assert_eq!((signing(day(199)), signing(day(200))), (Some("saml-rs256-1"), Some("saml-rs256-2")));
    assert!(replacement(&rows, saml, day(10), CutOver::At(day(9))).make[0].use_from == day(10), "never in the past");
}

#[test]
fn a_key_that_gave_way_early_leaves_as_long_after() {
    let (mut rows, saml) = (first(), KeyUse::Saml(Alg::RS256));
    let ends = |rows: &[StoredKey]| end(rows, place(rows, "saml-rs256-1"));
    assert_eq!(ends(&rows), (day(3 * 365), day(3 * 365 + 30)), "control");
    let early = replacement(&rows, saml, day(10), CutOver::At(day(80)));
    apply(&mut rows, &early, day(10));
    assert_eq!(ends(&rows), (day(80), day(110)));
    assert!(plan(&rows, day(109)).remove.is_empty());
    assert_eq!(plan(&rows, day(110)).remove, ["saml-rs256-1"]);
}

#[test]
fn places_are_the_same_on_every_server_and_go_on() {
    let mut rows = first();
    assert_eq!(plan(&rows, day(88)).make[0].place, plan(&rows, day(89)).make[0].place);
    let mut foreign = rows[0].clone();
    foreign.kid = "es256-old".to_owned();
    rows.push(foreign);
    assert_eq!(replacement(&rows, ES256, day(1), CutOver::Announced).make[0].place, "es256-2");
}

proptest! {
    /// However seldom and irregularly the plan is asked: somebody always signs, always a key that was announced long
    /// enough, and what signed is still published as long as it must.
    #[test]
    fn no_moment_is_without_a_key_that_everybody_knows(gaps in proptest::collection::vec(1_i64..2_000, 1..60)) {
        let mut rows = first();
        let mut now = START;
        let mut last: Vec<(String, Instant)> = Vec::new();
        for hours in gaps {
            now = now + Seconds(hours * 3_600);
            for usage in KeyUse::ALL {
                let row = signs(of(&rows, *usage), now).expect("somebody signs");
                let first_of_all = row.created == START;
                prop_assert!(first_of_all || now - row.created >= usage.rhythm().ahead.0 * 1_000);
                last.push((row.kid.clone(), now));
            }
            let todo = plan(&rows, now);
            apply(&mut rows, &todo, now);
            prop_assert_eq!(plan(&rows, now), Plan::default());
            for (place, at) in &last {
                let usage = usage_of(place);
                let published = rows.iter().any(|row| row.kid == *place);
                let old = now - *at >= usage.rhythm().lingers.0 * 1_000;
                prop_assert!(published || old || superseded_long_ago(&rows, usage, now));
            }
            prop_assert!(rows.len() <= KeyUse::ALL.len() * 3);
        }
    }
}

fn usage_of(place: &str) -> KeyUse {
    let word = place.rsplit_once('-').expect("a place has a number").0;
    let same = |usage: &&KeyUse| usage.as_str().eq_ignore_ascii_case(word);
    *KeyUse::ALL.iter().find(same).expect("a place is named after its use")
}

/// Whether the key that serves instead of a gone one has done so for as long as the gone one had to linger.
fn superseded_long_ago(rows: &[StoredKey], usage: KeyUse, now: Instant) -> bool {
    of(rows, usage).any(|row| row.use_from + usage.rhythm().lingers <= now)
}
