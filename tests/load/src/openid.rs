//! What OpenID Connect costs: a code flow within a session, userinfo, introspection and refresh, each in turn with a bare
//! answer, in a small world and in a large one.

use crate::Flow;
use crate::client::{Answer, Client};
use crate::measure::{ANSWER, Floor, PAIRS, Series, Yardsticks, cost, median, signed_in};
use crate::report::Report;
use crate::world::{CLIENT, CLIENT_SECRET, Server};
use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::Value;

/// Operations in one figure.
const EACH: u32 = 200;
const CALLBACK: &str = "https://application.example/callback";

/// The tokens must survive; the code lives for seconds, in memory, and the service of the benchmark does not ask to hear of
/// the end of a session.
const FLOW: Floor = Floor { answers: 2, inserts: 1, signatures: 1 };
/// The next tokens must survive, and that the former one is spent, which is one change.
const REFRESH: Floor = Floor { answers: 1, inserts: 1, signatures: 1 };

/// What is measured, and against what.
const FIGURES: [(&str, Floor); 4] = [
    ("OpenID Connect: code flow with a session, ES256", FLOW),
    ("refresh with rotation, ES256", REFRESH),
    ("userinfo", ANSWER),
    ("introspection", ANSWER),
];

/// What was found, in the order of [`FIGURES`]: microseconds in the small world and times the floor; how many times that in
/// the large world.
pub struct Costs([((f64, f64), f64); 4]);

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

/// Microseconds of one flow alone.
pub async fn one(flow: Flow, server: &Server) -> Result<f64> {
    let mut pair = Pair::of(server).await?;
    match flow {
        Flow::Code => pair.flow().await,
        Flow::Refresh => pair.refresh().await,
        Flow::Userinfo => pair.userinfo().await,
        Flow::Introspection => pair.introspection().await,
        _ => bail!("no flow of OpenID Connect"),
    }
}

/// Measures everything, pair by pair.
pub async fn measure(small: &Server, large: &Server, yardsticks: &mut Yardsticks) -> Result<Costs> {
    let (mut few, mut many) = (Pair::of(small).await?, Pair::of(large).await?);
    let mut series: [(Series, Vec<f64>); 4] = Default::default();
    for round in 0..=PAIRS {
        let units = yardsticks.units().await?;
        let pairs = [
            (few.flow().await?, many.flow().await?),
            (few.refresh().await?, many.refresh().await?),
            (few.userinfo().await?, many.userinfo().await?),
            (few.introspection().await?, many.introspection().await?),
        ];
        // The first round warms caches and connections.
        if round > 0 {
            for (((costs, growths), (_, floor)), (cost, larger)) in series.iter_mut().zip(FIGURES).zip(pairs) {
                costs.add(cost, floor.of(&units));
                growths.push(larger / cost);
            }
        }
    }
    Ok(Costs(series.map(|(costs, growths)| (costs.middle(), median(growths)))))
}

impl Costs {
    /// Adds what was found to the page.
    pub fn tell(&self, report: &mut Report, people: u32) {
        for ((what, floor), (figure, _)) in FIGURES.into_iter().zip(self.0) {
            report.against(what, figure, floor);
        }
        for ((what, _), (_, growth)) in FIGURES.into_iter().zip(self.0) {
            report.growth(what, growth, people);
        }
    }
}
