//! What we ask of the provider: to sign somebody in and answer this round.

use crate::config::{Settings, Way};
use crate::ours::Ours;
use preau_connector_api::{Departure, Round, Unavailable};
use preau_saml::bindings::{Kind, post, redirect};
use preau_saml::messages::{AuthnRequest, Comparison, NameIdPolicy, RequestedContext};
use preau_saml::names::binding;

/// The name of the request of a round: who knows the round finds it again, and nobody else can guess it.
pub(crate) fn id_of(round: &Round<'_>) -> String {
    format!("_{}", round.nonce)
}

/// What carries the request to the provider, signed.
pub(crate) fn departure(settings: &Settings, round: &Round<'_>) -> Result<Departure, Unavailable> {
    let ours = Ours::of(round.callback, settings.name.as_deref());
    let request = AuthnRequest {
        destination: Some(settings.sso.clone()),
        name_id_policy: settings.nameid.map(|format| NameIdPolicy {
            format: Some(format.to_owned()),
            sp_name_qualifier: None,
            allow_create: true,
        }),
        requested_context: (!settings.contexts.is_empty())
            .then(|| RequestedContext { comparison: Comparison::Exact, classes: settings.contexts.clone() }),
        force_authn: round.fresh_after.is_some(),
        acs_url: Some(ours.acs),
        protocol_binding: Some(binding::POST.to_owned()),
        ..AuthnRequest::of(id_of(round), round.now, ours.name)
    };
    let key = settings.keys.first();
    match settings.way {
        Way::Redirect => {
            let signer = key.map(|key| (&key.private, key.alg));
            let address = redirect::encode(&settings.sso, Kind::Request, &request.write(), Some(round.state), signer);
            address.map(Departure::Address).map_err(|refused| Unavailable(refused.to_string()))
        }
        Way::Post => {
            let key = key.ok_or_else(|| Unavailable("we have no key there".to_owned()))?;
            let certificate = Some(key.certificate.as_slice());
            let signed = request.write().signed(&key.private, key.alg, certificate);
            let signed = signed.map_err(|error| Unavailable(error.to_string()))?;
            let fields =
                vec![(Kind::Request.parameter(), post::encode(&signed)), ("RelayState", round.state.to_owned())];
            Ok(Departure::Form { to: settings.sso.clone(), fields })
        }
    }
}
