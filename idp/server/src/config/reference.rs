//! The configuration as a schema, an example and a page: all three come from the types, so none can lie.

use super::{KeysConfig, SamlConfig, ServerConfig, ServicesConfig, StorageConfig};
use crate::logging::LogConfig;
use preau_connector_api::Kind;
use preau_connector_mail::MailConfig;
use preau_provision::SyncConfig;
use preau_web::WebConfig;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Sections in the order of the example, with their schemas.
fn sections() -> Vec<(&'static str, Value)> {
    fn of<T: JsonSchema + Serialize + Default>() -> Value {
        let mut generator =
            SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
        let mut schema = generator.root_schema_for::<T>().to_value();
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            object.remove("title");
        }
        schema
    }
    fn called(mut schema: Value, meaning: &str) -> Value {
        schema["description"] = json!(meaning);
        schema
    }
    vec![
        ("web", called(of::<WebConfig>(), "Everything a browser meets.")),
        ("server", of::<ServerConfig>()),
        ("storage", of::<StorageConfig>()),
        ("keys", of::<KeysConfig>()),
        ("services", of::<ServicesConfig>()),
        ("saml", of::<SamlConfig>()),
        ("mail", of::<MailConfig>()),
        ("sync", of::<SyncConfig>()),
        (
            "log",
            called(of::<LogConfig>(), "What is written to standard error: never a secret, never an attribute value."),
        ),
    ]
}

