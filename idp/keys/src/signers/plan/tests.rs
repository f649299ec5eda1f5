//! Years of keys, told by their plan.

use super::*;
use proptest::prelude::*;

const DAY: i64 = 86_400;
const START: Instant = Instant(1_800_000_000_000);

fn day(days: i64) -> Instant {
    START + Seconds(days * DAY)
}

fn made(make: &Make, now: Instant) -> StoredKey {
    StoredKey {
        kid: make.place.clone(),
        alg: make.alg.as_str().to_owned(),
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
    apply(&mut rows, &plan(&[], START, &Rhythm::default()), START);
    rows
}

fn signing(rows: &[StoredKey], alg: Alg, now: Instant) -> Option<&str> {
    signs(of(rows, alg), now).map(|row| row.kid.as_str())
}

#[test]
fn the_first_start_makes_one_key_of_each_and_they_sign_at_once() {
    let rows = first();
    let places: Vec<&str> = rows.iter().map(|row| row.kid.as_str()).collect();
    assert_eq!(places, ["es256-1", "eddsa-1", "rs256-1"], "those drawn in no time first");
    for alg in SIGNED_WITH {
        assert!(signing(&rows, *alg, START).is_some(), "{alg:?}");
    }
    assert_eq!(plan(&rows, START, &Rhythm::default()), Plan::default(), "nothing is left to do");
}

#[test]
fn a_key_is_announced_signs_gives_way_and_leaves() {
    let (mut rows, rhythm) = (first(), Rhythm::default());
    assert_eq!(plan(&rows, day(86), &rhythm), Plan::default());
    let announced = plan(&rows, day(87), &rhythm);
    assert_eq!(announced.make[0].place, "es256-2");
    apply(&mut rows, &announced, day(87));
    assert_eq!(signing(&rows, Alg::ES256, day(87)), Some("es256-1"), "announced and not signing yet");
    let stands = |day| [phase(&rows, &rows[0], day), phase(&rows, &rows[3], day)];
    assert_eq!(stands(day(89)), [Phase::Active, Phase::Next]);
    assert_eq!(stands(day(90)), [Phase::Retired, Phase::Active]);
    assert_eq!(signing(&rows, Alg::ES256, day(90)), Some("es256-2"));
    assert_eq!(plan(&rows, day(119), &rhythm), Plan::default(), "the old one is still published");
    assert_eq!(plan(&rows, day(120), &rhythm).remove, ["es256-1", "eddsa-1", "rs256-1"]);
}

#[test]
fn a_server_that_slept_announces_all_the_same() {
    let (mut rows, rhythm) = (first(), Rhythm::default());
    let late = plan(&rows, day(400), &rhythm);
    assert_eq!(late.make[0].use_from, day(403));
    assert!(late.remove.is_empty(), "no key leaves before its successor signs");
    apply(&mut rows, &late, day(400));
    assert_eq!(signing(&rows, Alg::RS256, day(402)), Some("rs256-1"));
    assert_eq!(signing(&rows, Alg::RS256, day(403)), Some("rs256-2"));
    assert_eq!(plan(&rows, day(432), &rhythm).remove, [] as [&str; 0]);
    assert_eq!(plan(&rows, day(433), &rhythm).remove.len(), 3);
}

#[test]
fn whoever_asks_gets_a_new_key_announced_or_at_once() {
    let (rows, rhythm) = (first(), Rhythm::default());
    let announced = replacement(&rows, Alg::ES256, day(10), &rhythm, false);
    assert_eq!((announced.make[0].place.as_str(), announced.make[0].use_from), ("es256-2", day(13)));
    assert!(announced.remove.is_empty());
    let at_once = replacement(&rows, Alg::ES256, day(10), &rhythm, true);
    assert_eq!((at_once.make[0].use_from, at_once.remove), (day(10), vec!["es256-1".to_owned()]));
}

#[test]
fn places_are_the_same_on_every_server_and_go_on() {
    let (mut rows, rhythm) = (first(), Rhythm::default());
    assert_eq!(plan(&rows, day(88), &rhythm).make[0].place, plan(&rows, day(89), &rhythm).make[0].place);
    let mut foreign = rows[0].clone();
    foreign.kid = "es256-old".to_owned();
    rows.push(foreign);
    assert_eq!(replacement(&rows, Alg::ES256, day(1), &rhythm, false).make[0].place, "es256-2");
}

proptest! {
    /// However seldom and irregularly the plan is asked: somebody always signs, always a key that was announced long
    /// enough, and what signed is still published as long as it must.
    #[test]
    fn no_moment_is_without_a_key_that_everybody_knows(gaps in proptest::collection::vec(1_i64..2_000, 1..60)) {
        let (mut rows, rhythm) = (first(), Rhythm::default());
        let mut now = START;
        let mut last: Vec<(String, Instant)> = Vec::new();
        for hours in gaps {
            now = now + Seconds(hours * 3_600);
            for alg in SIGNED_WITH {
                let place = signing(&rows, *alg, now).expect("somebody signs").to_owned();
                let row = rows.iter().find(|row| row.kid == place).unwrap();
                let first_of_all = row.created == START;
                prop_assert!(first_of_all || now - row.created >= rhythm.ahead.0 * 1_000);
                last.push((place, now));
            }
            let todo = plan(&rows, now, &rhythm);
            apply(&mut rows, &todo, now);
            prop_assert_eq!(plan(&rows, now, &rhythm), Plan::default());
            for (place, at) in &last {
                let published = rows.iter().any(|row| row.kid == *place);
                prop_assert!(published || now - *at >= rhythm.lingers.0 * 1_000 || superseded_long_ago(&rows, place, now, &rhythm));
            }
            prop_assert!(rows.len() <= SIGNED_WITH.len() * 3);
        }
    }
}

/// Whether the key that signs instead of a gone one has done so for as long as the gone one had to linger.
fn superseded_long_ago(rows: &[StoredKey], gone: &str, now: Instant, rhythm: &Rhythm) -> bool {
    let word = gone.split('-').next().unwrap_or_default();
    rows.iter().any(|row| row.kid.starts_with(word) && row.use_from + rhythm.lingers <= now)
}
