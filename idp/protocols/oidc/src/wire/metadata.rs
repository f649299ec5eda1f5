//! What the provider says of itself (OpenID Connect Discovery 1.0, RFC 8414, RP-Initiated, Back-Channel and Front-Channel
//! Logout 1.0, RFC 9207): only what is true of the running server.

use preau_keys::jose::jwe::{Enc, KeyWrap};
use serde_json::{Value, json};

/// Where the document is found. Both say the same.
pub const PATHS: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

/// Claims that may be told, to those who are granted them.
const CLAIMS: &[&str] = &[
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "email",
    "email_verified",
    "ent_establishment",
    "ent_establishment_name",
    "ent_establishments",
    "ent_profiles",
    "ent_classes",
    "ent_groups",
    "ent_subjects",
];

/// The document of an issuer, whose address ends without a slash; `algorithms` are those it can sign with now, `classes` the
/// classes of proof people can reach.
pub fn metadata(issuer: &str, algorithms: &[&str], classes: &[String], certificates: Certificates<'_>) -> Value {
    let at = |path: &str| format!("{issuer}/oidc/{path}");
    let verified = ["RS256", "PS256", "ES256", "EdDSA"];
    let authentication = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
    let mut told = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "pushed_authorization_request_endpoint": at("par"),
        "require_pushed_authorization_requests": false,
        "introspection_endpoint": at("introspect"),
        "revocation_endpoint": at("revoke"),
        "device_authorization_endpoint": at("device_authorization"),
        "end_session_endpoint": at("logout"),
        "scopes_supported": ["openid", "profile", "email", "ent", "home", "offline_access"],
        "response_types_supported": ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "implicit", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:device_code"],
        "subject_types_supported": ["pairwise", "public"],
        "acr_values_supported": classes,
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": authentication,
        "token_endpoint_auth_signing_alg_values_supported": verified,
        "introspection_endpoint_auth_methods_supported": &authentication[..3],
        "introspection_endpoint_auth_signing_alg_values_supported": verified,
        "revocation_endpoint_auth_methods_supported": authentication,
        "revocation_endpoint_auth_signing_alg_values_supported": verified,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page", "popup", "touch", "wap"],
        "claim_types_supported": ["normal"],
        "claims_supported": CLAIMS,
        "ui_locales_supported": ["fr", "en"],
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_object_signing_alg_values_supported": verified,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    });
    // The macro above has its limit.
    told["dpop_signing_alg_values_supported"] = json!(verified);
    let wraps: Vec<&str> = KeyWrap::ALL.iter().map(|wrap| wrap.as_str()).collect();
    let contents: Vec<&str> = Enc::ALL.iter().map(|enc| enc.as_str()).collect();
    for what in ["id_token", "userinfo"] {
        told[format!("{what}_encryption_alg_values_supported")] = json!(wraps);
        told[format!("{what}_encryption_enc_values_supported")] = json!(contents);
    }
    if let Certificates::Seen { base } = certificates {
        told["tls_client_certificate_bound_access_tokens"] = json!(true);
        for of in ["token", "introspection", "revocation"] {
            if let Some(methods) = told[format!("{of}_endpoint_auth_methods_supported")].as_array_mut() {
                methods.extend([json!("tls_client_auth"), json!("self_signed_tls_client_auth")]);
            }
        }
        if let Some(base) = base {
            told["mtls_endpoint_aliases"] = json!({
                "token_endpoint": format!("{base}/oidc/token"),
                "userinfo_endpoint": format!("{base}/oidc/userinfo"),
                "pushed_authorization_request_endpoint": format!("{base}/oidc/par"),
                "introspection_endpoint": format!("{base}/oidc/introspect"),
                "revocation_endpoint": format!("{base}/oidc/revoke"),
                "device_authorization_endpoint": format!("{base}/oidc/device_authorization"),
            });
        }
    }
    told
}

/// Whether the certificate of a caller can reach us (RFC 8705).
#[derive(Clone, Copy, Debug)]
pub enum Certificates<'a> {
    /// None can.
    Unseen,
    /// One can.
    Seen {
        /// Where it is asked for, if that is another address.
        base: Option<&'a str>,
    },
}
