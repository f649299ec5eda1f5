//! A reading that was cut short counts as incomplete, whatever cut it: absence then means nothing. Each test has a control
//! that is complete.

use crate::doubles::{Canary, Request, Road, Scripted, control, entry, message, result};
use crate::support::{Annuaire, Everything};
use ldap3::controls::{ControlParser, MakeCritical, PagedResults, RawControl};
use ldap3::{Ldap, LdapConnAsync, Scope, SearchResult};
use preau_connector_api::Completion;
use preau_rig::SlapdOptions;
use std::sync::atomic::Ordering;
use std::time::Duration;

const PAGED: &str = "1.2.840.113556.1.4.319";

#[tokio::test]
async fn a_size_limit_of_the_directory_leaves_the_reading_incomplete() {
    let options = SlapdOptions { size_limit: Some(300), ..SlapdOptions::default() };
    let limited = Annuaire::start_with("ldap-size-limit", 1500, options);
    let read = Everything::of(&limited.connector_with("page_size = 100")).await;
    assert!(read.incomplete().contains("size limit"), "{}", read.incomplete());
    let few = Annuaire::start_with("ldap-size-few", 150, SlapdOptions { size_limit: Some(300), ..Default::default() });
    assert_eq!(Everything::of(&few.connector_with("page_size = 100")).await.completion, Completion::Complete);
}

#[tokio::test]
async fn a_connection_dropped_in_the_middle_leaves_the_reading_incomplete() {
    let annuaire = Annuaire::start("ldap-dropped");
    let whole = Road::to(annuaire.slapd.port(), usize::MAX).await;
    let read = Everything::of(&annuaire.connector_through(whole.port, "page_size = 200")).await;
    assert_eq!(read.completion, Completion::Complete);
    let total = whole.carried.load(Ordering::Relaxed);
    for tenth in 0..10 {
        let cut = total * tenth / 10 + 1;
        let road = Road::to(annuaire.slapd.port(), cut).await;
        let cut_read = Everything::of(&annuaire.connector_through(road.port, "page_size = 200")).await;
        assert!(cut_read.incomplete().contains("dropped"), "{}", cut_read.incomplete());
        assert!(cut_read.records.len() <= read.records.len());
    }
}

/// Why a reading that was cut begins again: a place in the pages is worth nothing on another connection.
#[tokio::test]
async fn a_place_in_the_pages_goes_with_its_connection() {
    let annuaire = Annuaire::start("ldap-place");
    let password = std::fs::read_to_string(annuaire.slapd.password_file()).expect("it is ours");
    let connected = async || {
        let (connection, mut ldap) = LdapConnAsync::new(&annuaire.slapd.url()).await.expect("it listens");
        tokio::spawn(connection.drive());
        let bound = ldap.simple_bind(&annuaire.slapd.service_dn(), password.trim()).await.expect("it answers");
        bound.success().expect("the account is right");
        ldap
    };
    // The next page: how the search ended, and the place after it.
    let page = async |ldap: &mut Ldap, cookie: Vec<u8>| {
        ldap.with_controls(RawControl::from(PagedResults { size: 100, cookie }.critical()));
        let all = ldap.search("ou=people,dc=ent,dc=example", Scope::Subtree, "(objectClass=*)", vec!["1.1"]).await;
        let SearchResult(entries, ended) = all.expect("it answers");
        let place = ended.ctrls.iter().find(|control| control.1.ctype == PAGED);
        let place = place.map(|control| PagedResults::parse(control.1.val.as_deref().expect("it is paged")).cookie);
        (ended.rc, entries.len(), place.unwrap_or_default())
    };
    let (mut first, mut second) = (connected().await, connected().await);
    let (code, entries, place) = page(&mut first, Vec::new()).await;
    assert!((code, entries) == (0, 100) && !place.is_empty(), "control");
    let (code, entries, _) = page(&mut second, place.clone()).await;
    assert!(code != 0 && entries == 0, "the place of the first, on the second: {code}");
    assert_eq!(page(&mut second, Vec::new()).await.1, 100, "the second works");
    let (code, entries, _) = page(&mut first, place).await;
    assert_eq!((code, entries), (0, 100), "the place of the first, on the first");
}

#[tokio::test]
async fn a_branch_or_a_sentinel_that_is_gone_leaves_the_reading_incomplete() {
    let annuaire = Annuaire::start("ldap-sentinel");
    let sentinel = |dn: &str| format!("sentinels = [{dn:?}]");
    let there = annuaire.connector_with(&sentinel(&annuaire.account("head").dn));
    assert_eq!(Everything::of(&there).await.completion, Completion::Complete);
    let gone = annuaire.connector_with(&sentinel("uid=gone,ou=people,dc=ent,dc=example"));
    assert!(Everything::of(&gone).await.incomplete().contains("uid=gone"));
    let config = annuaire.config(&annuaire.slapd.url(), "").replace("ou=people,", "ou=persons,");
    let read = Everything::of(&crate::support::open(&config).expect("the configuration is right")).await;
    assert!(read.incomplete().contains("ou=persons") && read.records.is_empty());
    // The branch is there and holds nobody.
    let config = annuaire.config(&annuaire.slapd.url(), "").replace("ou=people,", "ou=groups,");
    let read = Everything::of(&crate::support::open(&config).expect("the configuration is right")).await;
    assert!(read.incomplete().contains("nobody is under"));
}

