//! What a teacher chose in a tool (1EdTech, *Deep Linking 2.0*): links of the tool itself, within bounds. Whatever else a tool may offer —
//! files, images, pieces of HTML — is not kept.

use super::grades::{self, is_text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Links in one answer.
pub const MOST: usize = 10;
/// Characters of a title, and what a link may say to its tool.
const TITLE: usize = 200;
const CUSTOM: usize = 20;
const NAME: usize = 64;
const VALUE: usize = 500;

/// The claim of a request that says how it is answered.
pub const SETTINGS: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings";
/// The claim of an answer that brings back what the request said.
pub const DATA: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/data";
const ITEMS: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items";

/// A link, as the tool describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What people read.
    pub title: String,
    /// What it opens; the tool's own address when it says none.
    pub url: Option<String>,
    /// What the tool wants to hear again when it is opened.
    pub custom: BTreeMap<String, String>,
    /// The column of marks that goes with it.
    pub column: Option<grades::Said>,
}

/// The links of an answer; absent where it is none, or one of them is out of bounds.
pub fn read(claims: &Map<String, Value>) -> Option<Vec<Item>> {
    let items = match claims.get(ITEMS) {
        // A teacher who chose nothing.
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(items) => items.as_array()?,
    };
    let links: Vec<&Value> = items.iter().filter(|item| item["type"] == "ltiResourceLink").collect();
    if links.len() > MOST || (links.is_empty() && !items.is_empty()) {
        return None;
    }
    links.into_iter().map(item).collect()
}

fn item(item: &Value) -> Option<Item> {
    let text = |name: &str| match &item[name] {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        _ => None,
    };
    let title = text("title")?.map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let title = title.filter(|title| !title.is_empty())?;
    let custom = match &item["custom"] {
        Value::Null => BTreeMap::new(),
        Value::Object(all) => {
            let one = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            all.iter().map(one).collect::<Option<BTreeMap<_, _>>>()?
        }
        _ => return None,
    };
    let column = match &item["lineItem"] {
        Value::Null => None,
        said => {
            let mut said = said.clone();
            if said["label"].is_null() {
                said["label"] = Value::String(title.clone());
            }
            Some(serde_json::from_value::<grades::Said>(said).ok().filter(grades::Said::fits)?)
        }
    };
    let fits = |(name, value): (&String, &String)| is_text(name, NAME) && is_text(value, VALUE);
    let sound = is_text(&title, TITLE) && custom.len() <= CUSTOM && custom.iter().all(fits);
    sound.then_some(Item { title, url: text("url")?, custom, column })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(items: Value) -> Option<Vec<Item>> {
        read(json!({ ITEMS: items }).as_object().expect("an object"))
    }

    #[test]
    fn links_of_the_tool_are_kept_and_nothing_else() {
        let link = json!({ "type": "ltiResourceLink", "title": "Leçon  1", "url": "https://t.example/1",
            "custom": { "lesson": "1" }, "lineItem": { "scoreMaximum": 20 } });
        let html = json!({ "type": "html", "html": "<script>" });
        let [read] = &answer(json!([link, html])).expect("an answer")[..] else { panic!("one link") };
        assert_eq!((read.title.as_str(), read.url.as_deref()), ("Leçon 1", Some("https://t.example/1")));
        assert_eq!(read.custom["lesson"], "1");
        assert_eq!(read.column.as_ref().map(|column| (&*column.label, column.score_maximum)), Some(("Leçon 1", 20.0)));
        assert_eq!(answer(json!([])), Some(Vec::new()), "a teacher who chose nothing");
    }

    #[test]
    fn what_is_out_of_bounds_is_no_answer() {
        let with = |name: &str, value: Value| {
            let mut link = json!({ "type": "ltiResourceLink", "title": "a" });
            link[name] = value;
            answer(json!([link]))
        };
        assert!(with("text", json!("b")).is_some(), "control");
        for (name, value) in [
            ("title", json!("")),
            ("title", json!("x".repeat(TITLE + 1))),
            ("url", json!(7)),
            ("custom", json!({ "a": 1 })),
            ("custom", json!({ "a": "x".repeat(VALUE + 1) })),
            ("lineItem", json!({ "scoreMaximum": -1 })),
        ] {
            assert_eq!(with(name, value), None, "{name}");
        }
        let many: Vec<Value> = (0..=MOST).map(|_| json!({ "type": "ltiResourceLink", "title": "a" })).collect();
        assert_eq!(answer(json!(many)), None);
        assert_eq!(answer(json!([{ "type": "html", "html": "a" }])), None, "nothing that is kept");
    }
}
