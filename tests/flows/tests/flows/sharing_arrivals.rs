//! A guest who became a pupil: proposed to the head by more than a name, joined by their yes, and by nobody else's (ADM-10).

use crate::guests::{House, listed};
use crate::guests_year::{comes, known_as};
use crate::sharing::house;
use crate::sharing_stops::head;
use preau_domain::{AccountState, Instant, Person, PersonId, Profile, Public, SpaceGroup};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, Form, HUGO, NOE, Role, TestHub, When, stories};
use preau_hosting::Listed;
use preau_store::{Conversion, GuestsOf};
use std::collections::HashSet;

stories!(
    a_head_says_yes_and_the_history_follows,
    what_a_pupil_did_already_stays_theirs,
    whom_the_head_refused_is_proposed_no_more,
    nobody_else_says_who_became_a_pupil,
    a_name_alone_proposes_nobody,
    two_accounts_of_one_child_are_told_apart,
    the_other_account_stays_apart,
    a_no_to_the_other_account_outlives_the_yes,
    a_yes_and_a_no_read_the_two_they_are_of,
    of_two_who_say_it_at_once_one_is_believed,
);

const HERE: &str = "/spaces/guests/pupils";

/// Was a guest last year, and is a pupil of the collège.
const LOU: Role = Role {
    id: "plou000000000000",
    login: "lou.valombreuse",
    password: "tournesol-Bleu-12",
    public: Public::Pupil,
    affiliations: &[(Profile::Pupil, COLLEGE)],
    name: ("Lou", "Valombreuse"),
};

fn pupil(role: &Role, level: Option<&str>) -> Person {
    let mut person = role.person();
    person.state = AccountState::PreCreated;
    person.affiliations[0].level = level.map(str::to_owned);
    person
}

/// The account of the guest who is called Lou.
async fn guest(house: &House) -> PersonId {
    let store = &house.hub.hub.store;
    for one in store.guests(GuestsOf::Convention("cycle3"), &PersonId::new(""), 9).await.expect("guests") {
        let person = store.person(&one.person).await.expect("read").expect("a guest");
        if person.given_name == "Lou" {
            return one.person;
        }
    }
    panic!("Lou is no guest");
}

async fn ends(house: &House) {
    let (lou, now) = (guest(house).await, house.hub.hub.now());
    assert_eq!(house.hub.hub.store.end_guests(&[lou], now).await.expect("ended"), 1);
}

/// A house in which Lou was a guest and is a new pupil; by which name the pad knew them.
async fn rentree(hub: &TestHub) -> (House, String) {
    let house = house(hub).await;
    house.invites(&[listed("sujet-1", "Lou"), listed("sujet-2", "Max")]).await;
    let before = known_as(&house, "sujet-1").await;
    ends(&house).await;
    house.hub.directory.add(LOU.login, LOU.password, &LOU.key());
    house.hub.put(pupil(&LOU, Some("6EME"))).await;
    (house, before)
}

/// By which name the pad knows the pupil.
async fn known_now(house: &House) -> String {
    let code = house.hub.browser().sign_in(&LOU).through(&house.pad.url()).await.answer.code();
    let claims = house.pad.userinfo(house.pad.redeem(&code).await.access()).await.json;
    claims["sub"].as_str().expect("a name").to_owned()
}

fn proposals(page: &Answer) -> usize {
    page.forms().iter().filter(|form| form.action.ends_with(HERE)).count()
}

async fn a_head_says_yes_and_the_history_follows(hub: TestHub) {
    let (house, before) = rentree(&hub).await;
    let (lou, mut head) = (guest(&house).await, head(&house).await);
    let way = head.visit("/spaces/guests").await.link("Invités devenus élèves").expect("a way");
    let page = head.visit(&way).await;
    for said in ["Lou Valombreuse (6B)", "Serait Lou V.", "CM2A", "Était en CM2, est en 6EME", "n’a jamais servi"] {
        assert!(page.words().contains(said), "{said}: {}", page.words());
    }
    let done = head.submit(&page.form_to(HERE), &[]).await;
    assert!(done.words().contains("Personne à rapprocher"), "{}", done.words());
    assert_eq!(known_now(&house).await, before, "the same person to the pad");
    assert!(!comes(&house, "sujet-1").await, "no more by the other ENT");
    assert!(comes(&house, "sujet-2").await, "control");
    let store = &house.hub.hub.store;
    store.flush_audit().await.expect("it is written");
    let said = store.audit_about(&lou, Instant(0), 99).await.expect("read");
    assert!(said.iter().any(|one| one.detail.starts_with("guest-converted")), "{said:?}");
}

