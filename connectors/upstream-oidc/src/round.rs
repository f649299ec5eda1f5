//! One round of the code flow: the address the browser goes to, and what is made of what it brings back.

use crate::claims::{self, Proof};
use crate::client::ClientAuth;
use crate::config::Settings;
use crate::logout;
use crate::provider::{MAX_ANSWER, Metadata, Provider};
use async_trait::async_trait;
use http::{Request, header};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreJsonWebKeySet, CoreTokenResponse, CoreTokenType,
};
use openidconnect::{
    AsyncHttpClient, AuthType, AuthUrl, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, HttpRequest, HttpResponse, IssuerUrl, LanguageTag, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse, TokenUrl,
};
use preau_connector_api::{
    Departure, Names, Redirect, RedirectError, Round, UpstreamIdentity, UpstreamLogout, known_as,
};
use preau_domain::Instant;
use preau_egress::EgressError;
use preau_keys::jose::Typ;
use serde_json::{Map, Value, json};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Longest code that is sent back to where it came from.
const MAX_CODE: usize = 4096;
/// Longest ID token kept as a hint for signing out there.
const MAX_HINT: usize = 16 * 1024;

/// See the module.
pub(crate) struct Upstream {
    pub(crate) settings: Arc<Settings>,
    pub(crate) provider: Arc<Provider>,
}

#[async_trait]
impl Redirect for Upstream {
    fn title(&self) -> &Names {
        &self.settings.title
    }

    fn classes(&self) -> &[String] {
        &self.settings.acr_values
    }

    async fn begin(&self, round: &Round<'_>) -> Result<Departure, RedirectError> {
        let metadata = self.provider.metadata(round.now).await?;
        let address = self.authorization(&metadata, round);
        let broken = || RedirectError::Unavailable("the provider's address does not hold".to_owned());
        address.map(Departure::Address).ok_or_else(broken)
    }

    async fn complete(&self, round: &Round<'_>, answer: &[(&str, &str)]) -> Result<UpstreamIdentity, RedirectError> {
        let metadata = self.provider.metadata(round.now).await?;
        let code = self.code(&metadata, answer)?;
        let tokens = self.exchange(&metadata, round, code).await?;
        let id_token = tokens.id_token().ok_or(RedirectError::NotBelieved("no id_token"))?.to_string();
        let access_token = tokens.access_token().secret();
        let verified = self.provider.verify(&id_token, Typ::IsOrAbsent(&["JWT"]), round.now).await?;
        let proof = claims::id_token(&self.settings, round, &verified, access_token)?;
        let mut said = verified.into_claims();
        let mut wanted = self.settings.rules.iter().map(|rule| &rule.claim).chain(self.settings.agents.names());
        if wanted.any(|claim| !said.contains_key(claim))
            && let Some(endpoint) = &metadata.userinfo
            && *tokens.token_type() == CoreTokenType::Bearer
        {
            let more = self.userinfo(endpoint, access_token, &proof, round.now).await?;
            // What the ID token says stands.
            for (name, value) in more {
                said.entry(name).or_insert(value);
            }
        }
        Ok(UpstreamIdentity {
            issuer: self.settings.issuer.clone(),
            subject: proof.subject,
            agent: self.settings.agents.read(|claim| claims::texts(&said, claim)),
            names: known_as(&self.settings.rules, |claim| claims::named(&said, claim)),
            at: proof.at,
            acr: proof.acr,
            sid: proof.sid,
            lasting: true,
            logout_hint: Some(id_token).filter(|token| self.settings.logout && token.len() <= MAX_HINT),
        })
    }

    fn sends_people(&self) -> bool {
        self.settings.unsolicited
    }

    async fn logout_notice(&self, token: &str, now: Instant) -> Result<UpstreamLogout, RedirectError> {
        let verified = self.provider.verify(token, Typ::IsOrAbsent(&["logout+jwt", "JWT"]), now).await?;
        logout::notice(&self.settings, &verified, now)
    }

