//! The morning of the rentrée: ten times as many people come as passwords can be hashed. Each comes once, at a moment drawn from a seed, whether or
//! not those before are through (an open model), waits in line as the pages say, types, and is through or makes the run fail: every answer is
//! looked at, and is a form, a place in line, or the way in. Somebody who is signed in opens a service meanwhile, now and then and as long as anybody
//! waits: what a crowd does to others is worst when the line is long.

use crate::client::{Answer, Client, field};
use crate::measure::{signed_in, ticket, validate};
use crate::storm::p99;
use crate::world::{Server, World, password_of};
use anyhow::{Context, Result, bail, ensure};
use http::StatusCode;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many times what can be hashed comes.
const TIMES: f64 = 10.0;
/// For how long.
const COMING: Duration = Duration::from_secs(10);
/// For how long capacity is measured.
const CAPACITY: Duration = Duration::from_secs(5);
/// Browsers that sign in one after the other, for that.
const BROWSERS: usize = 16;
/// What the moments are drawn from.
const SEED: u64 = 20_260_901;
/// Nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often whoever is signed in opens a service: seldom enough to take nothing from the crowd.
const NOW_AND_THEN: Duration = Duration::from_millis(25);
/// How many times in quiet.
const QUIET: usize = 400;
/// When things should be as before.
const NORMAL: Duration = Duration::from_secs(10);

/// What came of it.
pub struct Figures {
    /// People through in a second, of those who come one after the other.
    pub capacity: f64,
    /// The same in the crowd, as a part of that.
    pub goodput: f64,
    /// How many came.
    pub people: usize,
    /// Places in line that were shown.
    pub places: usize,
    /// 99 of 100 passwords that were looked at were answered within this.
    pub looked_at: Duration,
    /// 99 of 100 sign-ons with a session came within this, now and then: in quiet, and from the first of the crowd to the last.
    pub p99: (Duration, Duration),
    /// How long after the last one was through they came as in quiet, twice as late at most, and whoever signed in waited in no line; none
    /// within the time that is given.
    pub normal: Option<Duration>,
}

/// Numbers that are always the same.
struct Drawn(u64);

impl Drawn {
    /// Between 0 and 1, never 0 (xorshift64*).
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        (bits as f64 + 1.0) / (1u64 << 53) as f64
    }
}

/// What a crowd saw.
#[derive(Default)]
struct Seen {
    places: AtomicUsize,
    /// How long it took to be let in, of everybody who was, once they had typed.
    looked_at: Mutex<Vec<Duration>>,
}

/// Somebody signs in, and waits in line as often as they are told to.
async fn come(port: u16, login: &str, seen: &Seen) -> Result<()> {
    let mut browser = Client::connect(port).await?;
    let (step, password) = (browser.get("/").await?.location.context("no sign-in began")?, password_of(login));
    let mut page = browser.get(&format!("{step}?public=guest")).await?;
    loop {
        page = in_line(&mut browser, page, &seen.places).await?;
        ensure!(page.status == StatusCode::OK, "a form was expected: {}", page.status);
        let token = field(&page.body, "token")?;
        let turn = field(&page.body, "turn").unwrap_or_default();
        let fields =
            [("token", &*token), ("turn", &*turn), ("public", "guest"), ("login", login), ("password", &password)];
        let typed = Instant::now();
        page = browser.post(&format!("{step}/password"), &fields).await?;
        match page.status {
            StatusCode::SEE_OTHER if page.location.as_deref() == Some("/") => {
                seen.looked_at.lock().unwrap_or_else(PoisonError::into_inner).push(typed.elapsed());
                return Ok(());
            }
            StatusCode::SERVICE_UNAVAILABLE => {}
            other => bail!("{login}: {other} {:?}", page.location),
        }
    }
}

/// Waits as long as the page is one of the line.
async fn in_line(browser: &mut Client, mut page: Answer, places: &AtomicUsize) -> Result<Answer> {
    while page.status == StatusCode::SERVICE_UNAVAILABLE {
        places.fetch_add(1, Relaxed);
        let seconds = page.retry_after.context("a place in line says when to look again")?;
        let link = page.body.split("href=\"").find(|rest| rest.contains("/line?") && rest.starts_with("/sign-in/"));
        let link = link.and_then(|rest| rest.split('"').next()).context("no place in line")?.replace("&amp;", "&");
        // As browsers do: nobody holds a connection while they wait.
        browser.rest();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        page = browser.get(&link.replace("&#38;", "&")).await?;
    }
    Ok(page)
}

