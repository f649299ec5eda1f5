//! Signing in with a password of the directory: what people type, and what attackers type. Each refusal stands beside a
//! control that succeeds.

use crate::doubles::{Canary, Request, Scripted, control, entry, message, result};
use crate::support::{Annuaire, passwords};
use preau_connector_api::Verdict;
use preau_domain::normalised_login;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

const PEOPLE: &str = "ou=people,dc=ent,dc=example";

/// A server with one person, which answers a bind as a person with `bind`.
async fn scripted(bind: impl Fn(u8) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |id, request| match request {
        Request::Bind { dn } if dn.starts_with("uid=") => bind(id),
        Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
        Request::Search { .. } => {
            let io =
                entry(&format!("uid=io,{PEOPLE}"), &[("ENTPersonLogin", "io"), ("ENTPersonJointure", "AC-NOTOS$7")]);
            [message(id, &io, &[]), message(id, &result(0x65, 0, "", &[]), &[])].concat()
        }
        _ => Vec::new(),
    })
    .await
}

#[tokio::test]
async fn a_right_password_is_proven_and_a_wrong_one_refused() {
    let annuaire = Annuaire::start("ldap-sign-in");
    let check = passwords(&annuaire.connector());
    for account in &annuaire.summary.accounts {
        let verdict = check.check(&account.login, &account.password).await;
        assert!(matches!(verdict, Ok(Verdict::Proven { .. })), "{}: {verdict:?}", account.role);
        assert_eq!(check.check(&account.login, "nonsense").await, Ok(Verdict::Refused("wrong-password")));
    }
    assert_eq!(check.check("nobody", "nonsense").await, Ok(Verdict::Refused("unknown")));
    let teacher = annuaire.account("teacher");
    let key = Verdict::Proven { key: "4000011".into() };
    assert_eq!(check.check(&teacher.login, &teacher.password).await, Ok(key), "the key is that of the reading");
}

/// A later password is told from the one before by when it was set, where the directory lets that be read.
#[tokio::test]
async fn when_a_password_was_set_is_told_as_the_directory_says_it() {
    let annuaire = Annuaire::start("ldap-set-at");
    let set = Arc::new(AtomicUsize::new(0));
    let times = Arc::clone(&set);
    let server = Scripted::start(move |id, request| match request {
        Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
        Request::Search { .. } => {
            let mut said = vec![("ENTPersonLogin", "io"), ("ENTPersonJointure", "AC-NOTOS$7")];
            said.extend(
                [&[][..], &[("pwdChangedTime", "20260901Z")], &[("pwdchangedtime", "20260902Z")]][times.load(SeqCst)],
            );
            let io = entry(&format!("uid=io,{PEOPLE}"), &said);
            [message(id, &io, &[]), message(id, &result(0x65, 0, "", &[]), &[])].concat()
        }
        _ => Vec::new(),
    })
    .await;
    let check = passwords(&annuaire.connector_through(server.port, ""));
    let mut told = Vec::new();
    for time in 0..3 {
        set.store(time, SeqCst);
        let checked = check.checked("io", "secret").await.expect("it answers");
        assert!(matches!(checked.verdict, Verdict::Proven { .. }));
        told.push(checked.password);
    }
    assert_eq!(told, [None, Some("pwdChangedTime=20260901Z".into()), Some("pwdChangedTime=20260902Z".into())]);
}

/// LDAP-01: some servers answer success to a bind with a name and no password.
#[tokio::test]
async fn an_empty_password_never_reaches_the_directory() {
    let annuaire = Annuaire::start("ldap-empty");
    let server = scripted(|id| message(id, &result(0x61, 0, "", &[]), &[])).await;
    let check = passwords(&annuaire.connector_through(server.port, ""));
    for empty in ["", "\0", " ", "   \t", "\0\0", "\u{a0}", "\0secret"] {
        assert_eq!(check.check("io", empty).await, Ok(Verdict::Refused("empty")), "{empty:?}");
    }
    assert_eq!(check.check("io", "a\0b").await, Ok(Verdict::Refused("wrong-password")));
    assert_eq!(check.check("io", &"x".repeat(5000)).await, Ok(Verdict::Refused("wrong-password")));
    assert!(server.asked().is_empty(), "refused before any network");
    assert!(check.proven("io", "anything").await, "control: this server accepts whatever it is asked");
}

/// LDAP-02 and LDAP-03: what is typed is a value, never a piece of a filter or of a name.
#[tokio::test]
async fn a_login_is_a_value_and_nothing_else() {
    let annuaire = Annuaire::start("ldap-injection");
    let check = passwords(&annuaire.connector());
    let pupil = annuaire.account("pupil-6e");
    let long = "a".repeat(4096);
    for typed in [
        "*",
        "titan*",
        "titan.mistral)(uid=*",
        "*)(|(objectClass=*",
        "\\2a",
        "titan.mistral\0",
        "titan.mistral)(objectclass=enteleve",
        "titan.mistral,ou=people",
        "uid=x,ou=people,dc=ent,dc=example",
        "(|(uid=*)(uid=*))",
        "&",
        "titan\u{ad}.mistral",
        "titan.mistral\u{200b}",
        long.as_str(),
    ] {
        // As typed, and as whoever normalises logins hands it over.
        for login in [Some(typed.to_owned()), normalised_login(typed)].into_iter().flatten() {
            let verdict = check.check(&login, &pupil.password).await;
            assert_eq!(verdict, Ok(Verdict::Refused("unknown")), "{typed:?}");
        }
    }
    assert!(check.proven(&pupil.login, &pupil.password).await, "control");

    // The name that is bound is the one the search found, special characters and all.
    annuaire
        .slapd
        .change(
            "dn: uid=x\\,ou\\=admins,ou=people,dc=ent,dc=example\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\n\
             cn: x\nsn: x\nENTPersonLogin: x*(virgule)\nENTPersonJointure: AC-NOTOS$77\nuserPassword: sesame-77\n",
        )
        .expect("the administrator may");
    assert!(check.proven("x*(virgule)", "sesame-77").await);
    assert!(!check.proven("x*", "sesame-77").await);
}

