//! Claims: which one belongs to which scope, which were asked one by one, and how what policy releases is written.
//!
//! A service is told a claim when its release rules give it *and* the request asked for it, by a scope or by name. Asking for
//! more brings nothing more. Names of OpenID Connect are the standard's; those of a school begin with `ent_`, and where a
//! thing belongs to one of several schools, it is told together with it.

use crate::OidcError;
use crate::config::MAX_CLAIMS;
use preau_policy::{Released, Values};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Claims of each scope (OpenID Connect Core 5.4, and the school's).
const SCOPES: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// Claims of the school that say two things at once, and how the second is called: the first is the establishment.
const PAIRED: &[(&str, &str)] =
    &[("ent_profiles", "profile"), ("ent_classes", "class"), ("ent_groups", "group"), ("ent_subjects", "subject")];

/// Claims that always have several values.
const LISTS: &[&str] = &["ent_establishments", "amr", "roles", "groups"];

/// Names no release rule may give: they say who speaks, of whom and when.
const RESERVED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "events",
    "cnf",
    "client_id",
    "scope",
    "active",
    "act",
    "may_act",
];

/// Most claims asked one by one, and the longest name of one.
const MAX_NAMES: usize = 50;
const MAX_NAME: usize = 128;

/// Whether a scope means something here.
pub fn known_scope(scope: &str) -> bool {
    matches!(scope, "openid" | "ent" | "offline_access" | "home") || SCOPES.iter().any(|(name, _)| *name == scope)
}

/// The scope that asks for a claim. A name that belongs to no scope of the standard is the school's.
fn scope_of(claim: &str) -> &'static str {
    SCOPES.iter().find(|(_, claims)| claims.contains(&claim)).map_or("ent", |(scope, _)| scope)
}

/// The `claims` parameter (OpenID Connect Core 5.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// Asked at userinfo.
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
    /// Asked in the ID token.
    #[serde(rename = "i", default, skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
    /// The `sub` that must come of it.
    #[serde(skip)]
    pub subject: Option<String>,
    /// Classes of proof one of which must come of it; empty when none is essential.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub essential_acr: Vec<String>,
    /// Classes of proof that are wished for, the dearest first (`acr_values`).
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub wished_acr: Vec<String>,
}

impl ClaimsRequest {
    /// Reads the parameter; what it says of a claim nobody gives is passed over.
    pub fn read(text: &str) -> Result<ClaimsRequest, OidcError> {
        let wrong = OidcError::InvalidRequest("claims is a JSON object of at most 4096 bytes");
        if text.len() > MAX_CLAIMS {
            return Err(wrong);
        }
        let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| wrong)?;
        let mut read = ClaimsRequest::default();
        for (place, names) in [("userinfo", &mut read.userinfo), ("id_token", &mut read.id_token)] {
            match members.get(place) {
                None | Some(Value::Null) => {}
                Some(Value::Object(asked)) if asked.len() <= MAX_NAMES => {
                    let sane = |name: &&String| name.len() <= MAX_NAME && !RESERVED.contains(&name.as_str());
                    names.extend(asked.keys().filter(sane).cloned());
                    for (name, how) in asked {
                        match name.as_str() {
                            "sub" => read.subject = values(how).into_iter().next().or(read.subject.take()),
                            // Told in the ID token and nowhere else; insisted on in both places, both lists are one.
                            "acr" if how.get("essential") == Some(&Value::Bool(true)) => {
                                read.essential_acr.extend(values(how));
                            }
                            _ => {}
                        }
                    }
                }
                Some(_) => return Err(wrong),
            }
        }
        Ok(read)
    }
}

/// `value` or `values` of one claim.
fn values(how: &Value) -> Vec<String> {
    let one = how.get("value").and_then(Value::as_str).map(str::to_owned);
    let many = how.get("values").and_then(Value::as_array).into_iter().flatten();
    one.into_iter().chain(many.filter_map(Value::as_str).map(str::to_owned)).collect()
}

/// What is asked for in one place.
pub struct Wanted<'a> {
    /// By these scopes.
    pub scopes: &'a [String],
    /// And by these names.
    pub names: &'a [String],
}

/// What is told of a person: what policy released, as far as it was asked for.
pub fn claims(released: &Released, wanted: &Wanted<'_>) -> Map<String, Value> {
    let mut told = Map::new();
    for (name, values) in released.attributes() {
        let by_scope = wanted.scopes.iter().any(|scope| scope == scope_of(name));
        if RESERVED.contains(&name) || !(by_scope || wanted.names.iter().any(|wanted| wanted == name)) {
            continue;
        }
        if let Some(value) = written(name, values) {
            told.insert(name.to_owned(), value);
        }
    }
    // An address nobody gave is neither verified nor not.
    if !told.contains_key("email") {
        told.remove("email_verified");
    }
    told
}

/// What of a person leaves, as the journal has it: names, and never a value.
pub fn left<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut all = "sub".to_owned();
    for name in names {
        all.push(' ');
        all.push_str(name);
    }
    all
}

/// Whether a service that asked for this is told of a visitor that they are one, and whose spaces they look at: in the ID token, or unless
/// that comes `alone` at userinfo. What asked for neither would take a visitor for anybody.
pub fn tells_visitor(released: &Released, scopes: &[String], asked: &ClaimsRequest, alone: bool) -> bool {
    let elsewhere: &[String] = if alone { &[] } else { &asked.userinfo };
    released.tells_visitor(|name| {
        let by_name = asked.id_token.iter().chain(elsewhere).any(|one| one == name);
        !RESERVED.contains(&name) && (by_name || scopes.iter().any(|scope| scope == scope_of(name)))
    })
}

fn written(name: &str, mut values: Values<'_>) -> Option<Value> {
    if let Some((_, second)) = PAIRED.iter().find(|(paired, _)| *paired == name) {
        let pair = |value: &str| {
            let (establishment, rest) = value.split_once('$')?;
            Some(json!({ "establishment": establishment, *second: rest }))
        };
        return Some(Value::Array(values.filter_map(pair).collect()));
    }
    if name.ends_with("_verified") {
        return Some(Value::Bool(values.next()? == "true"));
    }
    let mut others = values.clone();
    let first = others.next()?;
    let alone = others.next().is_none() && !LISTS.contains(&name);
    Some(if alone { Value::from(first) } else { values.collect() })
}

#[cfg(test)]
#[path = "claims/tests.rs"]
mod tests;
