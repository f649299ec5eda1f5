//! The second key in the hands of a head: the sheet, the choice, who gains and who loses, the yes, and what a changed sheet asks.

use preau_connector_api::MountedService;
use preau_domain::{Affiliation, Opening, Person, PersonId, Population, Profile};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, HUGO, LYCEE, NOE, TestHub, app_service, stories, uai};

stories!(
    a_head_reads_the_sheet_and_opens_a_service_for_whom_they_say,
    who_gains_and_who_loses_is_said_before,
    a_head_closes_what_they_opened,
    a_changed_sheet_is_read_again,
    a_sheet_that_changed_while_it_was_read_opens_nothing,
    a_choice_that_cannot_be_is_said_and_opens_nothing,
    nobody_but_a_head_sees_these_pages,
    a_head_opens_their_own_school_alone,
    a_yes_is_given_by_whoever_proved_themselves_lately,
    what_is_finer_than_the_form_is_prolonged_as_it_is,
);

/// A service the academy offers to both schools.
fn kiosque() -> MountedService {
    let mut service = app_service("kiosque", "Kiosque", "https://kiosque.example/", &Profile::ALL);
    service.two_keys = true;
    service
}

/// A pupil of 2A and one of 2B in the lycée, whose head Hugo is, and the service that is offered.
async fn lycee(hub: &TestHub) {
    for (id, class) in [("lou", "2A"), ("max", "2B")] {
        let mut at = Affiliation::new(uai(LYCEE), Profile::Pupil);
        at.classes = vec![class.to_owned()];
        let login = Some(format!("{id}.petit"));
        let join = NOE.person().join.map(|join| preau_domain::JoinKey { key: format!("key-{id}"), ..join });
        hub.put(Person { id: PersonId::new(format!("p{id}")), join, login, affiliations: vec![at], ..NOE.person() })
            .await;
    }
    hub.mount(kiosque());
}

const PUPILS: [(&str, &str); 4] =
    [("profile", "National_ELV"), ("levels", ""), ("classes", "2A"), ("until", "2027-07-05")];

/// What a head reads after choosing.
async fn chosen(browser: &mut Browser, choice: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(choice).finish();
    browser.visit(&format!("/services/kiosque?{query}")).await
}

async fn opened(browser: &mut Browser, choice: &[(&str, &str)]) -> Answer {
    let form = chosen(browser, choice).await.form_to("/services/kiosque/open");
    browser.submit(&form, &[]).await
}

async fn a_head_reads_the_sheet_and_opens_a_service_for_whom_they_say(hub: TestHub) {
    lycee(&hub).await;
    let mut head = hub.browser();
    let home = head.sign_in(&HUGO).at_home().await.answer;
    assert!(home.has_link("Services proposés à votre établissement") && !home.has_link("Kiosque"), "{}", home.words());
    let sheet = head.visit("/services/kiosque").await;
    for said in ["Finalité", "Ce que le service reçoit", "Proposé à", "Fermé dans cet établissement."] {
        assert!(sheet.words().contains(said), "{said}: {}", sheet.words());
    }
    let list = opened(&mut head, &PUPILS).await;
    assert!(
        list.words().contains("Ouvert jusqu’au 5 juillet 2027 inclus, pour : élèves ; classe 2A"),
        "{}",
        list.words()
    );
    let kept = hub.journal(list.header("x-correlation-id")).await;
    assert!(kept.is_empty(), "looking writes nothing");
    let openings = preau_web::second_key::openings(&*hub.hub.store, hub.hub.now()).await.expect("read");
    assert_eq!((openings.len(), &openings[0].by, &openings[0].establishment), (1, &HUGO.person_id(), &uai(LYCEE)));
    assert!(!head.visit("/").await.has_link("Kiosque"), "for pupils of 2A");
    let english = head.visit("/services?lang=en").await;
    assert!(
        english.words().contains("Open until the end of 5 July 2027, for: pupils ; class 2A"),
        "{}",
        english.words()
    );
}

async fn who_gains_and_who_loses_is_said_before(hub: TestHub) {
    lycee(&hub).await;
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    let both = [("profile", "National_ELV"), ("profile", "National_ENS"), ("until", "2027-07-05")];
    let preview = chosen(&mut head, &both).await.words();
    assert!(preview.contains("élèves : 2 de plus") && preview.contains("enseignants : 1 de plus"), "{preview}");
    opened(&mut head, &both).await;
    let narrower = chosen(&mut head, &PUPILS).await.words();
    assert!(narrower.contains("élèves : 1 de moins") && narrower.contains("enseignants : 1 de moins"), "{narrower}");
    let same = chosen(&mut head, &both).await.words();
    assert!(same.contains("Personne ne gagne ni ne perd ce service."), "{same}");
    assert!(same.contains("élèves : 2 de moins"), "what closing would do: {same}");
}