/// LDAP-04: a login that two entries have is nobody's, whichever password is right.
#[tokio::test]
async fn a_login_that_two_entries_have_is_refused() {
    let annuaire = Annuaire::start("ldap-ambiguous");
    let check = passwords(&annuaire.connector());
    let twin = |n: u8| {
        format!(
            "dn: uid=twin{n},{PEOPLE}\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\ncn: x\nsn: x\n\
             ENTPersonLogin: gemeau\nENTPersonJointure: AC-NOTOS$8{n}\nuserPassword: sesame-{n}\n"
        )
    };
    annuaire.slapd.change(&twin(1)).expect("the administrator may");
    assert!(check.proven("gemeau", "sesame-1").await, "control: alone, it is somebody's");
    for n in [2, 3] {
        annuaire.slapd.change(&twin(n)).expect("the administrator may");
        for password in ["sesame-1", "sesame-2", "sesame-3"] {
            assert_eq!(check.check("gemeau", password).await, Ok(Verdict::Refused("ambiguous")));
        }
    }
}

/// LDAP-05: neither in the answer to a search nor in that to a bind.
#[tokio::test]
async fn a_referral_is_never_followed() {
    let annuaire = Annuaire::start("ldap-sign-in-referral");
    let canary = Canary::start().await;
    let uri = format!("ldap://{}/", canary.address);
    let in_text = uri.clone();
    let server = scripted(move |id| message(id, &result(0x61, 10, "", &[&in_text]), &[])).await;
    let check = passwords(&annuaire.connector_through(server.port, ""));
    assert!(check.check("io", "secret").await.is_err());

    let teacher = annuaire.account("teacher");
    let check = passwords(&annuaire.connector());
    assert!(check.proven(&teacher.login, &teacher.password).await, "control");
    annuaire
        .slapd
        .change(&format!(
            "dn: cn=elsewhere,{PEOPLE}\nobjectClass: referral\nobjectClass: extensibleObject\ncn: elsewhere\nref: {uri}\n"
        ))
        .expect("the administrator may");
    assert!(check.check(&teacher.login, &teacher.password).await.is_err());
    assert_eq!(canary.calls().await, 0);
}

/// LDAP-09: a connection that proved one person serves nobody else, and never a search.
#[tokio::test]
async fn a_connection_that_bound_a_person_serves_for_nothing_else() {
    let annuaire = Annuaire::start("ldap-reuse");
    let server = scripted(|id| message(id, &result(0x61, 0, "", &[]), &[])).await;
    let check = passwords(&annuaire.connector_through(server.port, ""));
    let many = (0..20).map(|n| {
        let check = check.clone();
        tokio::spawn(async move { check.proven("io", &format!("secret-{n}")).await })
    });
    for one in many.collect::<Vec<_>>() {
        assert!(one.await.expect("a check never panics"), "control: each is proven");
    }
    assert_eq!(check.check("nobody", "secret").await, Ok(Verdict::Refused("unknown")));
    let mut connections: BTreeMap<usize, Vec<Request>> = BTreeMap::new();
    for (connection, request) in server.asked() {
        connections.entry(connection).or_default().push(request);
    }
    let (mut searching, mut binding) = (0, 0);
    for requests in connections.values() {
        let people = requests.iter().filter(|r| matches!(r, Request::Bind { dn } if dn.starts_with("uid="))).count();
        if people > 0 {
            binding += 1;
            assert!(matches!(requests.as_slice(), [Request::Bind { .. }] | [Request::Bind { .. }, Request::Unbind]));
        } else {
            searching += 1;
            assert!(requests[1..].iter().all(|r| matches!(r, Request::Search { .. })), "{requests:?}");
        }
    }
    assert_eq!(binding, 21, "one for each check, the unknown login included");
    assert!((1..=4).contains(&searching), "{searching} connections search");
}

/// LDAP-10: what a server says about an account becomes a word for the audit.
#[tokio::test]
async fn password_policies_become_words() {
    let annuaire = Annuaire::start("ldap-policy");
    let ad =
        |data| format!("80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {data}, v4563");
    let policy = |error: u8| control("1.3.6.1.4.1.42.2.27.8.5.1", &[0x30, 3, 0x81, 1, error]);
    for (code, text, controls, word) in [
        (49, String::new(), Vec::new(), "wrong-password"),
        (49, String::new(), policy(0), "expired"),
        (49, String::new(), policy(1), "locked"),
        (0, String::new(), policy(2), "expired"),
        (49, ad("52e"), Vec::new(), "wrong-password"),
        (49, ad("532"), Vec::new(), "expired"),
        (49, ad("533"), Vec::new(), "locked"),
        (49, ad("773"), Vec::new(), "expired"),
        (49, ad("775"), Vec::new(), "locked"),
    ] {
        let server = scripted(move |id| message(id, &result(0x61, code, &text, &[]), &controls)).await;
        let check = passwords(&annuaire.connector_through(server.port, ""));
        assert_eq!(check.check("io", "secret").await, Ok(Verdict::Refused(word)));
    }
    let server = scripted(|id| message(id, &result(0x61, 0, "", &[]), &[])).await;
    let check = passwords(&annuaire.connector_through(server.port, ""));
    assert!(check.proven("io", "secret").await, "control");
}
