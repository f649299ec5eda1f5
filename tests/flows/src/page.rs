//! An answer as a browser sees it: status, headers, forms, links and the words a person reads.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use scraper::{Html, Selector};

/// One answer of the hub.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The address that was asked for.
    pub url: String,
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
    /// The same as it came over the wire.
    pub wire: Bytes,
    /// The same in the parts it came in.
    pub parts: Vec<String>,
}

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// `get` or `post`.
    pub method: String,
    /// Its fields with the values they come with, in order; of a group of buttons, each.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The fields as they would be sent, with some of them replaced or added.
    pub fn filled(&self, with: &[(&str, &str)]) -> Vec<(String, String)> {
        let kept = self.fields.iter().filter(|(key, _)| !with.iter().any(|(name, _)| name == key));
        let mut all: Vec<(String, String)> = kept.cloned().collect();
        all.extend(with.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        all
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector written here")
}

impl Answer {
    /// A header as text; empty when it is not there.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where the answer sends the browser.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok())
    }

    /// Whether it is a page.
    pub fn is_html(&self) -> bool {
        self.header(header::CONTENT_TYPE).starts_with("text/html")
    }

    /// Names and values of the cookies it sets; an empty value takes a cookie away.
    pub fn cookies(&self) -> Vec<(String, String)> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.filter_map(|line| line.split(';').next()?.split_once('='));
        pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
    }

    /// The incident number the answer carries.
    pub fn incident(&self) -> &str {
        self.header("x-correlation-id")
    }

    /// Every form of the page.
    pub fn forms(&self) -> Vec<Form> {
        let page = Html::parse_document(&self.body);
        let (forms, fields) = (selector("form"), selector("input[name], button[name], select[name]"));
        let chosen = selector("option[selected]");
        let read = |form: scraper::ElementRef<'_>| Form {
            action: form.value().attr("action").unwrap_or(&self.url).to_owned(),
            method: form.value().attr("method").unwrap_or("get").to_ascii_lowercase(),
            fields: form
                .select(&fields)
                .map(|field| {
                    let read = |name: &str| field.value().attr(name).unwrap_or_default().to_owned();
                    let chosen = || field.select(&chosen).next().and_then(|option| option.value().attr("value"));
                    (read("name"), chosen().map_or_else(|| read("value"), str::to_owned))
                })
                .collect(),
        };
        page.select(&forms).map(read).collect()
    }

    /// The form that has a field of that name.
    pub fn form_with(&self, field: &str) -> Form {
        let found = self.forms().into_iter().find(|form| form.value(field).is_some());
        found.unwrap_or_else(|| panic!("no form with a field {field} on this page: {}", self.words()))
    }

    /// The form that goes to an address that ends like this.
    pub fn form_to(&self, end: &str) -> Form {
        let found = self.forms().into_iter().find(|form| form.action.ends_with(end));
        found.unwrap_or_else(|| panic!("no form to {end} on this page: {}", self.words()))
    }

    /// Text and address of every link.
    pub fn links(&self) -> Vec<(String, String)> {
        let page = Html::parse_document(&self.body);
        let read = |link: scraper::ElementRef<'_>| {
            let words = link.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
            (words, link.value().attr("href").unwrap_or_default().to_owned())
        };
        page.select(&selector("a[href]")).map(read).collect()
    }

    /// The address of the link whose text is these words, or else begins with them, or else holds them.
    pub fn link(&self, words: &str) -> Option<String> {
        let links = self.links();
        let fits: [&dyn Fn(&str) -> bool; 3] =
            [&|text| text == words, &|text| text.starts_with(words), &|text| text.contains(words)];
        let (_, to) = fits.iter().find_map(|fits| links.iter().find(|(text, _)| fits(text)))?;
        Some(to.clone())
    }

    /// Whether a link with these words is on the page.
    pub fn has_link(&self, words: &str) -> bool {
        self.link(words).is_some()
    }

    /// The language the page says it is in.
    pub fn language(&self) -> String {
        let page = Html::parse_document(&self.body);
        page.root_element().value().attr("lang").unwrap_or_default().to_owned()
    }

    /// What a person reads, on one line.
    pub fn words(&self) -> String {
        let page = Html::parse_document(&self.body);
        let Some(body) = page.select(&selector("body")).next() else { return self.body.clone() };
        body.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    }
}
