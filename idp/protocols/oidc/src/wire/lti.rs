//! Messages of LTI 1.3 (1EdTech, *Learning Tools Interoperability Core 1.3*; *Names and Role Provisioning Services 2.0*): the names of
//! their claims, and how what policy releases is written there.
//!
//! Of a tool's release rules two names are this standard's: `roles`, what the person is, in the words of the standard, and `context`,
//! the classes and groups a launch may be about. The names of OpenID Connect beside them are told as they are.

use preau_policy::Released;
use serde_json::{Map, Value, json};

const CLAIM: &str = "https://purl.imsglobal.org/spec/lti/claim/";
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
    /// The link it comes from, for this tool alone.
    pub resource: String,
    /// What the link is called.
    pub title: &'a str,
    /// The class or group it is about.
    pub context: Option<Context>,
    /// The language the person reads.
    pub locale: &'a str,
    /// Where the person goes back to.
    pub base: &'a str,
    /// What the workspace is called.
    pub workspace: &'a str,
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

/// The claims of a resource link request about what is released of a person.
pub fn claims(launch: &Launch<'_>, released: &Released) -> Map<String, Value> {
    let mut told = person(released);
    let mut put = |name: &str, value: Value| drop(told.insert(format!("{CLAIM}{name}"), value));
    put("message_type", json!("LtiResourceLinkRequest"));
    put("version", json!("1.3.0"));
    put("deployment_id", json!(launch.deployment_id));
    put("target_link_uri", json!(launch.target_link_uri));
    put("resource_link", json!({ "id": launch.resource, "title": launch.title }));
    put("roles", json!(values(released, "roles")));
    put(
        "launch_presentation",
        json!({ "document_target": "window", "locale": launch.locale, "return_url": format!("{}/", launch.base) }),
    );
    put("tool_platform", json!({ "guid": launch.base, "name": launch.workspace, "product_family_code": "preau" }));
    if let Some(context) = &launch.context {
        put("context", context.told());
        if let Some(roster) = &context.roster {
            told.insert(SERVICE.to_owned(), json!({ "context_memberships_url": roster, "service_versions": ["2.0"] }));
        }
    }
    told
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
