//! How much slower sign-ons with a session become in a storm: of passwords that are hashed here, of people whose directory takes
//! calls and never answers, of requests of SAML whose refusal is signed for somebody who has not signed in, and of large documents of
//! SAML that nobody we know sent. Times of the clock, because waiting is what people notice: taken in turn, in quiet and in the
//! storm, so that what else the machine does strikes both.

use crate::client::{Client, field};
use crate::measure::{median, signed_in, ticket, validate};
use crate::saml::asking;
use crate::world::{SAML_BOTH, Server};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Browsers that send one after the other.
const CROWD: u64 = 64;
/// How long somebody who was told "not now" waits before they try again: less than people do.
const AGAIN: Duration = Duration::from_millis(250);
/// Sign-ons in each half of a round.
const SIGN_ONS: usize = 400;
/// Rounds; the middle one is quoted.
const ROUNDS: usize = 5;

/// Bytes of a large document, of elements with an attribute each.
const LARGE: usize = 192 * 1024;

/// What a crowd sends.
#[derive(Clone, Copy)]
pub enum Sends {
    /// Passwords of people of that public.
    Passwords(&'static str),
    /// Requests of SAML that nobody must be asked for, of browsers without a session: the answer is a signed refusal.
    Requests,
    /// Requests of SAML that are as long as they may be, of a service that is not known here.
    Documents,
}

/// What came of one storm.
pub struct Figures {
    /// 99 of 100 sign-ons came within this, in quiet and in the storm.
    pub p99: (Duration, Duration),
    /// The second over the first: the middle of the rounds.
    pub ratio: f64,
    /// Passwords, requests or documents sent a second.
    pub sent: f64,
    /// How many of them were answered "not now", of a hundred.
    pub turned_away: f64,
}

/// A directory that takes every call and never answers.
pub async fn mute() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        let mut calls = Vec::new();
        while let Ok((call, _)) = listener.accept().await {
            calls.push(call);
        }
    });
    Ok(port)
}

/// A storm of browsers that all send the same kind of thing.
pub async fn measure(server: &Server, sends: Sends) -> Result<Figures> {
    let (mut visitor, mut service) = (signed_in(server).await?, Client::connect(server.port()).await?);
    let (mut quiet, mut stormy, mut ratios) = (vec![], vec![], vec![]);
    let (mut sent, mut away, mut storms) = (0, 0, Duration::ZERO);
    for _ in 0..ROUNDS {
        let before = p99(&mut visitor, &mut service).await?;
        let storm = Storm::begin(server.port(), sends).await?;
        let (began, before_them) = (Instant::now(), storm.counts());
        let within = p99(&mut visitor, &mut service).await?;
        let (all, turned_away) = storm.counts();
        storms += began.elapsed();
        storm.end().await?;
        (sent, away) = (sent + all - before_them.0, away + turned_away - before_them.1);
        ratios.push(within.as_secs_f64() / before.as_secs_f64());
        quiet.push(before);
        stormy.push(within);
    }
    quiet.sort_unstable();
    stormy.sort_unstable();
    Ok(Figures {
        p99: (quiet[ROUNDS / 2], stormy[ROUNDS / 2]),
        ratio: median(ratios),
        sent: sent as f64 / storms.as_secs_f64(),
        turned_away: 100.0 * away as f64 / sent.max(1) as f64,
    })
}

/// Somebody who is signed in opens a service, again and again.
pub async fn p99(visitor: &mut Client, service: &mut Client) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..SIGN_ONS {
        let began = Instant::now();
        validate(service, &ticket(visitor).await?).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[SIGN_ONS * 99 / 100])
}

/// One of the crowd.
struct Sender {
    browser: Client,
    port: u16,
    number: u64,
    sends: Sends,
    /// The address of the sign-in and the token of its form, of who sends passwords; the document, of who sends those.
    holds: (String, String),
}

