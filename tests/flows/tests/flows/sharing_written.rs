//! Lists that a teacher writes, of a school whose ENT signs none: with two keys, and for what the space mounts alone (ADM-10).

use crate::cards::{lesson_at, print_at, school, show, with_card};
use crate::guests::{ECOLE, House, listed, opened};
use crate::sharing::{handed_in, house, list, name_of, previewed_good, space_of_alice, stranger};
use crate::sharing_stops::head;
use preau_domain::{AuditKind, Convention, PersonId, Public, Role, SourceId, SpaceGroup};
use preau_flows::{ALICE, Answer, Browser, GUICHET, HUGO, TestHub, When, stories, uai};
use preau_hosting::Listed;
use preau_store::GuestsOf;
use serde_json::json;

stories!(
    a_teacher_writes_a_class_and_a_child_comes_once_by_a_card,
    whoever_comes_by_a_written_list_opens_the_space_alone,
    nobody_writes_a_list_without_both_keys,
    nobody_but_the_head_says_yes,
    what_is_no_list_is_refused_whole_with_the_line,
    written_lists_keep_the_quota,
    a_written_list_is_taken_in_once_and_taken_back,
    whom_somebody_stopped_is_not_written_again,
    no_name_finds_an_account_of_another_list,
    what_was_written_is_not_lost_to_a_proof,
    nobody_else_writes_a_list,
    no_teacher_is_named_who_cannot_come,
    no_signed_list_names_a_teacher_who_cannot_come,
    the_form_of_a_space_says_where_a_class_is_named,
);

/// A house whose convention says that its people come by cards and its lists are written here; its head; the teacher, and the space.
async fn written(hub: &TestHub) -> (House, Browser, Browser, String) {
    let mut house = house(hub).await;
    house
        .convention_is(|one| {
            (one.peer.provider, one.peer.cards, one.peer.typed) = (None, true, true);
            one.peer.keys = r#"{"keys":[]}"#.to_owned();
        })
        .await;
    house.hub = school(&house.hub).await;
    house.hub.amend("pad", |pad| pad.audience.class_cards = true);
    let head = head(&house).await;
    let (alice, page) = space_of_alice(&house).await;
    let own = format!("/space/{}", name_of(&page));
    (house, head, alice, own)
}

/// The teacher at the cards of the space, who reads English there: pictures have their names on paper.
async fn at_cards(house: &House) -> Browser {
    let mut alice = house.hub.browser().saying("accept-language", "en");
    alice.sign_in(&ALICE).at_home().await;
    alice
}

/// The head says yes, or takes it back.
async fn turn(head: &mut Browser) -> Answer {
    let page = head.visit("/spaces/guests").await;
    head.submit(&page.form_to("/written"), &[]).await
}

async fn write(alice: &mut Browser, own: &str, names: &str) -> Answer {
    let form = alice.visit(own).await.form_to("/written");
    alice.submit(&form, &[("text", names), ("class", &format!("{} CM2A", uai(ECOLE)))]).await
}

/// One of a hundred given names.
fn lou(n: usize) -> String {
    let letter = |n: usize| char::from(b"abcdefghij"[n % 10]);
    format!("Lou{}{}", letter(n / 10), letter(n))
}

async fn count(house: &House) -> u64 {
    house.hub.hub.store.guest_count("cycle3").await.expect("a number")
}

/// Writes these, reads them again and says yes.
async fn taken_in(alice: &mut Browser, own: &str, names: &str) -> Answer {
    let looked = write(alice, own, names).await;
    alice.submit(&looked.form_with("yes"), &[]).await
}