/// People through in a second, when nobody waits for anybody.
async fn capacity(port: u16) -> Result<f64> {
    let (seen, through) = <(Arc<Seen>, Arc<AtomicUsize>)>::default();
    let (began, mut browsers) = (Instant::now(), JoinSet::new());
    for n in 0..BROWSERS {
        let (seen, through) = (seen.clone(), through.clone());
        browsers.spawn(async move {
            for turn in 0.. {
                if began.elapsed() >= CAPACITY {
                    break;
                }
                come(port, &format!("essai.{n}.{turn}"), &seen).await?;
                through.fetch_add(1, Relaxed);
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(one) = browsers.join_next().await {
        one??;
    }
    ensure!(seen.places.load(Relaxed) == 0, "a few browsers wait in no line");
    Ok(through.load(Relaxed) as f64 / began.elapsed().as_secs_f64())
}

fn within(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}

/// Somebody who is signed in opens a service now and then, as long as there is reason to.
async fn now_and_then(
    (visitor, service): (&mut Client, &mut Client),
    mut go_on: impl FnMut(usize) -> Result<bool>,
) -> Result<Duration> {
    let mut times = Vec::new();
    while go_on(times.len())? {
        tokio::time::sleep(NOW_AND_THEN).await;
        let began = Instant::now();
        validate(service, &ticket(visitor).await?).await?;
        times.push(began.elapsed());
    }
    Ok(within(times))
}

/// Has the crowd come.
pub async fn measure(world: &World, server: &Server) -> Result<Figures> {
    let port = server.port();
    let each = |n: usize| (0..200).map(move |turn| format!("essai.{n}.{turn}"));
    world.accounts(&(0..BROWSERS).flat_map(each).collect::<Vec<_>>()).await?;
    let capacity = capacity(port).await?;
    let people = (TIMES * capacity * COMING.as_secs_f64()) as usize;
    let logins: Vec<String> = (0..people).map(|n| format!("rentree.{n}")).collect();
    world.accounts(&logins).await?;
    world.accounts(&["apres".to_owned()]).await?;
    let (mut visitor, mut service) = (signed_in(server).await?, Client::connect(port).await?);
    let hurried = p99(&mut visitor, &mut service).await?;
    let quiet = now_and_then((&mut visitor, &mut service), |done| Ok(done < QUIET)).await?;

    let seen = Arc::<Seen>::default();
    let (mut drawn, mut crowd, began) = (Drawn(SEED), JoinSet::new(), Instant::now());
    let mut at = Duration::ZERO;
    for login in logins {
        at += Duration::from_secs_f64(-drawn.next().ln() / (TIMES * capacity));
        let (seen, moment) = (seen.clone(), began + at);
        crowd.spawn(async move {
            tokio::time::sleep_until(moment.into()).await;
            tokio::time::timeout(PATIENCE, come(port, &login, &seen)).await.context("somebody waits for ever")?
        });
    }
    let meanwhile = now_and_then((&mut visitor, &mut service), |_| {
        while let Some(one) = crowd.try_join_next() {
            one??;
        }
        Ok(!crowd.is_empty())
    });
    let meanwhile = meanwhile.await?;
    let (all, over) = (began.elapsed(), Instant::now());
    let normal = loop {
        let later = Seen::default();
        come(port, "apres", &later).await?;
        let as_before = later.places.into_inner() == 0 && p99(&mut visitor, &mut service).await? <= 2 * hurried;
        let since = over.elapsed();
        if since > NORMAL {
            break None;
        }
        if as_before {
            break Some(since);
        }
    };
    let goodput = people as f64 / all.as_secs_f64() / capacity;
    let looked_at = within(seen.looked_at.lock().unwrap_or_else(PoisonError::into_inner).clone());
    let (places, p99) = (seen.places.load(Relaxed), (quiet, meanwhile));
    Ok(Figures { capacity, goodput, people, places, looked_at, p99, normal })
}