#[tokio::test]
async fn a_referral_is_never_followed_and_leaves_the_reading_incomplete() {
    let annuaire = Annuaire::start("ldap-referral");
    assert_eq!(Everything::of(&annuaire.connector()).await.completion, Completion::Complete);
    let canary = Canary::start().await;
    let address = canary.address;
    annuaire
        .slapd
        .change(&format!(
            "dn: cn=elsewhere,ou=people,dc=ent,dc=example\nobjectClass: referral\nobjectClass: extensibleObject\n\
             cn: elsewhere\nref: ldap://{address}/ou=people,dc=ent,dc=example\n"
        ))
        .expect("the administrator may");
    let read = Everything::of(&annuaire.connector()).await;
    assert!(read.incomplete().contains("never followed"), "{}", read.incomplete());
    assert_eq!(canary.calls().await, 0);
}

#[tokio::test]
async fn a_server_that_loses_count_of_the_pages_leaves_the_reading_incomplete() {
    let serve = |with_cookie: bool| {
        move |id: u8, request: &Request| match request {
            Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
            Request::Search { base } => {
                let school = [
                    ("ENTStructureJointure", "AC-NOTOS$9001"),
                    ("ENTStructureUAI", "0990001N"),
                    ("ENTStructureNomCourant", "Collège Mica"),
                ];
                let person = [
                    ("ENTPersonJointure", "AC-NOTOS$7"),
                    ("ENTPersonLogin", "io"),
                    ("sn", "Mica"),
                    ("givenName", "Io"),
                    ("ENTPersonProfils", "National_ELV"),
                    ("ENTPersonStructRattach", "9001"),
                ];
                let attributes: &[(&str, &str)] = if base.contains("people") { &person } else { &school };
                let end = control(PAGED, &[0x30, 5, 0x02, 1, 0, 0x04, 0]);
                let controls = if with_cookie { end } else { Vec::new() };
                [message(id, &entry(base, attributes), &[]), message(id, &result(0x65, 0, "", &[]), &controls)].concat()
            }
            _ => Vec::new(),
        }
    };
    let annuaire = Annuaire::start("ldap-cookie");
    let good = Scripted::start(serve(true)).await;
    let read = Everything::of(&annuaire.connector_through(good.port, "")).await;
    assert_eq!(read.completion, Completion::Complete);
    let bad = Scripted::start(serve(false)).await;
    let read = Everything::of(&annuaire.connector_through(bad.port, "")).await;
    assert!(read.incomplete().contains("lost count"), "{}", read.incomplete());
}

/// A limit of time, of the administrator's, a server that is busy or unwilling: whatever is not a success at the end of a page.
#[tokio::test]
async fn any_end_but_success_leaves_the_reading_incomplete() {
    let annuaire = Annuaire::start("ldap-ends");
    let ends = |code: u8| {
        move |id: u8, request: &Request| match request {
            Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
            Request::Search { base } => {
                let school = [
                    ("ENTStructureJointure", "AC-NOTOS$9001"),
                    ("ENTStructureUAI", "0990001N"),
                    ("ENTStructureNomCourant", "Collège Mica"),
                ];
                let person = [
                    ("ENTPersonJointure", "AC-NOTOS$7"),
                    ("ENTPersonLogin", "io"),
                    ("sn", "Mica"),
                    ("givenName", "Io"),
                    ("ENTPersonProfils", "National_ELV"),
                    ("ENTPersonStructRattach", "9001"),
                ];
                let people = base.contains("people");
                let attributes: &[(&str, &str)] = if people { &person } else { &school };
                let end = control(PAGED, &[0x30, 5, 0x02, 1, 0, 0x04, 0]);
                let code = if people { code } else { 0 };
                [message(id, &entry(base, attributes), &[]), message(id, &result(0x65, code, "", &[]), &end)].concat()
            }
            _ => Vec::new(),
        }
    };
    // Time limit, size limit, administrator's limit, an extension that is not there, busy, unavailable, unwilling, loop, anything else.
    for code in [3, 4, 11, 12, 51, 52, 53, 54, 80] {
        let server = Scripted::start(ends(code)).await;
        let read = Everything::of(&annuaire.connector_through(server.port, "")).await;
        assert!(!read.incomplete().is_empty(), "{code}");
    }
    let server = Scripted::start(ends(0)).await;
    let read = Everything::of(&annuaire.connector_through(server.port, "")).await;
    assert_eq!(read.completion, Completion::Complete, "control");
}

/// Eight pages of fifty entries of a kilobyte.
const FEW_PAGES: usize = 8 * 50 * 1024;

#[tokio::test]
async fn a_slow_reader_holds_a_few_pages_and_no_more() {
    let annuaire = Annuaire::start_with("ldap-slow", 6_000, SlapdOptions::default());
    let road = Road::to(annuaire.slapd.port(), usize::MAX).await;
    let connector = annuaire.connector_through(road.port, "page_size = 50");
    let directory = connector.directory.expect("LDAP is a directory");
    let (out, mut from) = tokio::sync::mpsc::channel(1);
    let reading = tokio::spawn(async move { directory.read(out).await });
    for _ in 0..500 {
        from.recv().await.expect("there are more");
    }
    // Nobody reads any more: soon nothing is carried any more.
    let before = road.carried.load(Ordering::Relaxed);
    let flood = async {
        while road.carried.load(Ordering::Relaxed) < before + FEW_PAGES {
            tokio::task::yield_now().await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(500), flood).await.is_err(),
        "more than a few pages were fetched"
    );
    // Control: the rest comes as soon as somebody reads again.
    while from.recv().await.is_some() {}
    assert_eq!(reading.await.expect("a reading never panics"), Completion::Complete);
    assert!(road.carried.load(Ordering::Relaxed) > before + FEW_PAGES);
}
