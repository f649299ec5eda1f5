//! A guest through the school year and into the next one: ended by absence, by the last day of July, forgotten within three months; and the same person to
//! every service when next year's convention names them again.

use crate::guests::{House, listed, opened};
use preau_domain::{Convention, Instant, PersonId, Public, Retention, Role, Seconds, Space, SpaceGroup};
use preau_flows::{ALICE, BASE, COLLEGE, Mailbox, TestHub, stories, uai};
use preau_hosting::UNUSED;
use preau_store::GuestsOf;
use preau_web::spaces::fingerprint;
use serde_json::json;

stories!(
    whoever_does_not_come_for_half_a_year_is_a_guest_no_more,
    the_school_year_ends_for_guests_to_the_second,
    what_is_known_of_a_guest_is_gone_within_three_months,
    next_year_s_convention_finds_the_same_person,
    whoever_manages_a_space_is_written_to_before_its_end,
);

const DAY: i64 = 86_400;

/// A house whose convention and space last for longer than a school year.
async fn house(hub: &TestHub) -> House {
    let house = House::new(hub).await;
    house.convention_is(|one| one.until = one.from + Seconds(400 * DAY)).await;
    let (store, now) = (&house.hub.hub.store, house.hub.hub.now());
    let before = store.space("fables").await.expect("read").expect("a space");
    let after = Space { until: before.from + Seconds(400 * DAY), ..before.clone() };
    store.put_space(&after, Some(&before), now).await.expect("a longer space");
    house
}

/// What the job of every minute does.
async fn a_minute_passes(house: &House) -> Vec<PersonId> {
    let now = house.hub.hub.now();
    house.hub.hub.store.end_due_guests(now, now - UNUSED, 100).await.expect("done").ended
}

pub(crate) async fn comes(house: &House, subject: &str) -> bool {
    house.comes(&mut house.hub.browser(), "/", subject, |_| {}).await.location() == Some("/")
}

/// By which name the pad knows a guest.
pub(crate) async fn known_as(house: &House, subject: &str) -> String {
    let mut browser = house.hub.browser();
    house.comes(&mut browser, "/", subject, |_| {}).await;
    let code = opened(&mut browser, &house.pad).await.expect("the pad opens");
    let claims = house.pad.userinfo(house.pad.redeem(&code).await.access()).await.json;
    claims["sub"].as_str().expect("a name").to_owned()
}

async fn whoever_does_not_come_for_half_a_year_is_a_guest_no_more(hub: TestHub) {
    let house = house(&hub).await;
    house.invites(&[listed("sujet-1", "Lou"), listed("sujet-2", "Max")]).await;
    assert!(comes(&house, "sujet-1").await && comes(&house, "sujet-2").await);
    house.hub.clock.advance(100 * DAY);
    assert!(comes(&house, "sujet-2").await);
    house.hub.clock.advance(80 * DAY);
    assert!(a_minute_passes(&house).await.is_empty(), "to the very day");
    house.hub.clock.advance(1);
    assert_eq!(a_minute_passes(&house).await.len(), 1, "who did not come");
    assert!(!comes(&house, "sujet-1").await);
    assert!(comes(&house, "sujet-2").await, "control");
    house.invites(&[listed("sujet-1", "Lou")]).await;
    assert!(comes(&house, "sujet-1").await, "a new list brings them back");
}