impl Sender {
    async fn begin(port: u16, number: u64, sends: Sends) -> Result<Sender> {
        let mut browser = Client::connect(port).await?;
        let holds = match sends {
            Sends::Passwords(public) => {
                let step = browser.get("/").await?.location.context("no sign-in began")?;
                let page = browser.get(&format!("{step}?public={public}")).await?;
                (step, field(&page.body, "token")?)
            }
            Sends::Requests => Default::default(),
            Sends::Documents => (String::new(), STANDARD.encode(large())),
        };
        Ok(Sender { browser, port, number, sends, holds })
    }

    /// Sends one more; each is another one.
    async fn send(&mut self, turn: u64) -> Result<StatusCode> {
        let (place, secret) = &self.holds;
        let answer = match self.sends {
            Sends::Passwords(public) => {
                // Each login once: nobody waits for a delay.
                let login = format!("inconnu.{}.{turn}", self.number);
                // And each password: one that fails at many accounts would be slowed before it is hashed.
                let password = format!("{login}, une longue phrase de passe ").repeat(20);
                let fields = [("token", &**secret), ("public", public), ("login", &login), ("password", &password)];
                self.browser.post(&format!("{place}/password"), &fields).await?
            }
            Sends::Requests => {
                let answer = self.browser.get(&asking(self.port, SAML_BOTH, true)?).await?;
                let turned_away = answer.status == StatusCode::SERVICE_UNAVAILABLE;
                ensure!(turned_away || answer.body.contains("SAMLResponse"), "nothing was signed: {}", answer.status);
                answer
            }
            Sends::Documents => {
                let answer = self.browser.post("/saml/sso", &[("SAMLRequest", secret)]).await?;
                ensure!(
                    answer.status != StatusCode::PAYLOAD_TOO_LARGE && !answer.status.is_success(),
                    "{}",
                    answer.status
                );
                answer
            }
        };
        Ok(answer.status)
    }
}

/// A request of a service that is not known here, which has to be read to its end before that is seen.
fn large() -> String {
    let mut text = String::from(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a\" Version=\"2.0\" \
         IssueInstant=\"2026-11-28T08:00:00Z\"><saml:Issuer>https://nobody.example/</saml:Issuer>\
         <samlp:Extensions>",
    );
    while text.len() < LARGE {
        text.push_str(
            "<x:e xmlns:x=\"urn:x\" a=\"une valeur assez longue pour compter, mais sans rien qui surprenne\"/>",
        );
    }
    text + "</samlp:Extensions></samlp:AuthnRequest>"
}

/// What is on its way.
struct Storm {
    over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    turned_away: Arc<AtomicU64>,
    crowd: JoinSet<Result<()>>,
}

impl Storm {
    async fn begin(port: u16, sends: Sends) -> Result<Storm> {
        let (sent, turned_away) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let mut storm = Storm { over: Arc::default(), sent, turned_away, crowd: JoinSet::new() };
        for number in 0..CROWD {
            let (over, sent, away) = (storm.over.clone(), storm.sent.clone(), storm.turned_away.clone());
            let mut sender = Sender::begin(port, number, sends).await?;
            storm.crowd.spawn(async move {
                for turn in 0_u64.. {
                    if over.load(Relaxed) {
                        break;
                    }
                    let status = sender.send(turn).await?;
                    sent.fetch_add(1, Relaxed);
                    if status == StatusCode::SERVICE_UNAVAILABLE {
                        away.fetch_add(1, Relaxed);
                        tokio::time::sleep(AGAIN).await;
                    }
                }
                Ok(())
            });
        }
        // It has begun once they are being answered.
        while storm.sent.load(Relaxed) < CROWD {
            tokio::task::yield_now().await;
        }
        Ok(storm)
    }

    /// How many were answered so far, and how many of them with "not now".
    fn counts(&self) -> (u64, u64) {
        (self.sent.load(Relaxed), self.turned_away.load(Relaxed))
    }

    async fn end(mut self) -> Result<()> {
        self.over.store(true, Relaxed);
        while let Some(one) = self.crowd.join_next().await {
            one??;
        }
        Ok(())
    }
}
