//! The crate `openidconnect` as a client from outside: its own types read our discovery document, our keys, what we sign
//! and what we answer who registers. (The connector `upstream-oidc` has its requests from it, and verifies by itself.)

use anyhow::{Context, Result, anyhow, ensure};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreSubjectIdentifierType, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
};
use preau_clients::{Visitor, Workshop, World};

/// What the crate calls through: it names no client of HTTP here.
struct Http(reqwest::Client);

impl Http {
    fn believing(authority: Option<&std::path::Path>) -> Result<Http> {
        // It makes sure that TLS has its cryptography.
        drop(Visitor::new(None)?);
        let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        if let Some(path) = authority {
            builder = builder.tls_certs_only([reqwest::Certificate::from_pem(&std::fs::read(path)?)?]);
        }
        Ok(Http(builder.build()?))
    }

    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
        let answer = self.0.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = HttpResponse::new(answer.bytes().await?.to_vec());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

#[tokio::test]
async fn openidconnect_reads_everything_of_a_sign_on() -> Result<()> {
    let world = World::start("openidconnect")?;
    let http = Http::believing(None)?;
    let http = |request| http.call(request);
    let issuer = IssuerUrl::new(world.base().trim_end_matches('/').to_owned())?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await?;
    let secret = std::fs::read_to_string(world.folder().join("preau/services/cahier.secret"))?;
    let back = format!("{}callback", world.site("cahier"));
    let (id, secret) = (ClientId::new("cahier".into()), ClientSecret::new(secret.trim().into()));
    let client = CoreClient::from_provider_metadata(metadata, id, Some(secret));
    let client = client.set_redirect_uri(RedirectUrl::new(back.clone())?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let asked =
        client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
    let scopes = ["profile", "email"].map(|scope| Scope::new(scope.into()));
    let (to, state, nonce) = asked.add_scopes(scopes).set_pkce_challenge(challenge).url();

    let mut visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let page = visitor.open_until(to.as_str(), |url| url.as_str().starts_with(&back)).await?;
    let said = |name: &str| page.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    ensure!(said("state").as_deref() == Some(state.secret()), "{}", page.url);
    let code = AuthorizationCode::new(said("code").context("a code")?);
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request_async(&http).await?;
    let id_token = tokens.id_token().context("an ID token")?;
    let believed = client.id_token_verifier();
    let claims = id_token.claims(&believed, &nonce)?;
    let hash =
        AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg()?, id_token.signing_key(&believed)?)?;
    assert_eq!(claims.access_token_hash(), Some(&hash));
    assert!(id_token.claims(&believed, &Nonce::new_random()).is_err(), "another nonce");
    let asked = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?;
    let told: CoreUserInfoClaims = asked.request_async(&http).await?;
    let name = told.name().and_then(|name| name.get(None)).map(|name| name.as_str());
    assert_eq!(name, Some(world.account("librarian").name.as_str()));
    assert_eq!(told.email_verified(), Some(false));
    Ok(())
}

#[tokio::test]
async fn openidconnect_registers_a_service() -> Result<()> {
    use openidconnect::core::CoreClientRegistrationRequest;
    let workshop = Workshop::open("openidconnect-registers")?;
    let http = Http::believing(Some(workshop.authority()))?;
    let http = |request| http.call(request);
    let issuer = IssuerUrl::new(workshop.base().trim_end_matches('/').to_owned())?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await?;
    let at = metadata.registration_endpoint().context("services register here")?;
    let token = workshop.preau(&["registration", "token", "--days", "1", "--uses", "1", "--note", "Atelier"])?;
    let is_token = |word: &&str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_alphanumeric());
    let token = token.split_whitespace().find(is_token).map(|word| AccessToken::new(word.to_owned()));
    let back = RedirectUrl::new("https://atelier.example/callback".into())?;
    let asked = CoreClientRegistrationRequest::new(vec![back], Default::default());
    let asked = asked.set_initial_access_token(Some(token.clone().ok_or_else(|| anyhow!("a token"))?));
    let told = asked
        .set_id_token_signed_response_alg(Some(CoreJwsSigningAlgorithm::EcdsaP256Sha256))
        .set_token_endpoint_auth_method(Some(CoreClientAuthMethod::ClientSecretPost))
        .register_async(at, &http)
        .await?;
    assert!(told.client_id().as_str().starts_with("dyn-") && told.client_secret().is_some());
    assert!(told.registration_access_token().is_some() && told.registration_client_uri().is_some());
    assert_eq!(told.subject_type(), Some(&CoreSubjectIdentifierType::Pairwise));
    assert_eq!(told.token_endpoint_auth_method(), Some(&CoreClientAuthMethod::ClientSecretPost));
    assert_eq!(told.id_token_signed_response_alg(), Some(&CoreJwsSigningAlgorithm::EcdsaP256Sha256));
    // The one use of the token is spent.
    let again = RedirectUrl::new("https://autre.example/callback".into())?;
    let again = CoreClientRegistrationRequest::new(vec![again], Default::default()).set_initial_access_token(token);
    assert!(again.register_async(at, &http).await.is_err());
    Ok(())
}
