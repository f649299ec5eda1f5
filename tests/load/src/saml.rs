//! What SAML costs: a sign-on within a session, the request of a service in, the signed response out, on a connection that
//! stays, each in turn with the parts of its floor; with one signature of either kind, and as a service has it that asks for
//! nothing. Whoever opens a service for the first time in a session is told apart from whoever comes again: only the former has a
//! visit to be noted. The former are alone, or many together, who share commits.

use crate::client::Client;
use crate::measure::{Floor, PAIRS, Series, TOGETHER, Yardsticks, cost, median, signed_in, spent};
use crate::report::Report;
use crate::world::{SAML_BOTH, SAML_EC, SAML_RSA, Server};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use http::StatusCode;
use preau_domain::Instant;
use preau_keys::SystemIds;
use preau_keys::jose::{Alg, PrivateKey};
use preau_saml::bindings::{Kind, redirect};
use preau_saml::messages::{AuthnRequest, new_id};
use std::time::Duration;

/// Operations in one figure, as many as of the sign-on of CAS: what a process does besides, some hundred microseconds in the time
/// it is waited for, is shared by them.
const EACH: u32 = 300;
/// People who come alone, one after the other, in one figure: each has just signed in, and opens every service once.
const NEW: usize = 16;

/// The visit must survive, so that the service hears of the end of the session.
const FIRST: Floor = Floor { answers: 1, inserts: 1, signatures: 1 };
/// Whoever comes again is on the same visit.
const SIGN_ON: Floor = Floor { answers: 1, inserts: 0, signatures: 1 };

/// A browser in a session.
pub struct Visit {
    pid: u32,
    port: u16,
    browser: Client,
}

/// What was found: microseconds in the small world, times what it is held against, times that in the large world.
struct Figure {
    cost: (f64, f64),
    growth: f64,
}

/// Whoever opens services for the first time in a session: alone, and together.
struct Firsts {
    alone: (f64, f64),
    together: (f64, f64),
}

/// See the module.
pub struct Costs {
    rsa: f64,
    first_rsa: Firsts,
    first_ecdsa: Firsts,
    /// What the busiest thread did of all that was done for people who came together.
    busiest: f64,
    one_rsa: Figure,
    one_ecdsa: Figure,
    both: Figure,
}

impl Visit {
    /// Signs in, once the server has the keys of its world.
    pub async fn of(server: &Server) -> Result<Visit> {
        Ok(Visit { pid: server.pid(), port: server.port(), browser: signed_in(server).await? })
    }

    /// The way of a browser that a service sends to be signed in.
    async fn sign_on(&mut self, service: &str) -> Result<String> {
        let answer = self.browser.get(&asking(self.port, service, false)?).await?;
        let field = answer.body.split("name=\"SAMLResponse\" value=\"").nth(1);
        let field = field.and_then(|rest| rest.split('"').next());
        Ok(field.with_context(|| format!("no response: {} {}", answer.status, answer.body))?.to_owned())
    }

    /// Opens each service once.
    async fn open(&mut self, services: &[&str]) -> Result<()> {
        for service in services {
            self.sign_on(service).await?;
        }
        Ok(())
    }

    /// Microseconds of a sign-on, whose response holds so many signatures.
    pub async fn flow(&mut self, service: &str, signatures: usize) -> Result<f64> {
        let response = String::from_utf8(STANDARD.decode(self.sign_on(service).await?)?)?;
        ensure!(response.contains("status:Success"), "refused: {response}");
        ensure!(response.matches("<ds:SignatureValue>").count() == signatures, "signed in another way: {response}");
        cost(self.pid, EACH, async || self.sign_on(service).await.map(drop)).await
    }
}

/// The address by which a service asks for somebody to be signed in; `passive` if they must not be asked for anything.
pub fn asking(port: u16, service: &str, passive: bool) -> Result<String> {
    let host = format!("http://localhost:{port}");
    let now = std::time::UNIX_EPOCH.elapsed()?.as_millis() as i64;
    let issuer = format!("https://{service}.example/saml/metadata");
    let place = format!("{host}/saml/sso");
    let request = AuthnRequest {
        destination: Some(place.clone()),
        is_passive: passive,
        ..AuthnRequest::of(new_id(&SystemIds), Instant(now), issuer)
    };
    let asked = redirect::encode(&place, Kind::Request, &request.write(), Some("an-opaque-state"), None);
    asked.map_err(|refused| anyhow::anyhow!("{refused}"))
}

