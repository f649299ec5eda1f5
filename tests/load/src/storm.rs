//! How much slower sign-ons with a session become in a storm: of passwords that are hashed here, and of people whose directory takes
//! calls and never answers. Times of the clock, because waiting is what people notice: taken in turn, in quiet and in the
//! storm, so that what else the machine does strikes both.

use crate::client::{Client, field};
use crate::measure::{median, signed_in, ticket, validate};
use crate::world::Server;
use anyhow::{Context, Result};
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Browsers that send one password after the other.
const CROWD: u64 = 64;
/// How long somebody who was told "not now" waits before they try again: less than people do.
const AGAIN: Duration = Duration::from_millis(250);
/// Sign-ons in each half of a round.
const SIGN_ONS: usize = 400;
/// Rounds; the middle one is quoted.
const ROUNDS: usize = 5;

/// What came of one storm.
pub struct Figures {
    /// 99 of 100 sign-ons came within this, in quiet and in the storm.
    pub p99: (Duration, Duration),
    /// The second over the first: the middle of the rounds.
    pub ratio: f64,
    /// Passwords sent a second.
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

/// A storm of people of one public who all type a password.
pub async fn measure(server: &Server, public: &'static str) -> Result<Figures> {
    let (mut visitor, mut service) = (signed_in(server).await?, Client::connect(server.port()).await?);
    let (mut quiet, mut stormy, mut ratios) = (vec![], vec![], vec![]);
    let (mut sent, mut away, mut storms) = (0, 0, Duration::ZERO);
    for _ in 0..ROUNDS {
        let before = p99(&mut visitor, &mut service).await?;
        let storm = Storm::begin(server.port(), public).await?;
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
async fn p99(visitor: &mut Client, service: &mut Client) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..SIGN_ONS {
        let began = Instant::now();
        validate(service, &ticket(visitor).await?).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[SIGN_ONS * 99 / 100])
}

/// Passwords on their way.
struct Storm {
    over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    turned_away: Arc<AtomicU64>,
    crowd: JoinSet<Result<()>>,
}

impl Storm {
    async fn begin(port: u16, public: &'static str) -> Result<Storm> {
        let (sent, turned_away) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let mut storm = Storm { over: Arc::default(), sent, turned_away, crowd: JoinSet::new() };
        for number in 0..CROWD {
            let (over, sent, away) = (storm.over.clone(), storm.sent.clone(), storm.turned_away.clone());
            let mut browser = Client::connect(port).await?;
            let step = browser.get("/").await?.location.context("no sign-in began")?;
            let page = browser.get(&format!("{step}?public={public}")).await?;
            let token = field(&page.body, "token")?;
            storm.crowd.spawn(async move {
                for turn in 0_u64.. {
                    if over.load(Relaxed) {
                        break;
                    }
                    // Each login once: nobody waits for a delay.
                    let login = format!("inconnu.{number}.{turn}");
                    let password = "une longue phrase de passe ".repeat(20);
                    let fields = [("token", &*token), ("public", public), ("login", &login), ("password", &password)];
                    let answer = browser.post(&format!("{step}/password"), &fields).await?;
                    sent.fetch_add(1, Relaxed);
                    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
                        away.fetch_add(1, Relaxed);
                        tokio::time::sleep(AGAIN).await;
                    }
                }
                Ok(())
            });
        }
        // It has begun once passwords are being answered.
        while storm.sent.load(Relaxed) < CROWD {
            tokio::task::yield_now().await;
        }
        Ok(storm)
    }

    /// How many passwords were answered so far, and how many of them with "not now".
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
