//! One round: a browser goes to the provider with a signed request, and its answer comes back through a form.

use crate::config::Settings;
use crate::published::Known;
use crate::{answer, logout, request};
use async_trait::async_trait;
use preau_connector_api::{
    Carried, Departure, LogoutMessage, Names, POSTED, Redirect, RedirectError, Round, Turns, Unavailable,
    UpstreamIdentity, UpstreamLogout, known_as,
};
use preau_domain::Instant;
use preau_saml::bindings::{Kind, post};
use preau_saml::names::SAMLP;
use std::sync::Arc;
use std::time::Duration;

/// When whoever brings an encrypted answer hears that it is not believed: far later than opening and verifying one takes.
const MOMENT: Duration = Duration::from_millis(100);

/// See the module.
pub(crate) struct Upstream {
    pub(crate) known: Arc<Known>,
}

#[async_trait]
impl Redirect for Upstream {
    fn title(&self) -> &Names {
        &self.known.first.title
    }

    fn known_until(&self) -> Option<Instant> {
        self.known.of_file().and_then(|settings| settings.valid_until)
    }

    async fn begin(&self, round: &Round<'_>) -> Result<Departure, RedirectError> {
        let settings = self.valid(round.now).await?;
        let _turn = round.turns.take().await?;
        Ok(request::departure(&settings, round)?)
    }

    fn posted<'a>(&self, form: &[(&'a str, &'a str)]) -> Option<(&'a str, &'a str)> {
        let one = |name: &str| {
            let mut found = form.iter().filter(|(key, _)| *key == name).map(|(_, value)| *value);
            found.next().filter(|_| found.next().is_none())
        };
        Some((one("RelayState")?, one(Kind::Response.parameter())?))
    }

    fn sends_people(&self) -> bool {
        self.known.first.unsolicited
    }

    fn unasked(&self, form: &[(&str, &str)]) -> bool {
        let mut messages = form.iter().filter(|(name, _)| *name == Kind::Response.parameter());
        let message = messages.next().filter(|_| messages.next().is_none());
        let document = message.and_then(|(_, message)| post::decode(message).ok());
        document.is_some_and(|document| {
            let root = document.unverified();
            root.is(SAMLP, "Response") && root.attribute("InResponseTo").is_none()
        })
    }

    async fn complete(&self, round: &Round<'_>, answer: &[(&str, &str)]) -> Result<UpstreamIdentity, RedirectError> {
        let settings = self.valid(round.now).await?;
        let posted = answer.iter().find(|(name, _)| *name == POSTED).map(|(_, message)| *message);
        let message = posted.ok_or(RedirectError::NotBelieved("no message"))?;
        let document = {
            // A round costs its browser nothing, and may be answered again and again with what nobody signed.
            let _turn = round.turns.to_read(message.len()).await?;
            post::decode(message)
        };
        // Nothing was verified yet, and nothing of it is told.
        let document = document.map_err(|refused| RedirectError::NotBelieved(answer::word_of(&refused)))?;
        let proof = told_at_one_moment(&settings, answer::believe(&settings, round, &document)).await?;
        let (subject, lasting) = proof.subject(&settings)?;
        Ok(UpstreamIdentity {
            issuer: settings.entity_id.clone(),
            subject,
            agent: settings.agents.read(|attribute| proof.texts(attribute)),
            names: known_as(&settings.rules, |attribute| proof.texts(attribute)),
            at: Some(proof.at),
            acr: proof.class.clone(),
            sid: proof.sid(),
            lasting,
            logout_hint: logout::hint(&settings, &proof),
        })
    }

    fn metadata(&self, callback: &str, _now: Instant) -> Option<String> {
        self.known.own(callback)
    }

    async fn logout_notice(&self, _token: &str, _now: Instant) -> Result<UpstreamLogout, RedirectError> {
        // OpenID Connect has such tokens; SAML says it by a message that a browser carries.
        Err(RedirectError::NotBelieved("logout token"))
    }

    async fn logout_message(
        &self,
        message: Carried<'_>,
        callback: &str,
        now: Instant,
        turns: &Turns,
    ) -> Result<LogoutMessage, RedirectError> {
        let settings = self.valid(now).await?;
        let _turn = turns.take().await?;
        logout::message(&settings, message, callback, now)
    }

    fn is_about(&self, notice: &UpstreamLogout, hint: &str) -> bool {
        logout::is_about(notice, hint)
    }

    async fn logout_address(&self, hint: Option<&str>, back: &str, callback: &str, now: Instant) -> Option<String> {
        logout::address(&*self.known.at(now).await, hint, back, callback, now)
    }
}

/// What is not believed of an answer that may have been opened is said at one moment, or at one of those that follow in its beat: how long it took tells nobody whether it
/// opened, nor what was wrong in it.
async fn told_at_one_moment<T>(
    settings: &Settings,
    believed: impl Future<Output = Result<T, RedirectError>>,
) -> Result<T, RedirectError> {
    let begun = tokio::time::Instant::now();
    let believed = believed.await;
    if settings.encrypted && matches!(believed, Err(RedirectError::NotBelieved(_))) {
        // Whoever waited longer for a turn hears at a later moment, which is one of few as well.
        let past = begun.elapsed().as_nanos() / MOMENT.as_nanos();
        let moments = u32::try_from(past).unwrap_or(u32::MAX).saturating_add(1);
        tokio::time::sleep_until(begun + MOMENT.saturating_mul(moments)).await;
    }
    believed
}

impl Upstream {
    /// What is known of the provider; nothing, where its metadata have expired: their keys are not believed any more.
    async fn valid(&self, now: Instant) -> Result<Arc<Settings>, Unavailable> {
        let settings = self.known.at(now).await;
        match settings.valid_until {
            Some(until) if until <= now => Err(Unavailable(format!("its metadata expired at {}", until.rfc3339()))),
            _ => Ok(settings),
        }
    }
}