async fn a_teacher_writes_a_class_and_a_child_comes_once_by_a_card(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    let asked = turn(&mut head).await;
    assert!(asked.words().contains("ENT des écoles : les enseignants peuvent écrire"), "{}", asked.words());
    let looked = write(&mut alice, &own, "lou v\n").await;
    assert!(looked.words().contains("lou V. (CM2A)") && count(&house).await == 0, "{}", looked.words());
    let page = alice.submit(&looked.form_with("yes"), &[]).await;
    assert!(page.words().contains("lou V.") && count(&house).await == 1, "{}", page.words());
    let guest =
        house.hub.hub.store.guests(GuestsOf::Convention("cycle3"), &PersonId::new(""), 9).await.expect("guests");
    house.hub.hub.store.flush_audit().await.expect("it is written");
    let said = house.hub.hub.store.audit_about(&guest[0].person, preau_domain::Instant(0), 9).await.expect("read");
    assert!(said.iter().any(|one| one.kind == AuditKind::Administered && one.detail.starts_with("guest-admitted")));
    let (cards, mut teacher) = (format!("/cards?class=espace:{}", &own["/space/".len()..]), at_cards(&house).await);
    let paper = print_at(&house.hub, &mut teacher, &cards).await;
    assert_eq!(show(&mut house.hub.browser(), &paper).await.status, 422, "not before the teacher opens a lesson");
    lesson_at(&mut teacher, &cards, "open").await;
    let mut lou = with_card(&house.hub, &paper).await;
    assert!(opened(&mut lou, &house.pad).await.is_some());
    let again = show(&mut house.hub.browser(), &paper).await;
    assert!(again.status == 422 && again.words().contains("Ta carte est bloquée"), "once: {}", again.words());
    let close = alice.visit(&own).await.form_to("/close");
    alice.submit(&close, &[]).await;
    assert_eq!(lou.get("/").await.status, 303, "the end of the space is theirs");
}

async fn whoever_comes_by_a_written_list_opens_the_space_alone(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    let gar = house.hub.rp_of(crate::guests::service("gar"), |_| {});
    house.hub.amend("gar", |gar| gar.audience.class_cards = true);
    turn(&mut head).await;
    taken_in(&mut alice, &own, "Lou V.").await;
    let (cards, mut teacher) = (format!("/cards?class=espace:{}", &own["/space/".len()..]), at_cards(&house).await);
    let paper = print_at(&house.hub, &mut teacher, &cards).await;
    lesson_at(&mut teacher, &cards, "open").await;
    let mut lou = with_card(&house.hub, &paper).await;
    assert_eq!(opened(&mut lou, &gar).await, None, "no space mounts it");
    for page in ["/account", "/spaces", "/spaces/new", "/cards", own.as_str()] {
        let answer = lou.get(page).await;
        assert!(matches!(answer.status.as_u16(), 403 | 404), "{page}: {}", answer.status);
    }
    assert!(opened(&mut lou, &house.pad).await.is_some(), "control");
}

async fn nobody_writes_a_list_without_both_keys(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    let closed = alice.visit(&own).await;
    assert!(closed.words().contains("n’a pas dit oui aux listes écrites ici"), "{}", closed.words());
    turn(&mut head).await;
    let looked = write(&mut alice, &own, "Lou V.").await;
    let yes = looked.form_with("yes");
    turn(&mut head).await;
    let refused = alice.submit_once(&yes, &[]).await;
    assert!(refused.words().contains("n’a pas dit oui") && count(&house).await == 0, "{}", refused.words());
    turn(&mut head).await;
    house.convention_is(|one| one.peer.typed = false).await;
    assert_eq!(alice.submit_once(&yes, &[]).await.status, 404, "the convention does not say so");
    house.convention_is(|one| (one.peer.typed, one.data) = (true, vec!["prénom".into()])).await;
    assert_eq!(alice.submit_once(&yes, &[]).await.status, 404, "nor do its data");
    house.convention_is(|one| one.data = vec!["prénom, initiale, classe".into()]).await;
    alice.submit(&yes, &[]).await;
    assert_eq!(count(&house).await, 1, "control");
}

