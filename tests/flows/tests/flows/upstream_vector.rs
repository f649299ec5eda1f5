//! Families who come from a provider that knows them by `FrEduVecteur` alone: pupils by the number of their school, parents by
//! their names and the number of a child, and nobody else.

use crate::upstream_saml::{EDUCONNECT, Idp};
use preau_domain::{Affiliation, Child, Enrolment, JoinKey, Legal, Person, PersonId, Profile, SourceId};
use preau_flows::{Answer, Browser, COLLEGE, LYCEE, NOE, TestHub, stories, uai};

stories!(
    a_pupil_comes_in_by_the_number_of_their_school,
    a_parent_of_several_children_chooses_among_their_accounts,
    what_a_vector_gets_wrong_names_nobody,
    what_fits_two_parents_is_neither,
);

const VECTORS: Idp = Idp { rule: "{ claim = \"FrEduVecteur\", as = \"vector\", source = \"annuaire\" }", ..EDUCONNECT };

async fn serves_families(hub: &TestHub) -> TestHub {
    let source = VECTORS.source("");
    hub.again_with(|setup| {
        for public in ["pupil", "guardian"] {
            setup.config.sign_in.publics.insert(public.to_owned(), "educonnect".to_owned());
        }
        setup.sources.push(source);
    })
    .await
}

fn enrolled(school: u32, number: &str) -> Option<Box<Enrolment>> {
    Some(Box::new(Enrolment { establishment: uai(school), number: number.to_owned(), first_degree: false }))
}

/// A parent of the pupil of that number there.
fn parent(id: &str, names: (&str, &str), legal: Legal, school: u32, number: &str) -> Person {
    let pupil = JoinKey { source: SourceId::new("annuaire"), key: format!("child-{number}") };
    let enrolment = enrolled(school, number);
    Person {
        id: PersonId::new(id),
        join: Some(JoinKey { source: SourceId::new("annuaire"), key: id.to_owned() }),
        login: None,
        given_name: names.0.to_owned(),
        family_name: names.1.to_owned(),
        affiliations: vec![Affiliation::new(uai(school), Profile::Guardian)],
        children: vec![Child { pupil, link: "10".to_owned(), legal, enrolment }],
        ..NOE.person()
    }
}

async fn comes_in(hub: &TestHub, browser: &mut Browser, public: &str, vectors: &[&str]) -> Answer {
    VECTORS.comes_in(hub, browser, public, &[("FrEduVecteur", vectors)]).await
}

/// What the journal says of a refusal.
async fn why(hub: &TestHub, answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 403, "{}", answer.words());
    hub.journal(answer.incident()).await.into_iter().map(|event| event.detail).collect()
}

async fn a_pupil_comes_in_by_the_number_of_their_school(hub: TestHub) {
    let hub = serves_families(&hub).await;
    let mut noe = NOE.person();
    noe.affiliations[0].enrolment = enrolled(COLLEGE, "55021");
    let name = noe.display_name();
    hub.put(noe).await;
    for other in [format!("4|||55022|{}", uai(COLLEGE)), format!("4|||55021|{}", uai(LYCEE))] {
        let nobody = comes_in(&hub, &mut hub.browser(), "pupil", &[&other]).await;
        assert_eq!(why(&hub, &nobody).await, ["no-account"], "{other}");
    }
    let own = format!("4|||55021|{}", uai(COLLEGE));
    let both = comes_in(&hub, &mut hub.browser(), "pupil", &[&own, &format!("4|||55022|{}", uai(COLLEGE))]).await;
    assert_eq!(why(&hub, &both).await, ["no-account"], "nobody is two pupils");
    let mut browser = hub.browser();
    let inside = comes_in(&hub, &mut browser, "pupil", &[&own]).await;
    assert_eq!(inside.location(), Some("/"), "{}", inside.words());
    assert!(browser.visit("/").await.words().contains(&name));
}

async fn a_parent_of_several_children_chooses_among_their_accounts(hub: TestHub) {
    let hub = serves_families(&hub).await;
    let names = ("Anne-Hélène", "D'Orval");
    hub.put(parent("p1", names, Legal::Representative, COLLEGE, "1")).await;
    hub.put(parent("p2", ("ANNE HELENE", "D ORVAL"), Legal::Representative, LYCEE, "2")).await;
    let vector = |school, number: &str| format!("2|D'ORVAL|Anne Hélène|{number}|{}", uai(school));
    let [here, there] = [vector(COLLEGE, "1"), vector(LYCEE, "2")];
    let mut browser = hub.browser();
    let chooser = comes_in(&hub, &mut browser, "guardian", &[&here, &there]).await;
    assert!(!browser.signed_in(), "nobody is in before they chose");
    let page = browser.visit(chooser.location().unwrap_or_default()).await;
    assert!(page.words().contains("Anne-Hélène D'Orval"), "{}", page.words());
    let chosen = browser.submit_once(&page.form_with("account"), &[("account", "1")]).await;
    assert_eq!(chosen.location(), Some("/"), "{}", chosen.words());
    let linked = comes_in(&hub, &mut hub.browser(), "guardian", &[]).await;
    assert_eq!(linked.location(), Some("/"), "from now on the link is enough: {}", linked.words());
}

async fn what_a_vector_gets_wrong_names_nobody(hub: TestHub) {
    let hub = serves_families(&hub).await;
    hub.put(parent("p1", ("Aude", "Belombre"), Legal::Representative, COLLEGE, "1")).await;
    hub.put(parent("p2", ("Luc", "Belombre"), Legal::Contact, COLLEGE, "1")).await;
    let at = uai(COLLEGE);
    let wrong = [
        format!("2|Belombre|Luc|1|{at}"),
        format!("2|Belombre|Audrey|1|{at}"),
        format!("2|||1|{at}"),
        format!("2|Belombre|Aude|2|{at}"),
        format!("2|Belombre|Aude|1|{}", uai(LYCEE)),
        format!("4|||1|{at}"),
        format!("5|Belombre|Aude|1|{at}"),
        format!("2|Belombre|Aude|1|{at}|"),
        format!("2|Belombre|Aude|%|{at}"),
    ];
    for vector in &wrong {
        let nobody = comes_in(&hub, &mut hub.browser(), "guardian", &[vector]).await;
        assert_eq!(why(&hub, &nobody).await, ["no-account"], "{vector}");
    }
    let vector = format!("2|Belombre|Aude|1|{at}");
    let control = comes_in(&hub, &mut hub.browser(), "guardian", &[&vector]).await;
    assert_eq!(control.location(), Some("/"), "control: {}", control.words());
}

async fn what_fits_two_parents_is_neither(hub: TestHub) {
    let hub = serves_families(&hub).await;
    let twins = ["p1", "p2"].map(|id| parent(id, ("Dominique", "Belombre"), Legal::Representative, COLLEGE, "1"));
    for one in &twins {
        hub.put(one.clone()).await;
    }
    let vector = format!("2|Belombre|Dominique|1|{}", uai(COLLEGE));
    let nobody = comes_in(&hub, &mut hub.browser(), "guardian", &[&vector]).await;
    assert_eq!(why(&hub, &nobody).await, ["vector-shared"]);
    hub.put(Person { given_name: "Claude".to_owned(), ..twins[1].clone() }).await;
    let control = comes_in(&hub, &mut hub.browser(), "guardian", &[&vector]).await;
    assert_eq!(control.location(), Some("/"), "control: {}", control.words());
}
