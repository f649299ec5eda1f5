//! Who goes out: at home the head sees whom a teacher sent to a space of another ENT, and takes them back. The host is played by a provider, at whose
//! address lists are taken.

use crate::guests::{ECOLE, House, listed};
use crate::sharing::{at_home, invitation};
use crate::sharing_stops::head;
use preau_domain::{
    Affiliation, AuditEvent, AuditKind, CorrelationId, GuestList, Instant, Person, Population, Profile,
};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, HUGO, NOE, TestHub, stories, uai};
use preau_store::ListsOf;
use serde_json::json;

stories!(
    the_head_at_home_sees_who_goes_out_and_takes_them_back,
    whoever_only_goes_out_is_found_by_their_head,
    nobody_else_reads_whom_a_list_names,
    neither_another_head_nor_a_guest_reads_whom_a_list_names,
    a_list_that_is_longer_than_the_page_reads_says_so,
);

/// Alice accepts an invitation for 6B: Noé is on the list, and she herself. Her browser.
async fn sent(house: &House) -> Browser {
    let mut alice = house.hub.browser();
    let link = format!("/spaces/join?i={}", invitation(house, "k1", |_| {}));
    let page = alice.sign_in(&ALICE).through(&link).await.answer;
    house.home.json("/hosting/lists", &json!({ "added": 2, "known": 0 }));
    let done = alice.submit(&page.form_with("invitation"), &[]).await;
    assert!(done.words().contains("Nouveaux invités : 2"), "{}", done.words());
    alice
}

async fn the_head_at_home_sees_who_goes_out_and_takes_them_back(hub: TestHub) {
    let house = at_home(&hub).await;
    sent(&house).await;
    let mut head = head(&house).await;
    let all = head.visit("/spaces").await;
    assert!(all.words().contains("Contes, ENT des écoles"), "to whom: {}", all.words());
    let page = head.visit(&all.link("6B").expect("a way")).await;
    for said in ["« Contes » (ENT des écoles)", "Par Alice Martin", "2 personnes", "Noé Petit"] {
        assert!(page.words().contains(said), "{said}: {}", page.words());
    }
    house.home.json("/hosting/recalls", &json!({ "added": 0, "known": 2 }));
    let back = head.submit(&page.form_to("/recall"), &[]).await;
    assert!(back.words().contains("Liste retirée"), "{}", back.words());
    assert_eq!(house.home.heard("/hosting/recalls").len(), 1, "the host was told");
    let store = &house.hub.hub.store;
    let said = store.audit_about(&NOE.person_id(), Instant(0), 99).await.expect("read");
    assert!(said.iter().any(|one| one.detail.starts_with("guest-sent")), "the journal of the child: {said:?}");
}

/// An ENT that hosts nobody has no service that takes guests.
async fn whoever_only_goes_out_is_found_by_their_head(hub: TestHub) {
    let house = at_home(&hub).await;
    for id in ["app", "other", "legacy", "pad"] {
        let no_guests = |whom: &mut Population| whom.profiles.retain(|one| *one != Profile::Guest);
        house.hub.amend(id, |door| door.audience.allow.iter_mut().for_each(no_guests));
    }
    let mut head = head(&house).await;
    assert!(!head.visit("/").await.has_link("Mes espaces"), "nothing is shared");
    sent(&house).await;
    let page = head.visit("/").await;
    let page = head.visit(&page.link("Mes espaces").expect("a way")).await;
    assert!(page.has_link("6B"), "{}", page.words());
}

async fn nobody_else_reads_whom_a_list_names(hub: TestHub) {
    let house = at_home(&hub).await;
    let mut alice = sent(&house).await;
    let to = alice.visit("/spaces").await.link("6B").expect("a way");
    let affiliations = vec![Affiliation::new(uai(COLLEGE), Profile::Librarian)];
    house.hub.put(Person { affiliations, ..HUGO.person() }).await;
    for role in [&HUGO, &NOE] {
        let mut other = house.hub.browser();
        other.sign_in(role).at_home().await;
        assert_eq!(other.get(&to).await.status, 404, "a colleague, a pupil: {}", role.login);
    }
    assert!(alice.visit(&to).await.words().contains("Noé Petit"), "control: whoever sent it");
    let elsewhere = vec![Affiliation::new(uai(ECOLE), Profile::Pupil)];
    house.hub.put(Person { affiliations: elsewhere, ..NOE.person() }).await;
    assert!(!alice.visit(&to).await.words().contains("Noé Petit"), "a child who left the school");
}

/// The head of another school of this ENT, and somebody of that very ENT to which the list went.
async fn neither_another_head_nor_a_guest_reads_whom_a_list_names(hub: TestHub) {
    let house = at_home(&hub).await;
    let to = sent(&house).await.visit("/spaces").await.link("6B").expect("a way");
    let theirs = house.list(&[listed("sujet-1", "Lou")], "k1", |one| one["iss"] = json!(house.home.issuer()));
    house.take(&theirs).await.expect("a guest");
    let [mut lou, mut hugo] = [(); 2].map(|()| house.hub.browser());
    assert_eq!(house.comes(&mut lou, "/", "sujet-1", |_| {}).await.location(), Some("/"), "control: is in");
    hugo.sign_in(&HUGO).at_home().await;
    assert_eq!(hugo.get("/spaces").await.status, 200, "control: the head of the lycée");
    for other in [&mut lou, &mut hugo] {
        let page = other.get(&to).await;
        assert!(page.status == 404 && !page.body.contains("Noé"), "{}", page.words());
    }
    let mut right = head(&house).await;
    assert!(right.visit(&to).await.words().contains("Noé Petit"), "control: the head of the collège");
}

/// The page of a list of so many, of whom the journal says so many lines: of Noé each, which is enough to be counted.
async fn page_of(house: &House, id: &'static str, guests: u32, lines: usize) -> Answer {
    let (store, now, way) = (&house.hub.hub.store, house.hub.hub.now(), CorrelationId::new(id));
    let sent = store.lists(ListsOf::Home(&uai(COLLEGE)), 0, 9).await.expect("lists");
    let first = sent.into_iter().find(|one| one.class == "6B").expect("a list");
    let list = GuestList { id: id.into(), class: id.into(), guests, way: Some(way.clone()), ..first };
    store.note_list(&list).await.expect("kept");
    for _ in 0..lines {
        let said = format!("guest-sent {id} of {}", list.convention);
        let event = AuditEvent::new(now, AuditKind::Administered, way.clone(), said);
        store.record(AuditEvent { person: Some(NOE.person_id()), ..event });
    }
    store.flush_audit().await.expect("written");
    let mut head = head(house).await;
    let to = head.visit("/spaces").await.link(id).expect("a way");
    head.visit(&to).await
}

async fn a_list_that_is_longer_than_the_page_reads_says_so(hub: TestHub) {
    let house = at_home(&hub).await;
    sent(&house).await;
    let (unknown, long) = ("Les autres ne sont plus connus ici", "ne lit que les 1000 premières lignes");
    for (id, guests, lines, said) in
        [("courte", 2, 1, [true, false]), ("longue", 1_200, 1_200, [false, true]), ("entière", 1, 1, [false, false])]
    {
        let page = page_of(&house, id, guests, lines).await;
        assert!(page.words().contains("Noé Petit"), "{id}: {}", page.words());
        assert_eq!([unknown, long].map(|sentence| page.words().contains(sentence)), said, "{id}: {}", page.words());
    }
}
