//! Messages of LTI 1.3 (1EdTech, *Learning Tools Interoperability Core 1.3*; *Names and Role Provisioning Services 2.0*): the names of
//! their claims, and how what policy releases is written there. What a teacher chose is read in `items`, marks in `grades`.
//!
//! Of a tool's release rules two names are this standard's: `roles`, what the person is, in the words of the standard, and `context`,
//! the classes and groups a launch may be about. The names of OpenID Connect beside them are told as they are.

pub mod grades;
pub mod items;

use preau_connector_api::{LINE_ITEMS, LINE_ITEMS_READ, RESULTS_READ, SCORES};
use preau_policy::Released;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const CLAIM: &str = "https://purl.imsglobal.org/spec/lti/claim/";
const GRADES: &str = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint";
const SERVICE: &str = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice";

/// The kind of document a roster is.
pub const CONTAINER: &str = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json";

/// What a tool may read of a person beside `sub` and their roles, where its rules release it.
const NAMES: [&str; 4] = ["name", "given_name", "family_name", "email"];

/// A class or group, as a tool is told of it.
pub struct Context {
    /// Its name for this tool alone.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where its roster is, for a tool that may ask.
    pub roster: Option<String>,
}

/// A launch.
pub struct Launch<'a> {
    /// The name of the installation.
    pub deployment_id: &'a str,
    /// Where it ends.
    pub target_link_uri: &'a str,
    /// What it is about.
    pub purpose: Purpose,
    /// Where marks are kept, for a tool that may.
    pub grades: Option<Endpoint>,
    /// The class or group it is about.
    pub context: Option<Context>,
    /// The language the person reads.
    pub locale: &'a str,
    /// Where the person goes back to.
    pub base: &'a str,
    /// What the workspace is called.
    pub workspace: &'a str,
}

/// What a launch is about.
pub enum Purpose {
    /// Opening a link.
    Link {
        /// Its name, for this tool alone.
        id: String,
        /// What it is called.
        title: String,
        /// What the tool said when it was chosen.
        custom: BTreeMap<String, String>,
    },
    /// Choosing what a link opens.
    Choice {
        /// Where the answer goes.
        back: String,
        /// What it brings back.
        data: String,
        /// Whether a link may bring a column of marks.
        marks: bool,
    },
}

/// Where marks are kept.
pub struct Endpoint {
    /// The columns of the class or group.
    pub columns: String,
    /// The one of the link.
    pub column: Option<String>,
}

/// The full name of a claim.
pub fn claim(name: &str) -> String {
    format!("{CLAIM}{name}")
}

impl Context {
    fn told(&self) -> Value {
        json!({
            "id": self.id,
            "label": self.title,
            "title": self.title,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#Group"],
        })
    }
}

/// The claims of a message about what is released of a person.
pub fn claims(launch: &Launch<'_>, released: &Released) -> Map<String, Value> {
    let mut told = person(released);
    let mut put = |name: &str, value: Value| drop(told.insert(format!("{CLAIM}{name}"), value));
    put("version", json!("1.3.0"));
    put("deployment_id", json!(launch.deployment_id));
    put("target_link_uri", json!(launch.target_link_uri));
    put("roles", json!(values(released, "roles")));
    put(
        "launch_presentation",
        json!({ "document_target": "window", "locale": launch.locale, "return_url": format!("{}/", launch.base) }),
    );
    put("tool_platform", json!({ "guid": launch.base, "name": launch.workspace, "product_family_code": "preau" }));
    match &launch.purpose {
        Purpose::Link { id, title, custom } => {
            put("message_type", json!("LtiResourceLinkRequest"));
            put("resource_link", json!({ "id": id, "title": title }));
            if !custom.is_empty() {
                put("custom", json!(custom));
            }
        }
        Purpose::Choice { back, data, marks } => {
            put("message_type", json!("LtiDeepLinkingRequest"));
            let settings = json!({
                "deep_link_return_url": back,
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["window"],
                "accept_multiple": true,
                "accept_lineitem": marks,
                "auto_create": false,
                "data": data,
            });
            told.insert(items::SETTINGS.to_owned(), settings);
        }
    }
    if let Some(Endpoint { columns, column }) = &launch.grades {
        let mut endpoint = json!({
            "scope": [LINE_ITEMS, LINE_ITEMS_READ, RESULTS_READ, SCORES],
            "lineitems": columns,
        });
        if let Some(column) = column {
            endpoint["lineitem"] = json!(column);
        }
        told.insert(GRADES.to_owned(), endpoint);
    }
    let mut put = |name: &str, value: Value| drop(told.insert(format!("{CLAIM}{name}"), value));
    if let Some(context) = &launch.context {
        put("context", context.told());
        if let Some(roster) = &context.roster {
            told.insert(SERVICE.to_owned(), json!({ "context_memberships_url": roster, "service_versions": ["2.0"] }));
        }
    }
    told
}

/// What of a person such a message tells, for the journal.
pub fn left(launch: &Launch<'_>, released: &Released) -> String {
    let named = NAMES.into_iter().filter(|name| !values(released, name).is_empty());
    super::left(named.chain(["roles"]).chain(launch.context.is_some().then_some("context")))
}

/// Whether such a message tells of a visitor that they are one, and whose spaces they look at. It has names of its own, whatever scopes a
/// tool asked for.
pub fn tells_visitor(released: &Released) -> bool {
    released.tells_visitor(|name| name == "roles" || NAMES.contains(&name))
}

/// The roster of a class or group, for the people of it that the tool may know.
pub fn roster(address: &str, context: &Context, people: &[Released]) -> Value {
    let member = |released: &Released| {
        let mut told = person(released);
        told.insert("status".to_owned(), json!("Active"));
        told.insert("user_id".to_owned(), json!(released.user()));
        told.insert("roles".to_owned(), json!(values(released, "roles")));
        Value::Object(told)
    };
    json!({ "id": address, "context": context.told(), "members": people.iter().map(member).collect::<Vec<_>>() })
}

/// The values a tool's rules give under a name; none when they give none.
pub fn values(released: &Released, name: &str) -> Vec<String> {
    let found = released.attributes().find(|(known, _)| *known == name);
    found.map(|(_, values)| values.map(str::to_owned).collect()).unwrap_or_default()
}

fn person(released: &Released) -> Map<String, Value> {
    let named = NAMES.iter().filter_map(|name| Some(((*name).to_owned(), json!(values(released, name).first()?))));
    named.collect()
}

#[cfg(test)]
#[path = "lti/tests.rs"]
mod tests;