async fn nobody_but_the_head_says_yes(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    let yes = head.visit("/spaces/guests").await.form_to("/written");
    let token = alice.visit(&own).await.form_to("/close").value("token").expect("a token").to_owned();
    let answer = alice.post(&yes.action, &yes.filled(&[("token", &token)])).await;
    assert_eq!(answer.status, 404, "the teacher");
    house.hub.put(HUGO.person()).await;
    house.hub.clock.advance(4);
    // The head of another school, by a form of before.
    head.submit_once(&yes, &[]).await;
    assert!(alice.visit(&own).await.words().contains("n’a pas dit oui"), "nothing came of it");
    let mut again = crate::sharing_stops::head(&house).await;
    turn(&mut again).await;
    assert!(alice.visit(&own).await.words().contains("Classe de l’autre école"), "control");
}

async fn what_is_no_list_is_refused_whole_with_the_line(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    turn(&mut head).await;
    let signed = list(&house, &own["/space/".len()..], &[listed("sujet-1", "Lou")]);
    assert_eq!(handed_in(&house, &signed).await.0, 422, "nobody there signs");
    let many: String = (0..41).map(|n| format!("{} V.\n", lou(n))).collect();
    for (names, said) in [
        ("Max B.\nLou Valombreuse", "Ligne 2"),
        ("Lou V. 12/03/2016", "Ligne 1"),
        ("Lou 12.03.2016 V.", "Ligne 1"),
        ("lou@ecole.example V.", "Ligne 1"),
        ("Lou V.\nLOU V", "Ligne 2"),
        (many.as_str(), "40 lignes au plus"),
        ("  \n", "personne"),
    ] {
        let refused = write(&mut alice, &own, names).await;
        assert!(refused.words().contains(said), "{names}: {}", refused.words());
        assert!(refused.forms().iter().all(|form| form.value("yes").is_none()), "{names}");
    }
    let form = alice.visit(&own).await.form_to("/written");
    let other = alice.submit_once(&form, &[("text", "Lou V."), ("class", "0990001N 6B")]).await;
    assert_eq!((other.status.as_u16(), count(&house).await), (404, 0), "a class that the space is not for");
    taken_in(&mut alice, &own, "Max B.\nLou V.").await;
    assert_eq!(count(&house).await, 2, "control");
}

async fn written_lists_keep_the_quota(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    house.convention_is(|one| one.quota = 3).await;
    turn(&mut head).await;
    let refused = write(&mut alice, &own, "Ada A.\nBob B.\nEve C.\nMax D.").await;
    assert!(refused.forms().iter().all(|form| form.value("yes").is_none()), "{}", refused.words());
    let mut racers = Vec::new();
    for n in 0..100 {
        let looked = write(&mut alice, &own, &format!("{} V.", lou(n))).await;
        racers.push((alice.clone(), looked.form_with("yes")));
    }
    let race = racers.iter_mut().map(|(browser, yes)| browser.submit_once(yes, &[]));
    let ends = futures::future::join_all(race).await;
    let (won, busy) =
        (ends.iter().filter(|end| end.status == 303).count(), ends.iter().filter(|end| end.status == 503).count());
    assert_eq!((won, count(&house).await), (3, 3), "{busy} were busy");
}

async fn a_written_list_is_taken_in_once_and_taken_back(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    turn(&mut head).await;
    let looked = write(&mut alice, &own, "Lou V.").await;
    let yes = looked.form_with("yes");
    alice.submit(&yes, &[]).await;
    let twice = alice.submit_once(&yes, &[]).await;
    assert!(twice.status == 303 && count(&house).await == 1, "{}", twice.words());
    let there = write(&mut alice, &own, "LOU v").await;
    assert!(there.words().contains("est déjà dans l’espace"), "{}", there.words());
    let undo = alice.visit(&own).await.form_to("/undo");
    alice.submit(&undo, &[]).await;
    assert_eq!(count(&house).await, 0);
    let late = alice.submit_once(&yes, &[]).await;
    assert!(count(&house).await == 0, "its name is used up: {}", late.words());
    taken_in(&mut alice, &own, "Lou V.").await;
    assert_eq!(count(&house).await, 1, "control");
}