/// The JSON Schema of the whole file.
pub fn schema(kinds: &[Kind]) -> Value {
    let mut properties = Map::new();
    for (name, schema) in sections() {
        properties.insert(name.to_owned(), schema);
    }
    let kinds: Vec<Value> = kinds.iter().map(source_schema).collect();
    properties.insert(
        "sources".to_owned(),
        json!({
            "type": "object",
            "description": "Sources of people, each under a name of lower case letters, digits and -.",
            "propertyNames": { "pattern": "^[a-z0-9-]{1,64}$" },
            "additionalProperties": { "oneOf": kinds },
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of Préau",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

/// What every source has, around what its kind asks.
fn source_schema(kind: &Kind) -> Value {
    let mut schema = (kind.schema)();
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        object.insert("title".to_owned(), json!(kind.name));
        object.insert("description".to_owned(), json!(kind.summary));
        if let Some(properties) = object.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
            properties.insert(
                "kind".to_owned(),
                json!({ "type": "string", "const": kind.name, "description": "Which kind of connector." }),
            );
            properties.insert(
                "every".to_owned(),
                json!({
                    "type": "string",
                    "pattern": "^[0-9]+[smhd]$",
                    "description": "How often a server synchronises this source by itself, such as `1h`; never when absent.",
                }),
            );
        }
        let required = object.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut() {
            required.insert(0, json!("kind"));
        }
    }
    schema
}

/// A complete file with every key at its default, each with its meaning.
pub fn example(kinds: &[Kind]) -> String {
    let mut out = String::from(
        "# Configuration of Préau. Every key is shown with its default; a line that begins with #key is one without.\n\
         # Relative paths start from the folder of this file. Secrets are in files of their own.\n",
    );
    for (name, schema) in sections() {
        table(&mut out, name, &schema);
    }
    for kind in kinds {
        let _written = write!(
            out,
            "\n# A source. {}\n[sources.{}]\nkind = \"{}\"\n# How often a server synchronises it by itself; never when \
             absent.\n#every = \"1h\"\n{}",
            kind.summary, kind.called, kind.name, kind.example
        );
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

fn table(out: &mut String, path: &str, schema: &Value) {
    let _written = writeln!(out, "\n{}[{path}]", comment(schema));
    let mut inner = Vec::new();
    for (key, property) in properties(schema) {
        if property.get("properties").is_some() {
            inner.push((key, property));
            continue;
        }
        out.push_str(&comment(property));
        let default = property.get("default").filter(|value| !value.is_null());
        let empty = default.is_some_and(|value| value.as_object().is_some_and(Map::is_empty));
        let line = match default {
            Some(value) if !empty => format!("{key} = {}", toml_of(value)),
            _ => format!("#{key} = {}", toml_of(&placeholder(property))),
        };
        out.push_str(&line);
        out.push('\n');
    }
    for (key, property) in inner {
        table(out, &format!("{path}.{key}"), property);
    }
}

fn comment(schema: &Value) -> String {
    let Some(text) = schema.get("description").and_then(Value::as_str) else { return String::new() };
    text.lines().map(|line| format!("# {}\n", line.trim())).collect()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// Something to show where there is no default.
fn placeholder(property: &Value) -> Value {
    property.get("examples").and_then(|examples| examples.get(0)).cloned().unwrap_or_else(|| {
        match kind_of(property).as_str() {
            "integer" | "number" => json!(0),
            "boolean" => json!(false),
            "array" => json!([]),
            "table" => json!({}),
            _ => json!("…"),
        }
    })
}

fn toml_of(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let fields: Vec<String> = map.iter().map(|(key, value)| format!("{key} = {}", toml_of(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", ")),
        // A JSON string without escapes beyond the usual ones is a TOML basic string.
        other => other.to_string(),
    }
}

/// The word a reader understands for the type of a property.
fn kind_of(property: &Value) -> String {
    if let Some(words) = property.get("enum").and_then(Value::as_array) {
        return words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if let Some(words) = property.get("oneOf").and_then(Value::as_array) {
        let words: Vec<String> =
            words.iter().filter_map(|word| word.get("const")?.as_str()).map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            return words.join(", ");
        }
    }
    let word = match property.get("type") {
        Some(Value::String(word)) => word.as_str(),
        Some(Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).find(|word| *word != "null").unwrap_or("any")
        }
        _ => match property.get("anyOf").and_then(Value::as_array).and_then(|kinds| kinds.first()) {
            Some(first) => return kind_of(first),
            None => "any",
        },
    };
    match word {
        "object" => "table".to_owned(),
        other => other.to_owned(),
    }
}

/// The reference page, in Markdown.
pub fn page(kinds: &[Kind]) -> String {
    let mut out = String::from(
        "# Configuration\n\nGenerated by `preau config reference` from the types that read the file: do not edit.\n\n\
         One TOML file, given by `--config` (`preau.toml` of the current folder otherwise). Relative paths start from the\n\
         folder of the file. Secrets are never written in it: a key that ends in `_file` names a file that holds one. Three\n\
         environment variables replace what is written: `PREAU_LISTEN` (`server.listen`), `PREAU_PUBLIC_URL`\n\
         (`web.public_url`) and `PREAU_STORAGE_URL` (`storage.url`).\n\n\
         `preau config example` prints a complete commented file, `preau config check` reads yours and tells everything\n\
         that is wrong at once, and `preau config schema` prints the JSON Schema of\n\
         [config.schema.json](config.schema.json), which editors understand.\n",
    );
    for (name, schema) in sections() {
        page_table(&mut out, name, &schema);
    }
    out.push_str("\n## Sources\n\nEach source of people has a name of lower case letters, digits and `-`, and a section `[sources.<name>]`.\n");
    for kind in kinds {
        let schema = source_schema(kind);
        let _written = writeln!(out, "\n### kind = \"{}\"\n\n{}", kind.name, kind.summary);
        rows(&mut out, &schema);
        for (key, property) in properties(&schema) {
            if property.get("properties").is_some() {
                page_table(&mut out, &format!("sources.<name>.{key}"), property);
            }
        }
    }
    out
}

fn page_table(out: &mut String, path: &str, schema: &Value) {
    let _written = writeln!(out, "\n## `[{path}]`");
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        let _written = writeln!(out, "\n{text}");
    }
    rows(out, schema);
    for (key, property) in properties(schema) {
        if property.get("properties").is_some() {
            page_table(out, &format!("{path}.{key}"), property);
        }
        // Tables under names of their own.
        if let Some(each) = property.get("additionalProperties").filter(|each| each.get("properties").is_some()) {
            page_table(out, &format!("{path}.{key}.<name>"), each);
        }
    }
}

fn rows(out: &mut String, schema: &Value) {
    out.push_str("\n| key | kind | default | meaning |\n|---|---|---|---|\n");
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, property) in properties(schema) {
        if property.get("properties").is_some() {
            continue;
        }
        let default = match property.get("default") {
            _ if required.contains(&key.as_str()) => "required".to_owned(),
            None | Some(Value::Null) => "—".to_owned(),
            Some(value) => format!("`{}`", toml_of(value)),
        };
        let text = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
        let _written = writeln!(out, "| `{key}` | {} | {default} | {text} |", kind_of(property));
    }
}
