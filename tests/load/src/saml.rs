//! What SAML costs: a sign-on within a session, the request of a service in, the signed response out, each in turn with the
//! parts of its floor; with one signature of either kind, and as a service has it that asks for nothing. Whoever comes for the
//! first time is told apart from whoever comes again: only the former has a visit to be noted.

use crate::client::Client;
use crate::measure::{Floor, PAIRS, Series, Yardsticks, cost, median, signed_in};
use crate::report::Report;
use crate::world::{SAML_BOTH, SAML_EC, SAML_RSA, Server};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_domain::Instant;
use preau_keys::SystemIds;
use preau_keys::jose::{Alg, PrivateKey};
use preau_saml::bindings::{Kind, redirect};
use preau_saml::messages::{AuthnRequest, new_id};
use std::time::Duration;

/// Operations in one figure.
const EACH: u32 = 100;
/// People who come for the first time, in one figure: each has just signed in.
const NEW: usize = 40;

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

/// See the module.
pub struct Costs {
    rsa: f64,
    first_rsa: (f64, f64),
    first_ecdsa: (f64, f64),
    one_rsa: Figure,
    one_ecdsa: Figure,
    both: Figure,
}

impl Visit {
    /// Signs in.
    pub async fn of(server: &Server) -> Result<Visit> {
        Ok(Visit { pid: server.pid(), port: server.port(), browser: signed_in(server).await? })
    }

    /// The way of a browser that a service sends to be signed in.
    async fn sign_on(&mut self, service: &str) -> Result<String> {
        let host = format!("http://localhost:{}", self.port);
        let now = std::time::UNIX_EPOCH.elapsed()?.as_millis() as i64;
        let issuer = format!("https://{service}.example/saml/metadata");
        let request = AuthnRequest {
            destination: Some(format!("{host}/saml/sso")),
            ..AuthnRequest::of(new_id(&SystemIds), Instant(now), issuer)
        };
        let place = format!("{host}/saml/sso");
        let asked = redirect::encode(&place, Kind::Request, &request.write(), Some("an-opaque-state"), None);
        let answer = self.browser.get(&asked.map_err(|refused| anyhow::anyhow!("{refused}"))?).await?;
        let field = answer.body.split("name=\"SAMLResponse\" value=\"").nth(1);
        let field = field.and_then(|rest| rest.split('"').next());
        Ok(field.with_context(|| format!("no response: {} {}", answer.status, answer.body))?.to_owned())
    }

    /// The first one: the keys of a world that was just made come a little after its server.
    async fn first(&mut self, service: &str) -> Result<String> {
        for _ in 0..100 {
            if let Ok(response) = self.sign_on(service).await {
                return Ok(response);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.sign_on(service).await
    }

    /// Microseconds of a sign-on, whose response holds so many signatures.
    pub async fn flow(&mut self, service: &str, signatures: usize) -> Result<f64> {
        let response = String::from_utf8(STANDARD.decode(self.first(service).await?)?)?;
        ensure!(response.contains("status:Success"), "refused: {response}");
        ensure!(response.matches("<ds:SignatureValue>").count() == signatures, "signed in another way: {response}");
        cost(self.pid, EACH, async || self.sign_on(service).await.map(drop)).await
    }
}

/// Microseconds of a first sign-on at a service.
async fn afresh(server: &Server, service: &str) -> Result<f64> {
    let mut people = Vec::with_capacity(NEW);
    for _ in 0..NEW {
        people.push(Visit::of(server).await?);
    }
    let mut each = people.iter_mut();
    let count = u32::try_from(NEW)?;
    cost(server.pid(), count, async || each.next().context("somebody")?.sign_on(service).await.map(drop)).await
}

/// Measures everything, pair by pair.
pub async fn measure(small: &Server, large: &Server, yardsticks: &mut Yardsticks) -> Result<Costs> {
    let (mut few, mut many) = (Visit::of(small).await?, Visit::of(large).await?);
    let key = PrivateKey::draw(Alg::RS256);
    let own = std::process::id();
    let mut signatures = vec![];
    let mut series: [(Series, Vec<f64>); 3] = Default::default();
    let mut firsts: [Series; 2] = Default::default();
    for round in 0..=PAIRS {
        let units = yardsticks.units().await?;
        let rsa = cost(own, EACH, async || {
            ensure!(key.sign(Alg::RS256, &[7; 400]).is_ok_and(|signature| signature.len() == 256), "no signature");
            Ok(())
        })
        .await?;
        let pairs = [
            (few.flow(SAML_RSA, 1).await?, many.flow(SAML_RSA, 1).await?, rsa),
            (few.flow(SAML_EC, 1).await?, many.flow(SAML_EC, 1).await?, SIGN_ON.of(&units)),
            (few.flow(SAML_BOTH, 2).await?, many.flow(SAML_BOTH, 2).await?, rsa),
        ];
        let first = [(afresh(small, SAML_RSA).await?, rsa), (afresh(small, SAML_EC).await?, FIRST.of(&units))];
        // The first round warms caches and connections.
        if round > 0 {
            firsts.iter_mut().zip(first).for_each(|(costs, (cost, floor))| costs.add(cost, floor));
            signatures.push(rsa);
            for ((costs, growths), (cost, larger, floor)) in series.iter_mut().zip(pairs) {
                costs.add(cost, floor);
                growths.push(larger / cost);
            }
        }
    }
    let [one_rsa, one_ecdsa, both] =
        series.map(|(costs, growths)| Figure { cost: costs.middle(), growth: median(growths) });
    let [first_rsa, first_ecdsa] = firsts.map(|costs| costs.middle());
    Ok(Costs { rsa: median(signatures), first_rsa, first_ecdsa, one_rsa, one_ecdsa, both })
}

impl Costs {
    /// Adds what was found to the page.
    pub fn tell(&self, report: &mut Report, people: u32) {
        let figure = |(microseconds, ratio): (f64, f64)| format!("{ratio:.2} × ({microseconds:.0} µs)");
        let of_rsa = format!("one bare RSA-2048 signature ({:.0} µs)", self.rsa);
        let (one, both) = (self.one_rsa.cost, self.both.cost);
        let what = format!("SAML sign-on with a session, one RSA-2048 signature, the first at a service ÷ {of_rsa}");
        report.row(&what, figure(self.first_rsa), "≤ 1.5", self.first_rsa.1 <= 1.5);
        report.tell("the same, of whoever comes again ÷ the same", figure(one));
        let what =
            format!("the same as a service has it that asks for nothing: response and assertion signed ÷ {of_rsa}");
        report.tell(&what, figure(both));
        let ecdsa = self.one_ecdsa.cost;
        let first = self.first_ecdsa;
        let what = format!(
            "SAML sign-on with a session, one ECDSA P-256 signature, the first at a service ÷ {}",
            FIRST.words()
        );
        report.row(&what, figure(first), "≤ 4", first.1 <= 4.0);
        let what = format!("the same, of whoever comes again ÷ {}", SIGN_ON.words());
        report.tell(&what, figure(ecdsa));
        report.growth("SAML sign-on, one RSA-2048 signature", self.one_rsa.growth, people);
        report.growth("SAML sign-on, one ECDSA P-256 signature", self.one_ecdsa.growth, people);
    }
}