/// A yes that comes after the pupil's first sign-in changes nothing of what services know of the pupil.
async fn what_a_pupil_did_already_stays_theirs(hub: TestHub) {
    let (house, before) = rentree(&hub).await;
    let now = known_now(&house).await;
    assert_ne!(now, before, "nobody said that they are one");
    let mut head = head(&house).await;
    let page = head.visit(HERE).await;
    assert!(page.words().contains("a déjà servi"), "{}", page.words());
    head.submit(&page.form_to(HERE), &[]).await;
    assert_eq!(known_now(&house).await, now);
    assert!(!comes(&house, "sujet-1").await, "and no guest");
}

async fn whom_the_head_refused_is_proposed_no_more(hub: TestHub) {
    let (house, before) = rentree(&hub).await;
    let (lou, mut head) = (guest(&house).await, head(&house).await);
    let page = head.visit(HERE).await;
    let done = head.submit(&page.form_to("/refused"), &[]).await;
    assert!(done.words().contains("Personne à rapprocher"), "{}", done.words());
    let late = head.submit_once(&page.form_to(HERE), &[]).await;
    assert!(late.status == 409 && late.words().contains("n’est plus là"), "{}", late.words());
    assert_ne!(known_now(&house).await, before, "two people");
    let despite = Conversion { keep_guest: false, despite: true };
    let (store, now) = (&house.hub.hub.store, house.hub.hub.now());
    assert!(store.convert_guest(&lou, &LOU.person_id(), despite, now).await.expect("done"), "control: an operator");
}

/// What somebody else sends, by a form token of their own session.
async fn sends(house: &House, other: &mut Browser, to: &str) -> u16 {
    let session = preau_keys::session_id(other.cookie("__Host-preau").expect("a session"));
    let (token, lou) = (house.hub.hub.form_token(&session, "spaces"), guest(house).await);
    let fields = [("token", token.as_str()), ("guest", lou.as_str()), ("pupil", LOU.id)];
    other.post(to, &fields.map(|(name, value)| (name.to_owned(), value.to_owned()))).await.status.as_u16()
}

async fn nobody_else_says_who_became_a_pupil(hub: TestHub) {
    let (house, before) = rentree(&hub).await;
    let [mut max, mut alice, mut noe, mut hugo] = [(); 4].map(|()| house.hub.browser());
    house.comes(&mut max, "/", "sujet-2", |_| {}).await;
    alice.sign_in(&ALICE).at_home().await;
    noe.sign_in(&NOE).at_home().await;
    hugo.sign_in(&HUGO).at_home().await;
    for (other, status) in [(&mut max, 404), (&mut alice, 404), (&mut noe, 404), (&mut hugo, 409)] {
        assert_eq!(other.get(HERE).await.status == 404, status == 404);
        for to in [HERE, "/spaces/guests/pupils/refused"] {
            assert_eq!(sends(&house, other, to).await, status, "{to}");
        }
    }
    assert!(!hugo.visit(HERE).await.words().contains("Lou"), "the head of another school");
    let mut head = head(&house).await;
    let page = head.visit(HERE).await;
    let form = page.form_to(HERE);
    assert_eq!(head.submit_once(&form, &[("token", "another")]).await.status, 403);
    assert_eq!(proposals(&head.visit(HERE).await), 1, "nothing came of it");
    head.submit(&form, &[]).await;
    assert_eq!(known_now(&house).await, before, "control");
}

