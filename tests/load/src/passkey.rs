//! What a sign-in with a passkey costs, beside the parts of its floor: three answers — the way in, the page that asks, the proof — one insert, since
//! that the challenge was answered, what the authenticator counted and the session are to survive and can do so in one commit, and one
//! verification of ES256. Each comes on a connection of its own, as people do.

use crate::client::{Client, field, unescaped};
use crate::measure::{Floor, PAIRS, Series, Yardsticks, cost, median, signed_in};
use crate::report::Report;
use crate::world::Server;
use anyhow::{Context, Result, ensure};
use http::StatusCode;
use preau_authenticator::{Authenticator, Said};
use preau_keys::jose::{Alg, PrivateKey};

/// Sign-ins in one figure.
const EACH: u32 = 100;
/// How many times its floor one may cost.
const MOST: f64 = 3.0;

/// Besides one verification.
const FLOOR: Floor = Floor { answers: 3, inserts: 1, signatures: 0 };

/// Somebody with a passkey.
pub struct Holder {
    pid: u32,
    port: u16,
    device: Authenticator,
}

impl Holder {
    /// Signs in with the password and adds a passkey on the account page.
    pub async fn of(server: &Server) -> Result<Holder> {
        let (mut browser, port) = (signed_in(server).await?, server.port());
        let mut device = Authenticator::new(&format!("http://localhost:{port}"));
        let page = browser.get("/account/passkeys/new").await?;
        let form = Form::of(&page.body).with_context(|| format!("no passkey is made here: {}", page.status))?;
        let answer = device.create(&form.asked, &Said::default());
        let fields = [("token", &*form.token), ("challenge", &form.challenge), ("answer", &answer), ("name", "Banc")];
        let added = browser.post("/account/passkeys", &fields).await?;
        ensure!(added.status == StatusCode::SEE_OTHER, "no passkey was added: {} {}", added.status, added.body);
        Ok(Holder { pid: server.pid(), port, device })
    }

    async fn sign_in(&mut self) -> Result<()> {
        let mut browser = Client::connect(self.port).await?;
        let step = browser.get("/").await?.location.context("no sign-in began")?;
        let page = browser.get(&step).await?;
        let form = Form::of(&page.body).context("the page asks for no passkey")?;
        let answer = self.device.get(&form.asked, &Said::default());
        let fields = [("token", &*form.token), ("challenge", &form.challenge), ("answer", &answer)];
        let entered = browser.post(&format!("{step}/passkey"), &fields).await?;
        ensure!(entered.location.as_deref() == Some("/"), "refused: {} {}", entered.status, entered.body);
        Ok(())
    }

    /// Microseconds of one.
    pub async fn flow(&mut self) -> Result<f64> {
        cost(self.pid, EACH, async || self.sign_in().await).await
    }
}

/// The form that asks for a passkey.
struct Form {
    asked: String,
    token: String,
    challenge: String,
}

impl Form {
    fn of(page: &str) -> Result<Form> {
        let form = page.split("data-passkey=\"").nth(1).context("no such form")?;
        let asked = unescaped(form.split('"').next().unwrap_or_default());
        Ok(Form { asked, token: field(form, "token")?, challenge: field(form, "challenge")? })
    }
}

/// Microseconds of one verification.
async fn verification(key: &PrivateKey) -> Result<f64> {
    let message = [7; 400];
    let signature = key.sign(Alg::ES256, &message).map_err(|error| anyhow::anyhow!("{error}"))?;
    cost(std::process::id(), 500, async || {
        ensure!(key.public().verify(Alg::ES256, &message, &signature), "not its signature");
        Ok(())
    })
    .await
}

/// Measures it pair by pair, and tells it.
pub async fn measure(
    small: &Server,
    large: &Server,
    yardsticks: &mut Yardsticks,
    people: u32,
    report: &mut Report,
) -> Result<()> {
    let (mut few, mut many) = (Holder::of(small).await?, Holder::of(large).await?);
    let key = PrivateKey::draw(Alg::ES256);
    let (mut costs, mut growth, mut verifications) = (Series::default(), Vec::new(), Vec::new());
    for round in 0..=PAIRS {
        let (units, verified) = (yardsticks.units().await?, verification(&key).await?);
        let (one, larger) = (few.flow().await?, many.flow().await?);
        // The first round warms caches and connections.
        if round > 0 {
            costs.add(one, FLOOR.of(&units) + verified);
            growth.push(larger / one);
            verifications.push(verified);
        }
    }
    let (cost, ratio) = costs.middle();
    let what = format!("sign-in with a passkey ÷ {} + 1 verification ({:.0} µs)", FLOOR.words(), median(verifications));
    report.row(&what, format!("{ratio:.2} × ({cost:.0} µs)"), "≤ 3", ratio <= MOST);
    report.growth("sign-in with a passkey", median(growth), people);
    Ok(())
}
