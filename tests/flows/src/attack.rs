//! What must hold after every hostile request, whatever it was.

use crate::cast::NOE;
use crate::hub::{BASE, TestHub};
use crate::page::Answer;
use std::time::{Duration, Instant};
use url::Url;

/// Longest time a refusal may take. It is coarse on purpose: a machine under load is no attack.
const PROMPT: Duration = Duration::from_secs(2);

/// The watch over one hostile request: begun before it, [ended](Attack::repelled) with its answer.
pub struct Attack {
    hub: TestHub,
    began: Instant,
    events: usize,
}

impl TestHub {
    /// Begins to watch.
    pub fn under_attack(&self) -> Attack {
        Attack { hub: self.clone(), began: Instant::now(), events: self.log.events() }
    }
}

impl Attack {
    /// The attack led nowhere: nobody was sent to a stranger, no session or ticket was given, the answer is a prompt
    /// 4xx or a refusal in the protocol's own words, it stands in the journal once, the log holds no secret, and
    /// somebody else signs in and opens a service as if nothing had happened.
    pub async fn repelled(self, answer: &Answer) {
        let at = format!("{} answered {}", short(&answer.url), answer.status);
        assert!(self.began.elapsed() < PROMPT, "{at} after {:?}", self.began.elapsed());
        self.no_stranger(answer);
        no_gift(answer);
        let words = ["authenticationFailure", "proxyFailure", "\"samlp:Requester\""];
        let refused = answer.status.is_client_error() || words.iter().any(|word| answer.body.contains(word));
        let told = answer.location().is_some_and(|to| to.contains("error="));
        assert!(refused || told || answer.body == "no\n\n" || answer.body == "no\n", "{at}: it is not refused");
        let said = self.hub.log.events() - self.events;
        assert_eq!(said, 1, "{at}: {said} events in the journal");
        self.hub.assert_no_secret_in_log();
        self.business_as_usual().await;
    }

    /// The same for a request that is ignored rather than refused: the answer is an ordinary page, without a gift.
    pub async fn ignored(self, answer: &Answer) {
        assert!(!answer.status.is_server_error(), "{} answered {}", short(&answer.url), answer.status);
        self.no_stranger(answer);
        no_gift(answer);
        self.hub.assert_no_secret_in_log();
        self.business_as_usual().await;
    }

    /// No redirect, form or refresh leads to a host that is not registered.
    fn no_stranger(&self, answer: &Answer) {
        let mut targets: Vec<String> = answer.location().map(str::to_owned).into_iter().collect();
        if answer.is_html() {
            targets.extend(answer.forms().into_iter().map(|form| form.action));
            assert!(
                !answer.body.to_ascii_lowercase().contains("http-equiv=\"refresh\""),
                "a page that moves by itself"
            );
        }
        let hosts = self.hub.known_hosts();
        let here = Url::parse(BASE).and_then(|base| base.join("/")).expect("our own address");
        for target in targets {
            let to = here.join(&target).unwrap_or_else(|_| panic!("{target} is no address"));
            let host = format!("{}:{}", to.host_str().unwrap_or_default(), to.port_or_known_default().unwrap_or(0));
            assert!(hosts.contains(&host), "{} leads to {target}", short(&answer.url));
        }
    }

    /// A pupil signs in and opens a service.
    async fn business_as_usual(&self) {
        self.hub.clock.advance(2);
        let app = self.hub.app("app");
        let ticket = self.hub.browser().at("203.0.113.80").sign_in(&NOE).to(&app).await.ticket();
        assert_eq!(app.validate(&ticket).await.user(), Some(NOE.login), "the house still works");
    }
}

/// No session's cookie, no ticket.
fn no_gift(answer: &Answer) {
    for (name, value) in answer.cookies() {
        assert!(name != "__Host-preau" || value.is_empty(), "{} gives a session", short(&answer.url));
    }
    let location = answer.location().unwrap_or_default();
    assert!(!location.contains("ticket=ST-"), "{} gives a ticket", short(&answer.url));
    for gift in ["code", "access_token", "id_token", "refresh_token"] {
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
        assert!(answer.told(gift).is_empty() && json[gift].is_null(), "{} gives a {gift}", short(&answer.url));
    }
    let words = ["authenticationSuccess", "proxySuccess", "NameIdentifier"];
    let granted = words.iter().any(|word| answer.body.contains(word)) || answer.body.starts_with("yes");
    assert!(!granted, "{} tells who somebody is", short(&answer.url));
}

fn short(url: &str) -> String {
    url.chars().take(200).collect()
}
