//! LOG-02 on the wire: the program, a real directory with slow hashes, and whoever holds a watch.

use crate::source::Annuaire;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A password nobody types, by a hash that takes some forty milliseconds.
const SLOW: &str = "{CRYPT}$6$rounds=200000$sel.de.mer$\
                    roJ93u9cATBwVpc3YO8Wri9AkAFwYkDZr/Ss4N01d5JvQU9s6bk0E0TO8YXKbmXNrgp9GzraovPYy8PwPjvpG0";
/// People with such a hash: each is tried once, since whoever failed has to wait.
const TRIES: usize = 7;

struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Status, where it leads, and the page.
    async fn ask(&mut self, path: &str, form: Option<&[(&str, &str)]>) -> (u16, String, String) {
        let address = format!("{}{path}", self.base);
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = match form {
            None => self.http.get(address),
            Some(fields) => {
                let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                self.http.post(address).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
            }
        };
        let response = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for line in response.headers().get_all(SET_COOKIE) {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers().get(LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (response.status().as_u16(), location.unwrap_or_default(), response.text().await.unwrap())
    }

    /// How long it takes to be told that a password is wrong.
    async fn refused(mut self, login: &str) -> Duration {
        let (_, step, _) = self.ask("/", None).await;
        let (_, _, page) = self.ask(&format!("{step}?public=staff"), None).await;
        let token = page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        // Each their own: one password tried on account after account is slowed (LOG-09).
        let wrong = format!("mauvais-mot-de-passe-de-{login}");
        let typed = [("token", token), ("public", "staff"), ("login", login), ("password", &wrong)];
        let (began, (status, _, page)) = (Instant::now(), self.ask(&format!("{step}/password"), Some(&typed)).await);
        assert_eq!(status, 422, "{login} after {:?}: {page}", began.elapsed());
        began.elapsed()
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_refusal_does_not_tell_who_exists() {
    preau_keys::install_provider();
    let annuaire = Annuaire::start();
    let person = |n| {
        format!(
            "dn: uid=lent{n},ou=people,dc=ent,dc=example\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\ncn: x\nsn: x\n\
             ENTPersonLogin: lent{n}\nENTPersonJointure: AC-NOTOS$91{n}\nuserPassword: {SLOW}\n\n"
        )
    };
    annuaire.slapd.change(&(0..TRIES).map(person).collect::<String>()).unwrap();
    // A machine with much to do makes everybody wait: that is no directory out of order.
    let config = std::fs::read_to_string(annuaire.desk.path("preau.toml")).unwrap();
    annuaire.desk.write("preau.toml", &format!("{config}connect_ms = 5000\nsign_in_ms = 5000\n"));
    let server = annuaire.desk.serve(&[]).ready();
    let browser = || Browser {
        http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap(),
        base: format!("http://{}", annuaire.desk.address),
        cookies: BTreeMap::new(),
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..TRIES {
        unknown.push(browser().refused(&format!("inconnu{n}")).await);
        known.push(browser().refused(&format!("lent{n}")).await);
    }
    let (unknown, known) = (median(unknown), median(known));
    println!("{unknown:?} unknown, {known:?} known");
    assert!(unknown.abs_diff(known) * 20 < known, "{unknown:?} unknown, {known:?} known");
    drop(server);
}

#[test]
fn the_doctor_says_that_a_decoy_is_not_there() {
    let annuaire = Annuaire::start();
    let doubts = || {
        let checks: Value = serde_json::from_str(&annuaire.desk.run(&["doctor", "--json"]).1).unwrap();
        let of_source = |check: &&Value| check["what"] == "source annuaire" && check["state"] == "warn";
        let found = checks.as_array().unwrap().iter().filter(of_source).map(|check| check["found"].to_string());
        found.filter(|found| found.contains("decoy_dn")).collect::<Vec<_>>()
    };
    assert_eq!(doubts(), Vec::<String>::new(), "control");
    let config = std::fs::read_to_string(annuaire.desk.path("preau.toml")).unwrap();
    annuaire.desk.write("preau.toml", &format!("{config}decoy_dn = \"cn=decoy,dc=ent,dc=example\"\n"));
    assert!(matches!(doubts().as_slice(), [one] if one.contains("is missing")), "{:?}", doubts());
}