async fn a_name_alone_proposes_nobody(hub: TestHub) {
    let (house, _) = rentree(&hub).await;
    let mut head = head(&house).await;
    for (level, proposed) in [(None, 0), (Some("5EME"), 0), (Some("CM2"), 0), (Some("6EME"), 1)] {
        house.hub.put(pupil(&LOU, level)).await;
        assert_eq!(proposals(&head.visit(HERE).await), proposed, "{level:?}");
        if proposed == 0 {
            assert_eq!(sends(&house, &mut head, HERE).await, 409, "{level:?}: nor by a form of before");
        }
    }
    let max = Role { id: "pmax000000000000", login: "max.vernier", name: ("Max", "Vernier"), ..LOU };
    house.hub.put(pupil(&max, Some("6EME"))).await;
    assert_eq!(proposals(&head.visit(HERE).await), 1, "who is a guest still is a pupil elsewhere");
    let elsewhere = Role { affiliations: &[(Profile::Pupil, preau_flows::LYCEE)], ..LOU };
    house.hub.put(pupil(&elsewhere, Some("6EME"))).await;
    assert_eq!(proposals(&head.visit(HERE).await), 0, "a pupil of another school");
}

/// One child on two lists, under two subjects: the second list is of another class, ten minutes later. Nobody is a guest any more. By which name the pad knew
/// the first.
async fn on_two_lists(hub: &TestHub) -> (House, String) {
    let (house, before) = rentree(hub).await;
    house.hub.clock.advance(10 * 60);
    house.space_is(|one| one.groups.push(SpaceGroup { code: "CM2B".into(), ..one.groups[0].clone() })).await;
    house.invites(&[Listed { class: "CM2B".into(), ..listed("sujet-3", "lou") }]).await;
    all_end(&house).await;
    (house, before)
}

async fn all_end(house: &House) {
    let (store, now) = (&house.hub.hub.store, house.hub.hub.now());
    let there = store.guests(GuestsOf::Space("fables"), &PersonId::new(""), 9).await.expect("guests");
    let all: Vec<PersonId> = there.into_iter().map(|one| one.person).collect();
    store.end_guests(&all, now).await.expect("ended");
}

/// The yes to Lou, and that to the other account.
fn both(page: &Answer, lou: &PersonId) -> (Form, Form) {
    let all = page.forms().into_iter().filter(|form| form.action.ends_with(HERE));
    let (mut of_lou, mut of_other): (Vec<_>, Vec<_>) = all.partition(|form| form.value("guest") == Some(lou.as_str()));
    assert_eq!((of_lou.len(), of_other.len()), (1, 1), "{}", page.words());
    (of_lou.remove(0), of_other.remove(0))
}

async fn two_accounts_of_one_child_are_told_apart(hub: TestHub) {
    let (house, before) = on_two_lists(&hub).await;
    let (lou, mut head) = (guest(&house).await, head(&house).await);
    let page = head.visit(HERE).await;
    let words = page.words();
    for said in
        ["compte d’invité 1 sur 2", "compte d’invité 2 sur 2", "2 comptes d’invité distincts", "CM2A (", "CM2B ("]
    {
        assert!(words.contains(said), "{said}: {words}");
    }
    let came = words.split("l’espace « Fables » de votre établissement, par la liste du ").skip(1);
    let came: HashSet<&str> = came.filter_map(|rest| rest.split(", jusqu’au").next()).collect();
    assert_eq!(came.len(), 2, "since when: {words}");
    let done = head.submit(&both(&page, &lou).0, &[]).await;
    assert!(done.words().contains("Autres comptes d’élèves déjà rapprochés"), "{}", done.words());
    assert!(done.words().contains("CM2B (") && proposals(&done) == 0, "the other one, and no yes: {}", done.words());
    let left = head.submit(&done.form_to("/refused"), &[]).await;
    assert!(!left.words().contains("Autres comptes") && !left.words().contains("CM2B"), "{}", left.words());
    assert_eq!(known_now(&house).await, before, "control: by the account that was said");
}