/// Waits until a server can serve people: the keys of a world that was just made come a little after it.
pub async fn ready(server: &Server) -> Result<()> {
    let mut machine = Client::connect(server.port()).await?;
    for _ in 0..200 {
        if machine.get("/readyz").await?.status == StatusCode::OK {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the server does not become ready")
}

async fn people(server: &Server, count: usize) -> Result<Vec<Visit>> {
    let mut people = Vec::with_capacity(count);
    for _ in 0..count {
        people.push(Visit::of(server).await?);
    }
    Ok(people)
}

/// Microseconds of a first sign-on at a service, of people who come one after the other.
pub async fn alone(server: &Server, services: &[&str]) -> Result<f64> {
    let mut people = people(server, NEW).await?;
    let mut each = people.iter_mut();
    let count = u32::try_from(NEW)?;
    let person = cost(server.pid(), count, async || each.next().context("somebody")?.open(services).await).await?;
    Ok(person / services.len() as f64)
}

/// The same of [`TOGETHER`] people who never wait for one another, and what the busiest thread of the server did of it all.
pub async fn together(server: &Server, services: &[&str]) -> Result<(f64, f64)> {
    let mut people = people(server, TOGETHER).await?;
    let each =
        spent(server.pid(), async || try_join_all(people.iter_mut().map(|one| one.open(services))).await.map(drop))
            .await?;
    let (whole, most) = (each.iter().sum::<Duration>(), each.iter().max().copied().unwrap_or_default());
    let count = (TOGETHER * services.len()) as f64;
    Ok((whole.as_secs_f64() * 1e6 / count, most.as_secs_f64() / whole.as_secs_f64()))
}

/// Microseconds of one bare signature with RSA.
pub async fn bare(key: &PrivateKey) -> Result<f64> {
    cost(std::process::id(), EACH, async || {
        ensure!(key.sign(Alg::RS256, &[7; 400]).is_ok_and(|signature| signature.len() == 256), "no signature");
        Ok(())
    })
    .await
}

/// Measures everything, pair by pair.
pub async fn measure(small: &Server, large: &Server, yardsticks: &mut Yardsticks) -> Result<Costs> {
    ready(small).await?;
    ready(large).await?;
    let (mut few, mut many) = (Visit::of(small).await?, Visit::of(large).await?);
    let key = PrivateKey::draw(Alg::RS256);
    let (mut signatures, mut busiest) = (vec![], vec![]);
    let mut series: [(Series, Vec<f64>); 3] = Default::default();
    let mut firsts: [[Series; 2]; 2] = Default::default();
    for round in 0..=PAIRS {
        let units = yardsticks.units().await?;
        let rsa = bare(&key).await?;
        let (one_rsa, one_ec) = (SAML_RSA[0], SAML_EC[0]);
        let pairs = [
            (few.flow(one_rsa, 1).await?, many.flow(one_rsa, 1).await?, rsa),
            (few.flow(one_ec, 1).await?, many.flow(one_ec, 1).await?, SIGN_ON.of(&units)),
            (few.flow(SAML_BOTH, 2).await?, many.flow(SAML_BOTH, 2).await?, rsa),
        ];
        let (crowd_rsa, spread) = together(small, &SAML_RSA).await?;
        let (crowd_ec, _) = together(small, &SAML_EC).await?;
        let first = [
            ([alone(small, &SAML_RSA).await?, crowd_rsa], rsa),
            ([alone(small, &SAML_EC).await?, crowd_ec], FIRST.of(&units)),
        ];
        // The first round warms caches and connections.
        if round > 0 {
            for (costs, (found, floor)) in firsts.iter_mut().zip(first) {
                costs.iter_mut().zip(found).for_each(|(costs, cost)| costs.add(cost, floor));
            }
            signatures.push(rsa);
            busiest.push(spread);
            for ((costs, growths), (cost, larger, floor)) in series.iter_mut().zip(pairs) {
                costs.add(cost, floor);
                growths.push(larger / cost);
            }
        }
    }
    let [one_rsa, one_ecdsa, both] =
        series.map(|(costs, growths)| Figure { cost: costs.middle(), growth: median(growths) });
    let [first_rsa, first_ecdsa] =
        firsts.map(|[alone, together]| Firsts { alone: alone.middle(), together: together.middle() });
    Ok(Costs { rsa: median(signatures), first_rsa, first_ecdsa, busiest: median(busiest), one_rsa, one_ecdsa, both })
}

impl Costs {
    /// Adds what was found to the page.
    pub fn tell(&self, report: &mut Report, people: u32) {
        let figure = |(microseconds, ratio): (f64, f64)| format!("{ratio:.2} × ({microseconds:.0} µs)");
        let of_rsa = format!("one bare RSA-2048 signature ({:.0} µs)", self.rsa);
        let (first, together) = (self.first_rsa.alone, self.first_rsa.together);
        let what = format!("SAML sign-on with a session, one RSA-2048 signature, the first at a service ÷ {of_rsa}");
        report.row(&what, figure(first), "≤ 1.5", first.1 <= 1.5);
        let what = format!("the same, {TOGETHER} people at once, each ÷ the same");
        report.row(&what, figure(together), "≤ 1.5", together.1 <= 1.5);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let what = format!("of which the busiest thread of the server does, on {cores} cores");
        report.tell(&what, format!("{:.0} %", self.busiest * 100.0));
        report.tell("the same, of whoever comes again ÷ the same", figure(self.one_rsa.cost));
        let what =
            format!("the same as a service has it that asks for nothing: response and assertion signed ÷ {of_rsa}");
        report.tell(&what, figure(self.both.cost));
        let (first, together) = (self.first_ecdsa.alone, self.first_ecdsa.together);
        let floor = FIRST.words();
        let what = format!("SAML sign-on with a session, one ECDSA P-256 signature, the first at a service ÷ {floor}");
        report.row(&what, figure(first), "≤ 4", first.1 <= 4.0);
        report.tell(&format!("the same, {TOGETHER} people at once, each ÷ the same"), figure(together));
        let what = format!("the same, of whoever comes again ÷ {}", SIGN_ON.words());
        report.tell(&what, figure(self.one_ecdsa.cost));
        report.growth("SAML sign-on, one RSA-2048 signature", self.one_rsa.growth, people);
        report.growth("SAML sign-on, one ECDSA P-256 signature", self.one_ecdsa.growth, people);
    }
}