async fn whom_somebody_stopped_is_not_written_again(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    turn(&mut head).await;
    taken_in(&mut alice, &own, "Lou V.").await;
    let page = head.visit(&own).await;
    let page = head.submit(&page.form_with("guest"), &[]).await;
    assert_eq!(count(&house).await, 0, "control");
    house.hub.faults.fail(0, When::Before);
    let refused = write(&mut alice, &own, "Max B.\n\nlou v").await;
    assert!(refused.words().contains("Ligne 3") && refused.words().contains("a été arrêté ici"), "{}", refused.words());
    let read = |one: &str| house.hub.faults.calls().iter().filter(|call| **call == one).count();
    assert_eq!(["guest", "guests_named"].map(read), [0, 1], "one question, however many are stopped");
    taken_in(&mut alice, &own, "Max B.").await;
    assert_eq!(count(&house).await, 1, "control: somebody else");
    head.submit(&page.form_to("/lift"), &[]).await;
    taken_in(&mut alice, &own, "lou v").await;
    assert_eq!(count(&house).await, 2, "once it is lifted");
}

async fn no_name_finds_an_account_of_another_list(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    turn(&mut head).await;
    taken_in(&mut alice, &own, "Lou V.").await;
    let people = async || {
        let all =
            house.hub.hub.store.guests(GuestsOf::Convention("cycle3"), &PersonId::new(""), 9).await.expect("guests");
        all.into_iter().filter(|one| one.ended.is_none()).map(|one| one.person).collect::<Vec<_>>()
    };
    let first = people().await;
    let undo = alice.visit(&own).await.form_to("/undo");
    alice.submit(&undo, &[]).await;
    taken_in(&mut alice, &own, "Lou V.").await;
    let second = people().await;
    assert!(first.len() == 1 && second.len() == 1 && first != second, "{first:?} {second:?}");
}

/// Whoever signed in long ago proves who they are before they write, and not after it.
async fn what_was_written_is_not_lost_to_a_proof(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    turn(&mut head).await;
    house.hub.clock.advance(6 * 60);
    let page = alice.visit(&own).await;
    assert!(page.forms().iter().all(|form| !form.action.ends_with("/written")), "{}", page.words());
    let first = page.link("Montrer d’abord que c’est vous").expect("a way");
    let page = alice.sign_in(&ALICE).through(&first).await.answer;
    house.hub.clock.advance(9 * 60);
    let form = page.form_to("/written");
    let looked = alice.submit(&form, &[("text", "Lou V."), ("class", &format!("{} CM2A", uai(ECOLE)))]).await;
    assert!(looked.words().contains("Lou V. (CM2A)"), "nine minutes of writing: {}", looked.words());
    alice.submit(&looked.form_with("yes"), &[]).await;
    assert_eq!(count(&house).await, 1);
}

async fn nobody_else_writes_a_list(hub: TestHub) {
    let (house, mut head, mut alice, own) = written(&hub).await;
    turn(&mut head).await;
    let form = alice.visit(&own).await.form_to("/written");
    for teaches_here in [false, true] {
        let (mut other, token) = stranger(&house, teaches_here).await;
        let class = format!("{} CM2A", uai(ECOLE));
        let said =
            [("token", &*token), ("text", "Lou V."), ("class", &class), ("list", "aaaaaaaaaaaaaaaa"), ("yes", "1")];
        let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(other.post(&form.action, &said).await.status, 404);
    }
    assert_eq!(count(&house).await, 0);
    taken_in(&mut alice, &own, "Lou V.").await;
    assert_eq!(count(&house).await, 1, "control");
}

/// They sign lists, and sign in at home.
fn signs(convention: &mut Convention) {
    let peer = &mut convention.peer;
    (peer.provider, peer.cards, peer.typed) = (Some(SourceId::new(GUICHET)), false, false);
}

fn theirs(group: &&SpaceGroup) -> bool {
    group.establishment == uai(ECOLE)
}

