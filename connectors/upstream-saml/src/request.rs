//! What we ask of the provider: to sign somebody in and answer this round.

use crate::config::Settings;
use crate::ours::Ours;
use preau_connector_api::Round;
use preau_saml::bindings::{Kind, redirect};
use preau_saml::messages::{AuthnRequest, Comparison, NameIdPolicy, Refused, RequestedContext};
use preau_saml::names::binding;

/// The name of the request of a round: who knows the round finds it again, and nobody else can guess it.
pub(crate) fn id_of(round: &Round<'_>) -> String {
    format!("_{}", round.nonce)
}

/// The address that carries the request to the provider.
pub(crate) fn address(settings: &Settings, round: &Round<'_>) -> Result<String, Refused> {
    let ours = Ours::of(round.callback, settings.name.as_deref());
    let request = AuthnRequest {
        id: id_of(round),
        issue_instant: round.now,
        destination: Some(settings.sso.clone()),
        issuer: ours.name,
        subject: None,
        name_id_policy: settings.nameid.map(|format| NameIdPolicy {
            format: Some(format.to_owned()),
            sp_name_qualifier: None,
            allow_create: true,
        }),
        requested_context: (!settings.contexts.is_empty())
            .then(|| RequestedContext { comparison: Comparison::Exact, classes: settings.contexts.clone() }),
        force_authn: round.fresh_after.is_some(),
        is_passive: false,
        acs_index: None,
        acs_url: Some(ours.acs),
        protocol_binding: Some(binding::POST.to_owned()),
        attribute_index: None,
        provider_name: None,
    };
    let signer = settings.keys.first().map(|key| (&key.private, key.alg));
    redirect::encode(&settings.sso, Kind::Request, &request.write(), Some(round.state), signer)
}