    async fn logout_address(&self, hint: Option<&str>, back: &str, _callback: &str, now: Instant) -> Option<String> {
        if !self.settings.logout {
            return None;
        }
        let metadata = self.provider.metadata(now).await.ok()?;
        logout::address(&self.settings, &metadata, hint, back)
    }
}

impl Upstream {
    fn client(&self) -> Option<CoreClient> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).ok()?;
        let id = ClientId::new(self.settings.client_id.clone());
        Some(CoreClient::new(id, issuer, CoreJsonWebKeySet::default()))
    }

    fn authorization(&self, metadata: &Metadata, round: &Round<'_>) -> Option<String> {
        let client = self.client()?.set_auth_uri(AuthUrl::new(metadata.authorization.clone()).ok()?);
        let client = client.set_redirect_uri(RedirectUrl::new(round.callback.to_owned()).ok()?);
        let (state, nonce) = (CsrfToken::new(round.state.to_owned()), Nonce::new(round.nonce.to_owned()));
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new));
        if round.fresh_after.is_some() {
            request = request.add_prompt(openidconnect::core::CoreAuthPrompt::Login);
        }
        if self.settings.only_listed {
            if let Some(claims) = self.class_as_claim() {
                request = request.add_extra_param("claims", claims);
            }
            return Some(request.url().0.into());
        }
        let verifier = PkceCodeVerifier::new(round.verifier.to_owned());
        request = request
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_ui_locale(LanguageTag::new(round.locale.to_owned()));
        for acr in &self.settings.acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        if round.fresh_after.is_some() {
            // It makes the provider say when the person proved themselves, and be held to it.
            request = request.set_max_age(Duration::ZERO);
        }
        Some(request.url().0.into())
    }

    /// The classes of proof that are held to, as the parameter `claims` asks for them (OpenID Connect Core 5.5.1.1).
    fn class_as_claim(&self) -> Option<String> {
        let wanted = match self.settings.acr_values.as_slice() {
            [] => return None,
            [one] => json!({ "essential": true, "value": one }),
            many => json!({ "essential": true, "values": many }),
        };
        Some(json!({ "id_token": { "acr": wanted } }).to_string())
    }

    /// The code of a callback that comes from this provider (RFC 9207) and says yes.
    fn code<'a>(&self, metadata: &Metadata, answer: &[(&'a str, &'a str)]) -> Result<&'a str, RedirectError> {
        let one = |name: &'static str| {
            let mut found = answer.iter().filter(|(key, _)| *key == name).map(|(_, value)| *value);
            let first = found.next();
            if found.next().is_some() { Err(RedirectError::NotBelieved(name)) } else { Ok(first) }
        };
        match one("iss")? {
            Some(issuer) if issuer == self.settings.issuer => {}
            None if !metadata.names_issuer => {}
            _ => return Err(RedirectError::NotBelieved("iss parameter")),
        }
        if let Some(error) = one("error")? {
            return Err(RedirectError::Refused(refusal(error)));
        }
        let code = one("code")?.filter(|code| !code.is_empty() && code.len() <= MAX_CODE);
        code.ok_or(RedirectError::NotBelieved("code"))
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        round: &Round<'_>,
        code: &str,
    ) -> Result<CoreTokenResponse, RedirectError> {
        let broken = || RedirectError::Unavailable("the provider's address does not hold".to_owned());
        let url = TokenUrl::new(metadata.token.clone()).map_err(|_| broken())?;
        let back = RedirectUrl::new(round.callback.to_owned()).map_err(|_| broken())?;
        let client = self.client().ok_or_else(broken)?.set_token_uri(url).set_redirect_uri(back);
        let (client, assertion) = match &self.settings.client {
            ClientAuth::Basic(file) => {
                let secret = ClientSecret::new(file.now().await.to_string());
                (client.set_client_secret(secret).set_auth_type(AuthType::BasicAuth), None)
            }
            ClientAuth::Post(file) => {
                let secret = ClientSecret::new(file.now().await.to_string());
                (client.set_client_secret(secret).set_auth_type(AuthType::RequestBody), None)
            }
            ClientAuth::Key(key) => {
                // Anybody can come back with a code that is none.
                let _turn = round.turns.take().await?;
                let made = key.assertion(&self.settings.client_id, &metadata.token, round.nonce, round.now);
                let made = made.map_err(|error| RedirectError::Unavailable(error.to_string()))?;
                (client.set_auth_type(AuthType::RequestBody), Some(made))
            }
        };
        let mut request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        if !self.settings.only_listed {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(round.verifier.to_owned()));
        }
        if let Some(assertion) = assertion {
            request = request
                .add_extra_param("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .add_extra_param("client_assertion", assertion);
        }
        let answered = request.request_async(&Way(&self.settings)).await;
        answered.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => RedirectError::Refused(match answer.error() {
                CoreErrorResponseType::InvalidGrant => "invalid_grant",
                CoreErrorResponseType::InvalidClient => "invalid_client",
                CoreErrorResponseType::UnauthorizedClient => "unauthorized_client",
                CoreErrorResponseType::InvalidRequest => "invalid_request",
                _ => "token endpoint",
            }),
            RequestTokenError::Request(error) => RedirectError::Unavailable(error.to_string()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => RedirectError::NotBelieved("token answer"),
        })
    }

    async fn userinfo(
        &self,
        endpoint: &str,
        access_token: &str,
        proof: &Proof,
        now: Instant,
    ) -> Result<Map<String, Value>, RedirectError> {
        let mut bearer = header::HeaderValue::from_str(&format!("Bearer {access_token}"))
            .map_err(|_| RedirectError::NotBelieved("access_token"))?;
        bearer.set_sensitive(true);
        let request = Request::get(endpoint)
            .header(header::ACCEPT, "application/json, application/jwt")
            .header(header::AUTHORIZATION, bearer)
            .body(Vec::new());
        let request = request.map_err(|_| RedirectError::NotBelieved("userinfo address"))?;
        let answer =
            Way(&self.settings).call(request).await.map_err(|error| RedirectError::Unavailable(error.to_string()))?;
        if answer.status() != 200 {
            return Err(RedirectError::NotBelieved("userinfo status"));
        }
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let wrong = RedirectError::NotBelieved("userinfo answer");
        let said = if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/jwt")) {
            let token = std::str::from_utf8(answer.body()).map_err(|_| wrong)?;
            let verified = self.provider.verify(token.trim(), Typ::IsOrAbsent(&["JWT"]), now).await?;
            // Signed answers may name the two ends, and then name them rightly (OpenID Connect Core 5.3.2).
            let said = verified.into_claims();
            let ends = [("iss", &self.settings.issuer), ("aud", &self.settings.client_id)];
            let right = |(name, end): (&str, &String)| match said.get(name) {
                None => true,
                Some(Value::Array(many)) => many.iter().any(|one| one == end),
                Some(one) => one == end,
            };
            if !ends.into_iter().all(right) {
                return Err(RedirectError::NotBelieved("userinfo ends"));
            }
            said
        } else {
            serde_json::from_slice(answer.body()).map_err(|_| wrong)?
        };
        claims::userinfo(said, &proof.subject)
    }
}

/// The guarded way out, as the library that speaks the protocol takes it.
struct Way<'a>(&'a Settings);

impl<'a> AsyncHttpClient<'a> for Way<'_> {
    type Error = EgressError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, EgressError>> + Send + 'a>>;

    fn call(&'a self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.egress.send(request, self.0.network, MAX_ANSWER).await?;
            Ok(answer.map(|body| body.to_vec()))
        })
    }
}

/// The provider's no, from a closed list: what it writes goes to no log.
fn refusal(error: &str) -> &'static str {
    const KNOWN: &[&str] = &[
        "access_denied",
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
        "temporarily_unavailable",
        "server_error",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_response_type",
    ];
    KNOWN.iter().copied().find(|known| *known == error).unwrap_or("other")
}