async fn a_head_closes_what_they_opened(hub: TestHub) {
    lycee(&hub).await;
    let (mut head, mut teacher) = (hub.browser(), hub.browser());
    head.sign_in(&HUGO).at_home().await;
    opened(&mut head, &[("profile", "National_DIR"), ("until", "2027-07-05")]).await;
    assert!(head.visit("/").await.has_link("Kiosque"), "it opens at once");
    let form = head.visit("/services/kiosque").await.form_to("/services/kiosque/close");
    let answer = head.submit_once(&form, &[]).await;
    assert_eq!(answer.location(), Some("/services"));
    let kept = hub.journal(answer.header("x-correlation-id")).await;
    let said = |event: &&preau_domain::AuditEvent| event.detail.starts_with("closed in");
    assert_eq!(kept.iter().filter(said).count(), 1, "{kept:?}");
    assert_eq!(kept[0].person, Some(HUGO.person_id()));
    assert!(
        !head.visit("/").await.has_link("Kiosque")
            && !teacher.sign_in(&ALICE).at_home().await.answer.has_link("Kiosque")
    );
}

async fn a_changed_sheet_is_read_again(hub: TestHub) {
    lycee(&hub).await;
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    opened(&mut head, &[("profile", "National_DIR"), ("until", "2027-07-05")]).await;
    assert!(!head.visit("/").await.words().contains("ce qu’il reçoit a changé"), "control");
    let mut service = kiosque();
    service.release.pop();
    hub.mount(service);
    let home = head.visit("/").await;
    assert!(home.words().contains("Il attend que vous le relisiez") && !home.has_link("Kiosque"), "{}", home.words());
    let sheet = head.visit("/services/kiosque").await;
    assert!(sheet.words().contains("ce que ce service reçoit a changé"), "{}", sheet.words());
    let home = opened(&mut head, &[("profile", "National_DIR"), ("until", "2027-07-05")]).await;
    assert!(!home.words().contains("a changé") && head.visit("/").await.has_link("Kiosque"), "{}", home.words());
}

async fn a_sheet_that_changed_while_it_was_read_opens_nothing(hub: TestHub) {
    lycee(&hub).await;
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    let form = chosen(&mut head, &PUPILS).await.form_to("/services/kiosque/open");
    let mut service = kiosque();
    service.legal.purpose.fr = "Tout autre chose".to_owned();
    hub.mount(service);
    let answer = head.submit(&form, &[]).await;
    assert!(answer.words().contains("La fiche a changé pendant que vous la lisiez"), "{}", answer.words());
    let kept = async || preau_web::second_key::openings(&*hub.hub.store, hub.hub.now()).await.expect("read").len();
    assert_eq!(kept().await, 0);
    opened(&mut head, &PUPILS).await;
    assert_eq!(kept().await, 1, "control");
}

