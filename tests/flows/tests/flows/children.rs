//! Parents: for which child they act, and what that opens and tells.

use preau_domain::{Affiliation, Child, Fact, JoinKey, Legal, Person, PersonId, Population, Profile, SourceId};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, INES, LYCEE, NOE, TestHub, app_service, stories, uai};

stories!(
    a_parent_of_one_child_acts_for_that_child,
    whoever_asks_about_a_parent_sees_what_the_door_sees,
    a_parent_of_two_children_acts_for_the_one_they_say,
    what_is_told_follows_the_child,
    nobody_acts_for_the_child_of_somebody_else,
    a_contact_acts_for_nobody,
    whoever_goes_elsewhere_leaves_the_child,
    a_child_who_left_is_acted_for_no_more,
    a_child_of_several_records_is_one_child_by_whichever_name,
);

const LOU: &str = "plou000000000000";

/// Lou, of 2A in the lycée, the second child of Inès; and a service of the parents of each class.
async fn two_children(hub: &TestHub) {
    let key = JoinKey { source: SourceId::new("annuaire"), key: "key-lou".to_owned() };
    let mut at = Affiliation::new(uai(LYCEE), Profile::Pupil);
    at.classes = vec!["2A".to_owned()];
    let lou = Person {
        id: PersonId::new(LOU),
        join: Some(key.clone()),
        affiliations: vec![at],
        given_name: "Lou".into(),
        login: Some("lou.petit".into()),
        ..NOE.person()
    };
    hub.put(lou).await;
    let mut ines = INES.person();
    ines.children.push(Child { pupil: key, link: "10".into(), legal: Legal::Representative, enrolment: None });
    ines.affiliations.push(Affiliation::new(uai(LYCEE), Profile::Guardian));
    hub.put(ines).await;
    classes(hub);
}

fn classes(hub: &TestHub) {
    for (id, class) in [("carnet6b", "6B"), ("carnet2a", "2A")] {
        let mut service = app_service(id, &format!("Carnet {class}"), &format!("https://{id}.example/"), &[]);
        let parents =
            Population { profiles: vec![Profile::Guardian], classes: vec![class.to_owned()], ..Population::default() };
        service.audience.allow = vec![parents];
        let rule = service.release[0].clone();
        service.release.push(preau_domain::ReleaseRule { name: "classes".into(), copy: Some(Fact::Classes), ..rule });
        hub.mount(service);
    }
}

async fn act_for(browser: &mut Browser, child: &str) -> Answer {
    let form = browser.visit("/").await.form_to("/child");
    browser.submit(&form, &[("child", child)]).await
}

async fn a_parent_of_one_child_acts_for_that_child(hub: TestHub) {
    classes(&hub);
    let mut browser = hub.browser();
    let home = browser.sign_in(&INES).at_home().await.answer;
    assert!(home.words().contains("Vous agissez pour Noé Petit (6B)."), "{}", home.words());
    assert!(home.has_link("Carnet 6B") && !home.has_link("Carnet 2A"), "{}", home.words());
    let mut teacher = hub.browser();
    let home = teacher.sign_in(&ALICE).at_home().await.answer;
    assert!(!home.words().contains("Vous agissez"), "control: {}", home.words());
}

async fn whoever_asks_about_a_parent_sees_what_the_door_sees(hub: TestHub) {
    let classes = async || {
        let ines = hub.hub.store.person(&INES.person_id()).await.expect("read").expect("known");
        let seen = preau_web::acting::at_first(&*hub.hub.store, ines).await.expect("read");
        seen.affiliations.into_iter().flat_map(|one| one.classes).collect::<Vec<_>>()
    };
    assert_eq!(classes().await, ["6B"], "she acts for her only child");
    two_children(&hub).await;
    assert_eq!(classes().await, [""; 0], "of two she says which");
}

async fn a_parent_of_two_children_acts_for_the_one_they_say(hub: TestHub) {
    two_children(&hub).await;
    let mut browser = hub.browser();
    let home = browser.sign_in(&INES).at_home().await.answer;
    assert!(home.words().contains("Tous vos enfants Noé Petit (6B) Lou Petit (2A)"), "{}", home.words());
    assert!(!home.has_link("Carnet") && home.has_link("Cahier de textes"), "for all of them: {}", home.words());
    let noe = act_for(&mut browser, NOE.id).await;
    assert_eq!(noe.form_to("/child").value("child"), Some(NOE.id), "the page says for whom");
    assert!(noe.has_link("Carnet 6B") && !noe.has_link("Carnet 2A"), "{}", noe.words());
    let lou = act_for(&mut browser, LOU).await;
    assert_eq!(lou.form_to("/establishment").value("uai"), Some(uai(LYCEE).as_str()), "where the child is");
    assert!(lou.has_link("Carnet 2A") && !lou.has_link("Carnet 6B"), "{}", lou.words());
    let elsewhere = browser.clone().meets(&hub.again().await).visit("/").await;
    assert_eq!(elsewhere.form_to("/child").value("child"), Some(LOU), "another node knows it");
    assert_eq!(browser.visit("/open/carnet6b").await.status.as_u16(), 403, "the door of the other class is shut");
    let all = act_for(&mut browser, "").await;
    assert!(!all.has_link("Carnet"), "{}", all.words());
}

