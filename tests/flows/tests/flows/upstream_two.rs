//! Two providers in one hub: EduConnect for pupils and families, the academy's guichet for staff, and a password of ours for
//! guests. What one says is worth nothing at the other.

use crate::upstream_saml::{Idp, THEIRS, Trip, leave_for, persistent};
use preau_flows::{ALICE, ANNUAIRE, Answer, Browser, GAELLE, INES, NOE, TestHub, stories};
use preau_keys::jose::{Alg, PrivateKey};
use std::sync::LazyLock;

stories!(
    each_public_comes_in_by_its_own_way,
    what_one_provider_says_is_worth_nothing_at_the_other,
    where_a_school_has_no_federation_a_password_stays,
);

static GUICHET_KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));

const EDUCONNECT: Idp = Idp {
    source: "educonnect",
    entity: "https://educonnect.example/idp",
    key: &THEIRS,
    rule: "{ claim = \"FrEduCtRefId\", as = \"aaf\", source = \"annuaire\", academies = [\"16\"] }",
};

const GUICHET: Idp = Idp {
    source: "guichet",
    entity: "https://guichet.ac-notos.example/fim",
    key: &GUICHET_KEY,
    rule: "{ claim = \"ctemail\", as = \"mail\", source = \"annuaire\", domains = [\"college.example\"] }",
};

/// The house of an academy.
async fn academy(hub: &TestHub) -> TestHub {
    let (educonnect, guichet) = (EDUCONNECT.source(""), GUICHET.source(""));
    hub.again_with(|setup| {
        for (public, source) in [("pupil", "educonnect"), ("guardian", "educonnect"), ("staff", "guichet")] {
            setup.config.sign_in.publics.insert(public.to_owned(), source.to_owned());
        }
        setup.sources.extend([educonnect, guichet]);
    })
    .await
}

fn reference(key: &str) -> String {
    format!("{{AAF}}16|2D|{key}")
}

async fn each_public_comes_in_by_its_own_way(hub: TestHub) {
    let hub = academy(&hub).await;
    for (public, who) in [("pupil", &NOE), ("guardian", &INES)] {
        let mut browser = hub.browser();
        let reference = reference(&who.key());
        let said: [(&str, &[&str]); 1] = [("FrEduCtRefId", &[&reference])];
        // One name there for each of them: the family shares no account.
        let trip = leave_for(&hub, &mut browser, &format!("/elsewhere/educonnect?public={public}")).await;
        let message = EDUCONNECT.answer(&hub, &trip, persistent(who.login), &said);
        let posted = EDUCONNECT.form(&hub, &message, &trip.state).await;
        browser.submit_once(&posted.form_with("posted"), &[]).await;
        assert!(browser.visit("/").await.words().contains(who.name.1), "{public}");
    }
    let mut browser = hub.browser();
    GUICHET.comes_in(&hub, &mut browser, "staff", &[("ctemail", &["Alice.Martin@college.example"])]).await;
    assert!(browser.visit("/").await.words().contains("Alice Martin"));
    let guest = hub.browser().sign_in(&GAELLE).at_home().await.answer;
    assert!(guest.words().contains("Riou"), "a guest has a password here: {}", guest.words());
}

/// What comes of a message that the page of this provider has the browser bring.
async fn brought(hub: &TestHub, browser: &mut Browser, by: &Idp, message: &str, trip: &Trip) -> Answer {
    let posted = by.form(hub, message, &trip.state).await;
    browser.submit_once(&posted.form_with("posted"), &[]).await
}

/// SAML-26, and the trust in each: its own rules, its own names, its own key.
async fn what_one_provider_says_is_worth_nothing_at_the_other(hub: TestHub) {
    let hub = academy(&hub).await;
    let noe = reference(&NOE.key());
    let pupil: [(&str, &[&str]); 2] = [("FrEduCtRefId", &[&noe]), ("ctemail", &["alice.martin@college.example"])];
    let came = EDUCONNECT.comes_in(&hub, &mut hub.browser(), "pupil", &pupil).await;
    assert_eq!(came.location(), Some("/"), "control: {}", came.words());
    let same_name = GUICHET.comes_in(&hub, &mut hub.browser(), "staff", &[("FrEduCtRefId", &[&noe])]).await;
    assert_eq!(same_name.status, 403, "agent-7 of the guichet is not agent-7 of EduConnect: {}", same_name.words());
    let staff = EDUCONNECT.comes_in(&hub, &mut hub.browser(), "pupil", &pupil[1..]).await;
    assert_eq!(staff.location(), Some("/"), "the link of the pupil, and no mail address: {}", staff.words());
    let claims = Idp { entity: EDUCONNECT.entity, ..GUICHET };
    let (pupils, staff) = ("/elsewhere/educonnect?public=pupil", "/elsewhere/guichet?public=staff");
    for (way, source, liar, status) in [
        (pupils, &EDUCONNECT, &claims, 400),
        (staff, &GUICHET, &claims, 403),
        (staff, &GUICHET, &EDUCONNECT, 403),
        (pupils, &EDUCONNECT, &GUICHET, 400),
    ] {
        let mut browser = hub.browser();
        let trip = leave_for(&hub, &mut browser, way).await;
        let lie = liar.answer(&hub, &trip, persistent("agent-7"), &pupil);
        let answer = brought(&hub, &mut browser, source, &lie, &trip).await;
        assert_eq!(answer.status, 403, "{way}: {}", answer.words());
        let truth = EDUCONNECT.answer(&hub, &trip, persistent("agent-7"), &pupil);
        let answer = brought(&hub, &mut browser, &GUICHET, &truth, &trip).await;
        assert_eq!((answer.status.as_u16(), browser.signed_in()), (status, false), "{way}: {}", answer.words());
    }
}

/// The way of the others stands beside the password, and opens the same account.
async fn where_a_school_has_no_federation_a_password_stays(hub: TestHub) {
    let educonnect = EDUCONNECT.source("");
    let hub = hub
        .again_with(|setup| {
            setup.config.sign_in.publics.insert("pupil".to_owned(), ANNUAIRE.to_owned());
            setup.config.sign_in.also.insert("pupil".to_owned(), vec!["educonnect".to_owned()]);
            setup.sources.push(educonnect);
        })
        .await;
    let typed = hub.browser().sign_in(&NOE).at_home().await.answer;
    assert!(typed.words().contains("Petit"), "{}", typed.words());
    let mut browser = hub.browser();
    let page = browser.password_page("/", &NOE).await;
    assert!(page.links().iter().any(|(_, to)| to.contains("/elsewhere/educonnect")), "{:?}", page.links());
    assert!(hub.browser().sign_in(&ALICE).at_home().await.answer.words().contains("Martin"), "staff are not concerned");
}
