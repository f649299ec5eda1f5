//! What OpenID Connect costs: a code flow within a session, userinfo, introspection and refresh, each in turn with a bare
//! answer, in a small world and in a large one.

use crate::client::{Answer, Client};
use crate::measure::{PAIRS, bare_answer, cost, median, signed_in};
use crate::report::Report;
use crate::world::{CLIENT, CLIENT_SECRET, Server};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use preau_keys::jose::{Alg, PrivateKey};
use serde_json::Value;

/// Operations in one figure.
const EACH: u32 = 200;
const CALLBACK: &str = "https://application.example/callback";

/// Microseconds in the small world, and how many times that in the large one.
#[derive(Clone, Copy, Debug)]
struct Figure {
    small: f64,
    growth: f64,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    bare: f64,
    signature: f64,
    flow: Figure,
    userinfo: Figure,
    introspection: Figure,
    refresh: Figure,
}

/// A browser in a session, and the application with connections of its own.
struct Pair {
    pid: u32,
    browser: Client,
    application: Client,
    bearer: Client,
}

/// What the application holds.
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    fn of(answer: &Answer) -> Result<Tokens> {
        ensure!(answer.status == StatusCode::OK, "no tokens: {} {}", answer.status, answer.body);
        let said: Value = serde_json::from_str(&answer.body)?;
        let text = |name: &str| said[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        text("id_token")?;
        Ok(Tokens { access: text("access_token")?, refresh: text("refresh_token")? })
    }
}

impl Pair {
    async fn of(server: &Server) -> Result<Pair> {
        let mut application = Client::connect(server.port()).await?;
        let pair = format!("{CLIENT}:{CLIENT_SECRET}");
        application.authorize(Some(format!("Basic {}", STANDARD.encode(pair))));
        let bearer = Client::connect(server.port()).await?;
        Ok(Pair { pid: server.pid(), browser: signed_in(server).await?, application, bearer })
    }

    /// The way of a person who has a session: the service asks, the browser brings a code, the code becomes tokens.
    async fn sign_on(&mut self) -> Result<Tokens> {
        let asked = url::form_urlencoded::Serializer::new("/oidc/authorize?".to_owned())
            .extend_pairs([("response_type", "code"), ("client_id", CLIENT), ("redirect_uri", CALLBACK)])
            .extend_pairs([("scope", "openid profile ent"), ("state", "an-opaque-state"), ("nonce", "a-nonce-of-once")])
            .finish();
        let answer = self.browser.get(&asked).await?;
        let location = answer.location.unwrap_or_default();
        let code = location.split("code=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default();
        ensure!(!code.is_empty(), "no code: {} {location}", answer.status);
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        Tokens::of(&self.application.post("/oidc/token", &fields).await?)
    }

    async fn flow(&mut self) -> Result<f64> {
        cost(self.pid, EACH, async || self.sign_on().await.map(drop)).await
    }

    async fn userinfo(&mut self) -> Result<f64> {
        let tokens = self.sign_on().await?;
        self.bearer.authorize(Some(format!("Bearer {}", tokens.access)));
        cost(self.pid, EACH, async || {
            let answer = self.bearer.get("/oidc/userinfo").await?;
            ensure!(answer.body.contains("\"sub\""), "userinfo: {} {}", answer.status, answer.body);
            Ok(())
        })
        .await
    }

    async fn introspection(&mut self) -> Result<f64> {
        let tokens = self.sign_on().await?;
        cost(self.pid, EACH, async || {
            let answer = self.application.post("/oidc/introspect", &[("token", &tokens.access)]).await?;
            ensure!(answer.body.contains("\"active\":true"), "introspection: {} {}", answer.status, answer.body);
            Ok(())
        })
        .await
    }

    async fn refresh(&mut self) -> Result<f64> {
        let mut tokens = self.sign_on().await?;
        cost(self.pid, EACH, async || {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh.as_str())];
            tokens = Tokens::of(&self.application.post("/oidc/token", &fields).await?)?;
            Ok(())
        })
        .await
    }
}

/// Measures everything, pair by pair.
pub async fn measure(small: &Server, large: &Server, bare: &Server) -> Result<Costs> {
    let (mut few, mut many) = (Pair::of(small).await?, Pair::of(large).await?);
    let mut yardstick = Client::connect(bare.port()).await?;
    let key = PrivateKey::draw(Alg::ES256);
    let (mut bares, mut signatures) = (vec![], vec![]);
    let mut figures: [(Vec<f64>, Vec<f64>); 4] = Default::default();
    for round in 0..=PAIRS {
        let unit = cost(bare.pid(), 2000, async || bare_answer(&mut yardstick).await).await?;
        let signature = cost(std::process::id(), 500, async || {
            ensure!(key.sign(Alg::ES256, &[7; 400]).is_ok_and(|signature| signature.len() == 64), "no signature");
            Ok(())
        });
        let signature = signature.await?;
        let pairs = [
            (few.flow().await?, many.flow().await?),
            (few.userinfo().await?, many.userinfo().await?),
            (few.introspection().await?, many.introspection().await?),
            (few.refresh().await?, many.refresh().await?),
        ];
        // The first round warms caches and connections.
        if round > 0 {
            bares.push(unit);
            signatures.push(signature);
            for ((costs, growths), (cost, larger)) in figures.iter_mut().zip(pairs) {
                costs.push(cost);
                growths.push(larger / cost);
            }
        }
    }
    let [flow, userinfo, introspection, refresh] =
        figures.map(|(costs, growths)| Figure { small: median(costs), growth: median(growths) });
    Ok(Costs { bare: median(bares), signature: median(signatures), flow, userinfo, introspection, refresh })
}

impl Costs {
    /// Adds what was found to the page. The floor of what is durable is made of what nobody can do without: the answers,
    /// one signature, one durable insert by our own writer.
    pub fn tell(&self, report: &mut Report, insert: f64, people: u32) {
        let Costs { bare, signature, flow, userinfo, introspection, refresh } = *self;
        let mut against = |what: &str, cost: f64, floor: f64, of: &str| {
            let ratio = cost / floor;
            report.row(what, format!("{ratio:.2} × ({cost:.0} µs; {of})"), "≤ 3", ratio <= 3.0);
        };
        let floor = 2.0 * bare + signature + insert;
        let of = format!("floor {floor:.0} µs = 2 answers, a signature of {signature:.1} µs and a durable insert");
        against("OpenID Connect: code flow with a session, ES256 ÷ floor of this run", flow.small, floor, &of);
        let floor = bare + signature + insert;
        let of = format!("floor {floor:.0} µs = an answer, a signature and a durable insert");
        against("refresh with rotation, ES256 ÷ floor of this run", refresh.small, floor, &of);
        let of = format!("an answer {bare:.1} µs");
        against("userinfo ÷ a bare axum answer", userinfo.small, bare, &of);
        against("introspection ÷ a bare axum answer", introspection.small, bare, &of);
        let growths = [flow, refresh, userinfo, introspection].map(|figure| figure.growth);
        let [flow, refresh, userinfo, introspection] = growths;
        let figure = format!("{flow:.2}, {refresh:.2}, {userinfo:.2}, {introspection:.2} ×");
        let what = format!(
            "code flow, refresh, userinfo, introspection at 11,000 establishments, {people} people ÷ at 1, 1,000"
        );
        report.row(&what, figure, "≤ 1.15", growths.iter().all(|growth| *growth <= 1.15));
    }
}