async fn the_school_year_ends_for_guests_to_the_second(hub: TestHub) {
    let house = house(&hub).await;
    house.invites(&[listed("sujet-1", "Lou")]).await;
    let july = Instant::french_day(2027, 7, 31).expect("a day").1;
    house.hub.clock.advance(july.seconds() - house.hub.hub.now().seconds() - 60);
    let mut lou = house.hub.browser();
    house.comes(&mut lou, "/", "sujet-1", |_| {}).await;
    let code = opened(&mut lou, &house.pad).await.expect("the pad opens");
    let tokens = house.pad.redeem(&code).await;
    house.hub.clock.advance(59);
    assert!(opened(&mut lou, &house.pad).await.is_some(), "control: a second before");
    house.hub.clock.advance(1);
    assert!(opened(&mut lou, &house.pad).await.is_none(), "the space is still open, and they are out");
    assert_eq!(house.pad.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
    assert!(!comes(&house, "sujet-1").await);
    assert_eq!(a_minute_passes(&house).await.len(), 1);
}

/// Nothing is left but a name that nobody is given again, and what the journal says.
async fn what_is_known_of_a_guest_is_gone_within_three_months(hub: TestHub) {
    let house = house(&hub).await;
    house.invites(&[listed("sujet-1", "Lou"), listed("sujet-2", "Max")]).await;
    let before = known_as(&house, "sujet-1").await;
    let (store, now) = (&house.hub.hub.store, house.hub.hub.now());
    let guests = store.guests(GuestsOf::Space("fables"), &PersonId::new(""), 10).await.expect("guests");
    let mut lou = None;
    for one in &guests {
        let person = store.person(&one.person).await.expect("read").expect("a guest");
        lou = if person.given_name == "Lou" { Some(person) } else { lou };
    }
    let lou = lou.expect("Lou is there");
    store.end_guests(std::slice::from_ref(&lou.id), now).await.expect("ended");
    let retention = Retention::days(45, 85);
    for days in [0, 45, 85] {
        store.let_time_pass(now + Seconds(days * DAY), retention, 10).await.expect("it passes");
    }
    assert!(
        store.guest(&lou.id).await.expect("read").is_none() && store.person(&lou.id).await.expect("read").is_none()
    );
    assert!(store.links_of_person(&lou.id).await.expect("links").is_empty());
    house.invites(&[listed("sujet-1", "Lou")]).await;
    assert_ne!(known_as(&house, "sujet-1").await, before, "somebody else");
    assert_eq!(store.guest_count("cycle3").await.expect("a number"), 2, "control: Max is still there");
}

/// The convention of the next school year with the same ENT, and a space under it.
async fn next_year(house: &House) -> Convention {
    let (store, now) = (&house.hub.hub.store, house.hub.hub.now());
    let old = store.convention("cycle3").await.expect("read").expect("a convention");
    let next = Convention { id: "cycle3-2027".into(), from: now, until: now + Seconds(300 * DAY), ..old };
    store.put_convention(&next, None).await.expect("signed");
    let fables = store.space("fables").await.expect("read").expect("a space");
    let convention = Some(next.id.clone());
    let space = Space { id: "contes".into(), convention, until: next.until, from: now, ..fables };
    store.put_space(&space, None, now).await.expect("opened");
    next
}

async fn next_year_s_convention_finds_the_same_person(hub: TestHub) {
    let house = house(&hub).await;
    house.invites(&[listed("sujet-1", "Lou")]).await;
    let before = known_as(&house, "sujet-1").await;
    let store = &house.hub.hub.store;
    let people = store.people_count().await.expect("a number");
    let (july, retention) = (Instant::french_day(2027, 7, 31).expect("a day").1, Retention::days(45, 85));
    house.hub.clock.advance(july.seconds() - house.hub.hub.now().seconds());
    assert_eq!(a_minute_passes(&house).await.len(), 1, "July is over");
    store.let_time_pass(july, retention, 10).await.expect("it passes");
    house.hub.clock.advance(50 * DAY);
    let now = house.hub.hub.now();
    let aged = store.let_time_pass(now, retention, 10).await.expect("it passes");
    assert!(aged.predeleted.is_empty(), "their name waits for the pupil they may have become");
    let next = next_year(&house).await;
    let list = house.list(&[listed("sujet-1", "Lou")], "k1", |head| {
        (head["convention"], head["space"]) = (json!(next.id), json!("contes"));
        head["terms"] = json!(fingerprint(&next, BASE));
    });
    let taken = house.take(&list).await.expect("it comes in");
    assert_eq!((taken.added, taken.known), (1, 0), "a guest of this convention");
    assert_eq!(known_as(&house, "sujet-1").await, before, "and the same person to the pad");
    assert_eq!(store.people_count().await.expect("a number"), people, "no second account");
}

/// A month before, and once.
async fn whoever_manages_a_space_is_written_to_before_its_end(hub: TestHub) {
    let mailbox = Mailbox::new();
    let post = mailbox.clone();
    let house = house(&hub.again_with(move |setup| setup.mail = Some(post)).await).await;
    let (establishment, public, role) = (uai(COLLEGE), Public::Staff, Role::Gestionnaire);
    house.space_is(|one| one.groups.push(SpaceGroup { establishment, code: "6B".into(), public, role })).await;
    house.hub.clock.advance(369 * DAY);
    house.hub.hub.remind_of_ends().await.expect("looked at");
    let waiting = house.hub.hub.store.waiting_letters(house.hub.hub.now()).await.expect("counted").count;
    assert_eq!((waiting, mailbox.letters().len()), (0, 0), "there is time");
    house.hub.clock.advance(2 * DAY);
    for _ in 0..2 {
        house.hub.hub.remind_of_ends().await.expect("written");
    }
    let letter = mailbox.letter(1).await;
    assert_eq!(Some(&letter.to), ALICE.person().mail.as_ref(), "who teaches the class of the host");
    assert!(letter.subject.contains("Fables") && letter.text.contains("/space/fables"), "{}", letter.text);
    crate::mail::all_seen_to(&house.hub).await;
    assert_eq!(mailbox.letters().len(), 1);
}
