//! What the bench shows of this protocol: the claims a service would receive about a synthetic person, by the functions
//! that make the real ones. Nothing is signed: what is shown opens nothing.

use super::{link, spoken, token};
use crate::wire::{Wanted, claims};
use preau_web::bench::{Preview, Sample};
use preau_web::{Door, Hub};
use serde_json::{Map, Value, json};

/// The ID token and userinfo, with every scope the service may ask, or the context of a link; nothing for a service of another protocol.
pub fn preview(hub: &Hub, door: &Door, sample: &Sample) -> Vec<Preview> {
    let text = |claims: Map<String, Value>| serde_json::to_string_pretty(&claims).unwrap_or_default();
    if let Some(carried) = &door.link {
        let told = claims(&sample.released, &Wanted { scopes: &[], names: &carried.attributes });
        let said = link::said(hub, door, &sample.released, told, "<drawn each time>");
        return vec![Preview { title: "Context of the link", text: text(said) }];
    }
    let Ok(oidc) = spoken(door) else { return Vec::new() };
    let sid = "<name of the session>";
    let mut id_token = token::said(hub, door, &sample.released, Map::new(), &sample.authentication, sid);
    id_token.insert("nonce".to_owned(), json!("<nonce of the request>"));
    id_token.insert("at_hash".to_owned(), json!("<hash of the access token>"));
    id_token.insert("c_hash".to_owned(), json!("<hash of the code>"));
    let mut userinfo = claims(&sample.released, &Wanted { scopes: &oidc.scopes, names: &[] });
    userinfo.insert("sub".to_owned(), json!(sample.released.user()));
    if oidc.userinfo_signing.is_some() {
        userinfo.insert("iss".to_owned(), json!(hub.base()));
        userinfo.insert("aud".to_owned(), json!(door.service.id.as_str()));
    }
    vec![
        Preview { title: "ID token", text: text(id_token) },
        Preview { title: "Userinfo, /oidc/userinfo", text: text(userinfo) },
    ]
}