/// The space names their teachers, as an older version kept it.
async fn with_their_teachers(house: &House, own: &str) {
    let store = &house.hub.hub.store;
    let before = store.space(&own["/space/".len()..]).await.expect("read").expect("a space");
    let mut older = before.clone();
    let pupils = older.groups.iter().find(theirs).expect("a class").clone();
    older.groups.push(SpaceGroup { public: Public::Staff, role: Role::Moderateur, ..pupils });
    store.put_space(&older, Some(&before), house.hub.hub.now()).await.expect("as it was kept");
}

/// Lists that are written name pupils alone: their teachers are not offered, not kept and not shown, also where an older version kept them.
async fn no_teacher_is_named_who_cannot_come(hub: TestHub) {
    let (house, _, mut alice, own) = written(&hub).await;
    let store = &house.hub.hub.store;
    let preview = previewed_good(&mut alice, &house).await;
    assert!(!preview.words().contains("Ce qu’y sont leurs enseignants"), "not offered");
    let space = store.space(&own["/space/".len()..]).await.expect("read").expect("a space");
    assert_eq!(space.groups.iter().filter(theirs).map(|one| one.public).collect::<Vec<_>>(), [Public::Pupil]);
    with_their_teachers(&house, &own).await;
    for page in [preview, alice.visit(&own).await] {
        let words = page.words();
        assert!(words.contains("De l’autre école, seuls viennent les élèves de la liste écrite ici"), "{words}");
        assert!(words.contains("Élèves de CM2A") && !words.contains("Enseignants de CM2A"), "{words}");
    }
    house.convention_is(signs).await;
    let words = previewed_good(&mut alice, &house).await.words();
    assert!(words.contains("Enseignants de CM2A") && !words.contains("liste écrite"), "control: {words}");
    assert!(words.contains("Ce qu’y sont leurs enseignants"), "control: offered");
}

/// Whose keys are known may sign a list all the same: it names nobody whom no page shows.
async fn no_signed_list_names_a_teacher_who_cannot_come(hub: TestHub) {
    let (house, _, _, own) = written(&hub).await;
    let keys = json!({ "keys": [house.home.jwk("k1")] }).to_string();
    house.convention_is(|one| one.peer.keys = keys).await;
    with_their_teachers(&house, &own).await;
    let teacher = Listed { public: Public::Staff, ..listed("sujet-2", "Max") };
    let signed = |guests: &[Listed]| list(&house, &own["/space/".len()..], guests);
    let (status, answer) = handed_in(&house, &signed(&[listed("sujet-1", "Lou"), teacher])).await;
    assert_eq!((status, &answer["reasons"]), (422, &json!([{ "line": 3, "key": "line-staff" }])), "{answer}");
    assert_eq!(count(&house).await, 0, "whole");
    let (status, answer) = handed_in(&house, &signed(&[listed("sujet-1", "Lou")])).await;
    assert_eq!((status, count(&house).await), (200, 1), "control: {answer}");
}

/// Nobody of theirs chooses a class to send where its list is written here.
async fn the_form_of_a_space_says_where_a_class_is_named(hub: TestHub) {
    let (house, _, mut alice, _) = written(&hub).await;
    let (there, here) = ("La classe à envoyer se choisit dans l’autre ENT", "s’écrit ensuite sur la page de l’espace");
    let said = |page: &Answer| [there, here].map(|sentence| page.words().contains(sentence));
    assert_eq!(said(&previewed_good(&mut alice, &house).await), [false, true], "written");
    assert_eq!(said(&alice.visit("/spaces/new").await), [false, true], "before one is chosen");
    let store = &house.hub.hub.store;
    let typed = store.convention("cycle3").await.expect("read").expect("a convention");
    house.convention_is(signs).await;
    assert_eq!(said(&previewed_good(&mut alice, &house).await), [true, false], "control: signed");
    store.put_convention(&Convention { id: "ecrite".into(), ..typed }, None).await.expect("another one");
    let page = alice.visit("/spaces/new").await;
    assert!(page.body.contains("value=\"cycle3 ") && page.body.contains("value=\"ecrite "), "of both kinds");
    assert_eq!(said(&page), [true, true]);
}
