//! What the time of a refusal says (LOG-02): against a slapd whose hashes are slow, with the settings as they come, and with
//! a decoy.

use crate::doubles::{Request, Scripted, message, result};
use crate::support::{Annuaire, Passwords, passwords};
use preau_connector_api::Verdict;
use std::time::{Duration, Instant};

/// `sesame-lent`, by a hash that takes some forty milliseconds.
const SLOW: &str = "{CRYPT}$6$rounds=200000$sel.de.mer$\
                    roJ93u9cATBwVpc3YO8Wri9AkAFwYkDZr/Ss4N01d5JvQU9s6bk0E0TO8YXKbmXNrgp9GzraovPYy8PwPjvpG0";
const DECOY: &str = "cn=decoy,ou=administrateurs,dc=ent,dc=example";
const WRONG: &str = "mauvais-mot-de-passe";
const TRIES: usize = 21;
const BUSY: &str = "connect_ms = 5000\nsign_in_ms = 5000";

/// An annuaire with somebody whose hash is slow, and with a decoy.
fn slow(name: &str) -> Annuaire {
    let annuaire = Annuaire::start(name);
    let entries = format!(
        "dn: uid=lent,ou=people,dc=ent,dc=example\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\ncn: x\nsn: x\n\
         ENTPersonLogin: lent\nENTPersonJointure: AC-NOTOS$91\nuserPassword: {SLOW}\n\n\
         dn: {DECOY}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: decoy\nuserPassword: {SLOW}\n"
    );
    annuaire.slapd.change(&entries).expect("the administrator may");
    annuaire
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long the directory worked for a refusal, and when it is told.
async fn refused(check: &Passwords, login: &str) -> (Duration, Duration) {
    let began = Instant::now();
    let checked = check.checked(login, WRONG).await.expect("the directory answers");
    let worked = began.elapsed();
    assert!(matches!(checked.verdict, Verdict::Refused(_)), "{login}");
    (worked, worked.max(checked.refusal_at.saturating_duration_since(began)))
}

#[tokio::test]
async fn when_a_refusal_is_told_says_nothing_with_the_settings_as_they_come() {
    let annuaire = slow("ldap-timing");
    // A machine with much to do makes everybody wait: that is no directory out of order, and what is measured is as it comes.
    let check = passwords(&annuaire.connector_with(BUSY));
    let (mut worked, mut told) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    // The first of all is unknown: there was nobody yet to learn from.
    for turn in 0..2 * TRIES {
        let class = (turn + turn / 2) % 2;
        let (work, answer) = refused(&check, ["personne.inconnue", "lent"][class]).await;
        worked[class].push(work);
        told[class].push(answer);
    }
    let ([quick, slow], [unknown, known]) = (worked.map(median), told.map(median));
    println!("the directory: {quick:?} unknown, {slow:?} known; told: {unknown:?} unknown, {known:?} known");
    assert!(slow > 2 * quick, "control: this directory would tell: {quick:?}, {slow:?}");
    assert!(unknown.abs_diff(known) * 20 < known, "{unknown:?} unknown, {known:?} known");
    assert!(known >= Duration::from_secs(1) && check.proven("lent", "sesame-lent").await, "control: it is a password");
}

/// The processor time of the server so far, in ticks: what else the machine does is not in it.
fn work(annuaire: &Annuaire) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", annuaire.slapd.pid())).expect("slapd runs");
    let (_, after_name) = stat.rsplit_once(')').expect("the name is in parentheses");
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[tokio::test]
async fn with_a_decoy_the_directory_has_the_same_work() {
    let annuaire = slow("ldap-decoy");
    let (without, with) =
        (annuaire.connector_with(BUSY), annuaire.connector_with(&format!("decoy_dn = {DECOY:?}\n{BUSY}")));
    let (without, with) = (passwords(&without), passwords(&with));
    let mut spent = Vec::new();
    for (check, login) in [(&without, "lent"), (&with, "lent"), (&with, "personne.inconnue"), (&without, "inconnu")] {
        let before = work(&annuaire);
        for _ in 0..TRIES {
            refused(check, login).await;
        }
        spent.push(work(&annuaire) - before);
    }
    let [known, same, unknown, spared] = spent[..] else { unreachable!("four were measured") };
    println!("ticks: {known} and {same} known, {unknown} unknown, {spared} unknown without a decoy");
    assert!(known > 5 * spared, "control: without one it has next to nothing to do: {spared} of {known}");
    assert!(unknown * 4 > known * 3 && known * 4 > unknown * 3, "{unknown} unknown, {known} known");
}

/// Nobody is ever bound to in the place of somebody else: a policy of the directory would lock them.
#[tokio::test]
async fn an_unknown_login_is_bound_to_nobody() {
    let annuaire = Annuaire::start("ldap-nobody");
    let server = Scripted::start(|id, request| match request {
        Request::Bind { dn } if dn.starts_with("uid=") => message(id, &result(0x61, 32, "", &[]), &[]),
        Request::Bind { .. } => message(id, &result(0x61, 0, "", &[]), &[]),
        _ => message(id, &result(0x65, 0, "", &[]), &[]),
    })
    .await;
    let check = passwords(&annuaire.connector_through(server.port, ""));
    assert_eq!(check.check("nobody", "secret").await, Ok(Verdict::Refused("unknown")));
    let check = passwords(&annuaire.connector_through(server.port, "decoy_dn = \"uid=decoy,ou=people\""));
    assert_eq!(check.check("nobody", "secret").await, Ok(Verdict::Refused("unknown")));
    let service = annuaire.slapd.service_dn();
    let nobody = "uid=nobody-has-this-login,ou=people,dc=ent,dc=example";
    assert_eq!(server.binds(), [&*service, nobody, &*service, "uid=decoy,ou=people"]);
}

#[tokio::test]
async fn an_operator_is_told_of_a_decoy_that_is_not_there() {
    let annuaire = slow("ldap-decoy-doubts");
    let doubts = async |more: &str| annuaire.connector_with(more).probe.doubts().await;
    assert_eq!(doubts(&format!("decoy_dn = {DECOY:?}")).await, Vec::<String>::new());
    assert_eq!(doubts("").await, Vec::<String>::new(), "it may be left out");
    let told = doubts("decoy_dn = \"cn=personne,ou=administrateurs,dc=ent,dc=example\"").await;
    assert!(matches!(told.as_slice(), [one] if one.contains("cn=personne")), "{told:?}");
}