/// Choices that cannot be, and what is said of each.
fn wrong(long: &str) -> [(Vec<(&str, &str)>, &'static str); 6] {
    [
        (vec![("until", "2020-01-01")], "déjà passé"),
        (vec![("until", "soon")], "Dites le dernier jour"),
        (vec![("until", "2028-08-01")], "trop loin"),
        (vec![("profile", "National_DIR")], "Cochez au moins une catégorie"),
        (vec![("profile", "National_ENS")], "ceux des élèves"),
        (vec![("classes", long)], "Au plus 50"),
    ]
}

async fn a_choice_that_cannot_be_is_said_and_opens_nothing(hub: TestHub) {
    lycee(&hub).await;
    let mut offered = kiosque();
    offered.audience.allow[0].profiles = vec![Profile::Pupil, Profile::Teacher];
    hub.mount(offered);
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    let form = chosen(&mut head, &PUPILS).await.form_to("/services/kiosque/open");
    let long = "a".repeat(65);
    for (change, said) in wrong(&long) {
        let mut choice = PUPILS.to_vec();
        choice.retain(|(name, _)| change.iter().all(|(changed, _)| changed != name));
        choice.extend(&change);
        let page = chosen(&mut head, &choice).await;
        assert!(
            page.words().contains(said) && !page.body.contains("/services/kiosque/open"),
            "{said}: {}",
            page.words()
        );
        assert!(head.submit(&form, &change).await.words().contains(said), "the form as well: {said}");
    }
    assert!(preau_web::second_key::openings(&*hub.hub.store, hub.hub.now()).await.expect("read").is_empty());
    assert!(head.submit(&form, &[]).await.words().contains("Ouvert jusqu’au"), "control");
}

async fn nobody_but_a_head_sees_these_pages(hub: TestHub) {
    lycee(&hub).await;
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    let form = chosen(&mut head, &PUPILS).await.form_to("/services/kiosque/open");
    for role in [&ALICE, &NOE] {
        let mut other = hub.browser();
        let home = other.sign_in(role).at_home().await.answer;
        assert!(!home.has_link("Services proposés à votre établissement"), "{}", home.words());
        for page in ["/services", "/services/kiosque", "/services/kiosque?until=2027-07-05&profile=National_ELV"] {
            assert_eq!(other.visit(page).await.status.as_u16(), 404, "{page}");
        }
        assert_eq!(other.submit_once(&form, &[]).await.status.as_u16(), 404);
    }
    let stranger = hub.browser().get("/services").await;
    assert!(stranger.location().is_some_and(|to| to.starts_with("/sign-in/")));
    let mut again = hub.browser();
    again.sign_in(&HUGO).at_home().await;
    assert_eq!(again.submit_once(&form, &[]).await.status.as_u16(), 403, "a form of another session");
    assert!(preau_web::second_key::openings(&*hub.hub.store, hub.hub.now()).await.expect("read").is_empty());
    assert!(head.submit(&form, &[]).await.words().contains("Ouvert jusqu’au"), "control");
}

async fn a_head_opens_their_own_school_alone(hub: TestHub) {
    lycee(&hub).await;
    let mut hugo = HUGO.person();
    hugo.affiliations.push(Affiliation::new(uai(COLLEGE), Profile::Teacher));
    hub.put(hugo.clone()).await;
    let mut elsewhere = kiosque();
    elsewhere.audience.allow = vec![Population { establishments: vec![uai(COLLEGE)], ..Population::default() }];
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    let form = chosen(&mut head, &PUPILS).await.form_to("/services/kiosque/open");
    let college = uai(COLLEGE);
    assert_eq!(head.submit_once(&form, &[("at", college.as_str())]).await.status.as_u16(), 403, "of another school");
    let home = head.visit("/").await.form_to("/establishment");
    head.submit(&home, &[("uai", college.as_str())]).await;
    assert_eq!(head.submit_once(&form, &[]).await.status.as_u16(), 404, "a teacher there");
    assert_eq!(head.visit("/services").await.status.as_u16(), 404);
    head.submit(&home, &[("uai", uai(LYCEE).as_str())]).await;
    hub.mount(elsewhere);
    assert_eq!(head.visit("/services/kiosque").await.status.as_u16(), 404, "not offered to the lycée");
    hub.mount(kiosque());
    assert!(head.submit(&form, &[]).await.words().contains("Ouvert jusqu’au"), "control");
}

async fn a_yes_is_given_by_whoever_proved_themselves_lately(hub: TestHub) {
    lycee(&hub).await;
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    let form = chosen(&mut head, &PUPILS).await.form_to("/services/kiosque/open");
    hub.clock.advance(16 * 60);
    assert_eq!(head.visit("/services").await.status.as_u16(), 200, "reading the list asks for nothing more");
    for answer in [head.get("/services/kiosque").await, head.submit_once(&form, &[]).await] {
        assert!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), "{:?}", answer.location());
    }
    assert!(preau_web::second_key::openings(&*hub.hub.store, hub.hub.now()).await.expect("read").is_empty());
    let sheet = head.sign_in(&HUGO).through("/services/kiosque").await.answer;
    assert!(sheet.words().contains("La fiche"), "after the password: {}", sheet.words());
}

/// The one opening there is.
async fn kept(hub: &TestHub) -> Opening {
    preau_web::second_key::openings(&*hub.hub.store, hub.hub.now()).await.expect("read").remove(0)
}

/// As `preau service open` says it.
async fn say(hub: &TestHub, opening: &Opening) {
    preau_web::second_key::keep(&*hub.hub.store, opening).await.expect("kept");
    assert!(hub.hub.take_registrations().await.expect("read"));
}

/// The pupils of 2A, and the teachers of one subject.
async fn what_is_finer_than_the_form_is_prolonged_as_it_is(hub: TestHub) {
    lycee(&hub).await;
    let mut head = hub.browser();
    head.sign_in(&HUGO).at_home().await;
    opened(&mut head, &PUPILS).await;
    let mut fine = kept(&hub).await;
    let (profiles, subjects) = (vec![Profile::Teacher], vec!["0080".to_owned()]);
    fine.allow.push(Population { profiles, subjects, ..Population::default() });
    say(&hub, &fine).await;
    let sheet = head.visit("/services/kiosque").await;
    assert!(sheet.words().contains("plus précis que ce formulaire"), "{}", sheet.words());
    let later = [("kept", &*sheet.told("kept")), ("until", "2028-07-31")];
    let preview = chosen(&mut head, &later).await;
    assert!(preview.words().contains("Personne ne gagne ni ne perd"), "{}", preview.words());
    let form = preview.form_to("/services/kiosque/open");
    assert!(head.submit(&form, &[]).await.words().contains("31 juillet 2028"));
    assert_eq!(kept(&hub).await.allow, fine.allow, "for the very same people");
    fine.allow.pop();
    say(&hub, &fine).await;
    let changed = head.submit(&form, &[]).await;
    assert!(changed.words().contains("Ce qui est ouvert a changé"), "{}", changed.words());
    assert_eq!(kept(&hub).await.until, fine.until, "nothing is said of what was not read");
}