/// A yes to the other one, by a page of before, joins nobody; once the first is undone it does.
async fn the_other_account_stays_apart(hub: TestHub) {
    let (house, _) = on_two_lists(&hub).await;
    let (lou, mut head) = (guest(&house).await, head(&house).await);
    let (first, other) = both(&head.visit(HERE).await, &lou);
    let named = PersonId::new(other.value("guest").expect("a guest"));
    let store = &house.hub.hub.store;
    let account =
        async |of: &PersonId| store.records_named(std::slice::from_ref(of)).await.expect("read").remove(0).account;
    head.submit(&first, &[]).await;
    let late = head.submit_once(&other, &[]).await;
    assert!(late.status == 409 && late.words().contains("Autres comptes"), "{}", late.words());
    assert_eq!((account(&LOU.person_id()).await, account(&named).await), (lou.clone(), named.clone()));
    store.part(&LOU.person_id(), house.hub.hub.now()).await.expect("parted");
    let page = head.visit(HERE).await;
    assert!(!page.words().contains("Autres comptes") && proposals(&page) == 1, "{}", page.words());
    head.submit(&page.form_to(HERE), &[]).await;
    assert_eq!(account(&LOU.person_id()).await, named, "control");
}

/// A no that is said while another guest is the pupil is of the child, and not of that account. The third, of whom nothing was said, is proposed again.
async fn a_no_to_the_other_account_outlives_the_yes(hub: TestHub) {
    let (house, _) = on_two_lists(&hub).await;
    house.invites(&[listed("sujet-4", "LOU")]).await;
    all_end(&house).await;
    let (lou, mut head) = (guest(&house).await, head(&house).await);
    let yes =
        |page: &Answer| -> Vec<Form> { page.forms().into_iter().filter(|form| form.action.ends_with(HERE)).collect() };
    let all = yes(&head.visit(HERE).await);
    assert_eq!(all.len(), 3, "control");
    let first = all.iter().find(|form| form.value("guest") == Some(lou.as_str())).expect("a yes to Lou");
    let no = head.submit(first, &[]).await.form_to("/refused");
    head.submit(&no, &[]).await;
    house.hub.hub.store.part(&LOU.person_id(), house.hub.hub.now()).await.expect("parted").expect("were one");
    let left = yes(&head.visit(HERE).await);
    assert_eq!(left.len(), 1, "the third");
    let [first, refused, third] = [first, &no, &left[0]].map(|form| form.value("guest"));
    assert!(third != first && third != refused, "{third:?}");
}

/// However many pupils and guests there are.
async fn a_yes_and_a_no_read_the_two_they_are_of(hub: TestHub) {
    let (house, _) = on_two_lists(&hub).await;
    let (lou, mut head) = (guest(&house).await, head(&house).await);
    let (yes, other) = both(&head.visit(HERE).await, &lou);
    let no = Form { action: format!("{HERE}/refused"), ..other };
    let read = |one: &str| house.hub.faults.calls().contains(&one);
    for form in [no, yes] {
        house.hub.faults.fail(0, When::Before);
        assert_eq!(head.submit_once(&form, &[]).await.status, 303, "{}", form.action);
        assert_eq!(["departure", "departed", "people_as", "people_at"].map(read), [true, false, false, false]);
    }
    house.hub.faults.fail(0, When::Before);
    head.visit(HERE).await;
    assert!(read("departed"), "control: the page");
}

async fn of_two_who_say_it_at_once_one_is_believed(hub: TestHub) {
    let (house, _) = rentree(&hub).await;
    let twin = Role { id: "plouise000000000", login: "lou.vernier", name: ("Lou", "Vernier"), ..LOU };
    house.hub.put(pupil(&twin, Some("6EME"))).await;
    let (mut one, mut other) = (head(&house).await, house.hub.browser());
    other.sign_in(&HUGO).at_home().await;
    let page = one.visit(HERE).await;
    assert!(page.words().contains("Attention") && proposals(&page) == 2, "{}", page.words());
    let theirs = other.visit(HERE).await;
    let yes =
        |page: &Answer| -> Vec<_> { page.forms().into_iter().filter(|form| form.action.ends_with(HERE)).collect() };
    let (first, second) = (yes(&page).remove(0), yes(&theirs).remove(1));
    let both = futures::join!(one.submit_once(&first, &[]), other.submit_once(&second, &[]));
    let mut ends = [both.0.status.as_u16(), both.1.status.as_u16()];
    ends.sort_unstable();
    assert_eq!(ends, [303, 409], "{} {}", both.0.words(), both.1.words());
    let store = &house.hub.hub.store;
    let records = store.records_named(&[LOU.person_id(), twin.person_id()]).await.expect("records");
    assert_eq!(records.iter().filter(|held| held.account != held.person.id).count(), 1);
}