async fn what_is_told_follows_the_child(hub: TestHub) {
    two_children(&hub).await;
    let (mut browser, app) = (hub.browser(), hub.app("carnet2a"));
    browser.sign_in(&INES).at_home().await;
    act_for(&mut browser, LOU).await;
    let ticket = browser.open(&app).await.ticket();
    let told = app.ask("p3/serviceValidate", &[("service", app.service.as_str()), ("ticket", &ticket)]).await;
    assert!(told.body.contains("<cas:classes>2A</cas:classes>") && !told.body.contains("6B"), "{}", told.body);
    assert!(told.body.contains(uai(LYCEE).as_str()) && !told.body.contains(uai(COLLEGE).as_str()), "{}", told.body);
    // Between the door and the application the parent turns to the other child: the door of that class is shut.
    let ticket = browser.open(&app).await.ticket();
    act_for(&mut browser, NOE.id).await;
    let told = app.ask("p3/serviceValidate", &[("service", app.service.as_str()), ("ticket", &ticket)]).await;
    assert!(told.body.contains("authenticationFailure"), "{}", told.body);
}

async fn nobody_acts_for_the_child_of_somebody_else(hub: TestHub) {
    two_children(&hub).await;
    let mut stranger = NOE.person();
    stranger.id = PersonId::new("pother0000000000");
    stranger.join = Some(JoinKey { source: SourceId::new("annuaire"), key: "key-other".to_owned() });
    stranger.login = Some("other".into());
    hub.put(stranger).await;
    let (mut browser, mut other) = (hub.browser(), hub.browser());
    let form = browser.sign_in(&INES).at_home().await.answer.form_to("/child");
    for child in ["pother0000000000", ALICE.id, INES.id, "nobody", "' OR 1=1 --"] {
        assert_eq!(browser.submit_once(&form, &[("child", child)]).await.status.as_u16(), 400, "{child}");
    }
    other.sign_in(&INES).at_home().await;
    for token in [form.value("token").unwrap_or_default(), "", "é"] {
        let answer = other.submit_once(&form, &[("token", token), ("child", LOU)]).await;
        assert_eq!(answer.status.as_u16(), 403, "{token}");
    }
    assert_eq!(browser.visit("/").await.form_to("/child").value("child"), Some(""), "for nobody in particular");
    assert_eq!(act_for(&mut browser, LOU).await.form_to("/child").value("child"), Some(LOU), "control");
}

async fn a_contact_acts_for_nobody(hub: TestHub) {
    classes(&hub);
    let mut ines = INES.person();
    ines.children[0].legal = Legal::Contact;
    hub.put(ines).await;
    let mut browser = hub.browser();
    let home = browser.sign_in(&INES).at_home().await.answer;
    assert!(!home.words().contains("Vous agissez") && !home.has_link("Carnet 6B"), "{}", home.words());
    hub.clock.advance(5);
    hub.put(INES.person()).await;
    assert!(browser.visit("/").await.has_link("Carnet 6B"), "control");
}

async fn whoever_goes_elsewhere_leaves_the_child(hub: TestHub) {
    two_children(&hub).await;
    let mut browser = hub.browser();
    browser.sign_in(&INES).at_home().await;
    let lou = act_for(&mut browser, LOU).await;
    let moved = browser.submit(&lou.form_to("/establishment"), &[("uai", uai(COLLEGE).as_str())]).await;
    assert_eq!(moved.form_to("/establishment").value("uai"), Some(uai(COLLEGE).as_str()));
    assert_eq!(moved.form_to("/child").value("child"), Some(""), "{}", moved.words());
    assert!(!moved.has_link("Carnet") && moved.has_link("Cahier de textes"), "{}", moved.words());
}

async fn a_child_who_left_is_acted_for_no_more(hub: TestHub) {
    two_children(&hub).await;
    let mut browser = hub.browser();
    browser.sign_in(&INES).at_home().await;
    assert!(act_for(&mut browser, LOU).await.has_link("Carnet 2A"), "control");
    hub.hub.store.stop_person(&PersonId::new(LOU), "left").await.expect("the account is stopped");
    hub.clock.advance(5);
    let home = browser.visit("/").await;
    assert!(!home.has_link("Carnet 2A") && !home.words().contains("Lou"), "{}", home.words());
}

async fn a_child_of_several_records_is_one_child_by_whichever_name(hub: TestHub) {
    two_children(&hub).await;
    let key = JoinKey { source: SourceId::new("ville"), key: "lou".to_owned() };
    let store = &hub.hub.store;
    let lou = store.person(&PersonId::new(LOU)).await.expect("read").expect("Lou");
    let further = Person { id: PersonId::new("plou-ville"), join: Some(key.clone()), login: None, ..lou };
    hub.put(further.clone()).await;
    let pairs = [(PersonId::new(LOU), further.id.clone())];
    assert_eq!(store.pair(&pairs, preau_store::SaidBy::Hand, hub.hub.now()).await.expect("kept"), [true]);
    let mut ines = store.person(&PersonId::new(INES.id)).await.expect("read").expect("Inès");
    let own = ines.children.pop().expect("Lou");
    ines.children.push(Child { pupil: key, ..own.clone() });
    hub.put(ines.clone()).await;
    let mut browser = hub.browser();
    browser.sign_in(&INES).at_home().await;
    assert!(act_for(&mut browser, LOU).await.has_link("Carnet 2A"), "under the name of the further record");
    assert!(act_for(&mut browser, NOE.id).await.has_link("Carnet 6B"), "control");
    ines.children.push(own);
    hub.put(ines).await;
    hub.clock.advance(5);
    let home = browser.visit("/").await;
    assert_eq!(home.body.matches(&format!("value=\"{LOU}\"")).count(), 1, "once: {}", home.words());
}
