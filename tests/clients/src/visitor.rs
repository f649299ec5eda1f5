//! A person at a browser without JavaScript: follows redirects, keeps cookies, reads pages, fills in forms. It knows
//! nothing of Préau: what it can do is what the pages it is given allow.

use anyhow::{Context, Result, bail, ensure};
use preau_annuaire::Account;
use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Certificate, Client, Method, Response, StatusCode};
use scraper::{ElementRef, Html, Selector};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Redirects followed before giving up, as browsers do.
const HOPS: usize = 20;

/// A browser with its cookies.
pub struct Visitor {
    client: Client,
    cookies: Vec<Cookie>,
    forged: Vec<(&'static str, &'static str)>,
}

/// Cookies do not tell ports apart: all the servers of the rig share the host `localhost`.
struct Cookie {
    name: String,
    value: String,
    path: String,
}

/// An answer that is not a redirect.
pub struct Page {
    /// Where it was found.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its text.
    pub text: String,
    /// The addresses that led here, first the one asked for.
    pub trail: Vec<Url>,
}

/// A form of a page, ready to be filled in.
#[derive(Clone, Debug)]
pub struct Form {
    action: Url,
    method: Method,
    fields: Vec<(String, String)>,
    choices: Vec<(String, String)>,
}

impl Visitor {
    /// A browser without cookies that trusts this authority besides the usual ones.
    pub fn new(authority: Option<&Path>) -> Result<Visitor> {
        // An error means that another visitor of this process has installed it already.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        // HTTP/1.1: whoever ends a test stands on the thread that would answer a server that says goodbye over HTTP/2,
        // which then waits for its whole patience.
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .http1_only()
            // Each request on a connection of its own: a server ends one that rested for seconds, as on a slow machine between two steps,
            // at the very moment in which it would be used again.
            .pool_max_idle_per_host(0)
            .no_proxy();
        if let Some(path) = authority {
            builder = builder.tls_certs_only([Certificate::from_pem(&std::fs::read(path)?)?]);
        }
        Ok(Visitor { client: builder.build()?, cookies: Vec::new(), forged: Vec::new() })
    }

    /// From now on sends this header too, as only a hostile browser would.
    pub fn forge(&mut self, name: &'static str, value: &'static str) {
        self.forged.push((name, value));
    }

    /// Opens an address and follows redirects to a page.
    pub async fn open(&mut self, address: &str) -> Result<Page> {
        self.open_until(address, |_| false).await
    }

    /// Opens an address and follows redirects until one leads to an address `stop` wants; that one is not asked for, and
    /// the page is empty.
    pub async fn open_until(&mut self, address: &str, stop: impl Fn(&Url) -> bool) -> Result<Page> {
        let url = Url::parse(address).with_context(|| format!("opening {address}"))?;
        self.follow(Method::GET, url, None, stop).await
    }

    /// Sends a form and follows redirects to a page.
    pub async fn send(&mut self, form: &Form) -> Result<Page> {
        self.send_until(form, |_| false).await
    }

    /// Sends a form and stops as [`Visitor::open_until`] does.
    pub async fn send_until(&mut self, form: &Form, stop: impl Fn(&Url) -> bool) -> Result<Page> {
        let mut action = form.action.clone();
        if form.method == Method::GET {
            action.query_pairs_mut().clear().extend_pairs(&form.fields);
            return self.follow(Method::GET, action, None, stop).await;
        }
        self.follow(form.method.clone(), action, Some(form.fields.clone()), stop).await
    }

    /// Presses the button of a page that carries a message of SAML, as its script would, until another page comes.
    pub async fn carry(&mut self, mut page: Page) -> Result<Page> {
        while let Some(form) = page.carries() {
            page = self.send(&form).await?;
        }
        Ok(page)
    }

    /// Loads the frames of a page.
    pub async fn load_frames(&mut self, page: &Page) -> Result<usize> {
        let frames = page.frames();
        for frame in &frames {
            self.open(frame).await?;
        }
        Ok(frames.len())
    }

    /// Asks for an address as a program of the browser does, and follows nothing.
    pub async fn ask(&mut self, method: Method, address: &str, body: &str) -> Result<Page> {
        self.ask_as(method, address, "text/plain", body).await
    }

    /// The same, with a body of that type.
    pub async fn ask_as(&mut self, method: Method, address: &str, kind: &str, body: &str) -> Result<Page> {
        let url = Url::parse(address).with_context(|| format!("asking for {address}"))?;
        let request = self.client.request(method, url.clone()).header(COOKIE, self.cookies_for(&url));
        let request = request.header(CONTENT_TYPE, kind);
        let response = request.body(body.to_owned()).send().await.with_context(|| format!("asking for {url}"))?;
        self.keep_cookies(&url, &response);
        let (status, trail) = (response.status(), vec![url.clone()]);
        Ok(Page { url, status, text: response.text().await?, trail })
    }

    async fn follow(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut body: Option<Vec<(String, String)>>,
        stop: impl Fn(&Url) -> bool,
    ) -> Result<Page> {
        let mut trail = Vec::new();
        for _ in 0..HOPS {
            trail.push(url.clone());
            let mut request = self
                .client
                .request(method.clone(), url.clone())
                .header(ACCEPT_LANGUAGE, "fr")
                .header(COOKIE, self.cookies_for(&url));
            for (name, value) in &self.forged {
                request = request.header(*name, *value);
            }
            if let Some(fields) = &body {
                let origin = url.origin().ascii_serialization();
                request = request.form(fields).header("Origin", origin).header("Sec-Fetch-Site", "same-origin");
            }
            let response = request.send().await.with_context(|| format!("asking for {url}"))?;
            self.keep_cookies(&url, &response);
            let status = response.status();
            let next = response.headers().get(LOCATION).filter(|_| status.is_redirection());
            let Some(next) = next else {
                return Ok(Page { url, status, text: response.text().await?, trail });
            };
            url = url.join(next.to_str()?).context("reading a redirect")?;
            ensure!(
                !matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) || body.is_none(),
                "{status} would repeat a form at {url}"
            );
            if stop(&url) {
                return Ok(Page { url, status, text: String::new(), trail });
            }
            method = Method::GET;
            body = None;
        }
        bail!("too many redirects: {trail:?}")
    }

    fn cookies_for(&self, url: &Url) -> String {
        let sent = self.cookies.iter().filter(|cookie| {
            let rest = url.path().strip_prefix(cookie.path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || cookie.path.ends_with('/') || rest.starts_with('/'))
        });
        sent.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&mut self, url: &Url, response: &Response) {
        for header in response.headers().get_all(SET_COOKIE) {
            let text = String::from_utf8_lossy(header.as_bytes()).into_owned();
            let mut parts = text.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let attributes: Vec<(String, &str)> = parts
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(key, value)| (key.to_ascii_lowercase(), value))
                .collect();
            let find = |key: &str| attributes.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
            // A cookie without a path belongs to the folder of the page that set it.
            let folder =
                url.path().rsplit_once('/').map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
            let path = find("path").filter(|path| path.starts_with('/')).unwrap_or(folder).to_owned();
            let over = find("max-age").is_some_and(|age| age.trim_start().starts_with(['0', '-']))
                || find("expires").is_some_and(|date| date.contains(" 1970 ") || date.contains("-1970 "));
            self.cookies.retain(|cookie| !(cookie.name == name && cookie.path == path));
            if !over {
                self.cookies.push(Cookie { name: name.to_owned(), value: value.to_owned(), path });
            }
        }
    }
}

impl Visitor {
    /// Opens an address and answers what the sign-in asks, as this account. The page is what comes after.
    pub async fn sign_in(&mut self, address: &str, account: &Account) -> Result<Page> {
        let page = self.to_password(address, account.role).await?;
        let form = page.form_with("password")?.with("login", &account.login).with("password", &account.password);
        let page = self.send(&form).await?;
        self.carry(page).await
    }

    /// The same, up to the form that asks for the password of somebody in this role.
    pub async fn to_password(&mut self, address: &str, role: &str) -> Result<Page> {
        let page = self.open(address).await?;
        let public = match role {
            "parent" => "guardian",
            "guest" => "guest",
            pupil if pupil.starts_with("pupil") => "pupil",
            _ => "staff",
        };
        let form = page.form_with("public")?;
        ensure!(form.choices("public").contains(&public), "{public} cannot be chosen on {}", page.url);
        self.send(&form.with("public", public)).await
    }

    /// Waits until preau at this address knows a service: a request of one that it does not know is forbidden, one without an
    /// address to answer to is bad.
    pub async fn until_known(&mut self, base: &str, id: &str) -> Result<()> {
        let asked = format!("{base}oidc/authorize?client_id={id}");
        let known = async || Ok(self.open(&asked).await?.status == StatusCode::BAD_REQUEST);
        crate::until(&format!("{id} is not mounted"), known).await
    }
}

impl Page {
    /// The forms of the page, in order.
    pub fn forms(&self) -> Vec<Form> {
        let document = Html::parse_document(&self.text);
        document.select(&selector("form")).map(|form| self.read_form(form)).collect()
    }

    /// The first form that has a field or a button of this name.
    pub fn form_with(&self, name: &str) -> Result<Form> {
        let has = |pairs: &[(String, String)]| pairs.iter().any(|(key, _)| key == name);
        let form = self.forms().into_iter().find(|form| has(&form.fields) || has(&form.choices));
        form.with_context(|| format!("no form with a field {name} on {}:\n{}", self.url, self.words()))
    }

    /// Whether some form of the page has a field or a button of this name.
    pub fn asks_for(&self, name: &str) -> bool {
        self.form_with(name).is_ok()
    }

    /// The first form sent to an address with this path.
    pub fn form_to(&self, path: &str) -> Result<Form> {
        let form = self.forms().into_iter().find(|form| form.action.path() == path);
        form.with_context(|| format!("no form to {path} on {}:\n{}", self.url, self.words()))
    }

    /// The form that carries a message of SAML to somebody, or on from where it was posted.
    pub fn carries(&self) -> Option<Form> {
        ["SAMLResponse", "SAMLRequest", "SAMLart", "posted"].iter().find_map(|name| self.form_with(name).ok())
    }

    /// The first address it links to that has this in it.
    pub fn link_to(&self, part: &str) -> Option<String> {
        let found = self.values("href").into_iter().find(|address| address.contains(part))?;
        self.url.join(&found).ok().map(String::from)
    }

    /// The addresses of its frames.
    pub fn frames(&self) -> Vec<String> {
        let document = Html::parse_document(&self.text);
        let wanted = selector("iframe[src]");
        let found = document.select(&wanted);
        found.filter_map(|frame| frame.value().attr("src")).map(str::to_owned).collect()
    }

    /// What the page says, without its tags.
    pub fn words(&self) -> String {
        let document = Html::parse_document(&self.text);
        let body: String = document.select(&selector("body")).flat_map(|body| body.text()).collect();
        body.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The texts of the elements whose attribute `name` is `value`.
    pub fn texts(&self, name: &str, value: &str) -> Vec<String> {
        let document = Html::parse_document(&self.text);
        let wanted = selector(&format!("[{name}]"));
        let found = document.select(&wanted);
        found
            .filter(|element| element.value().attr(name) == Some(value))
            .map(|element| element.text().collect::<String>().trim().to_owned())
            .collect()
    }

    /// The values of the attribute `name`, wherever it stands.
    pub fn values(&self, name: &str) -> Vec<String> {
        let document = Html::parse_document(&self.text);
        let wanted = selector(&format!("[{name}]"));
        let found = document.select(&wanted);
        found.filter_map(|element| element.value().attr(name)).map(str::to_owned).collect()
    }

    fn read_form(&self, form: ElementRef<'_>) -> Form {
        let attribute = |element: ElementRef<'_>, name: &str| element.value().attr(name).map(str::to_owned);
        let action = attribute(form, "action").unwrap_or_default();
        let action = self.url.join(&action).unwrap_or_else(|_| self.url.clone());
        let post = attribute(form, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let (mut fields, mut choices) = (Vec::new(), Vec::new());
        for element in form.select(&selector("input[name], button[name], select[name], textarea[name]")) {
            let name = attribute(element, "name").unwrap_or_default();
            let value = attribute(element, "value").unwrap_or_default();
            let kind = attribute(element, "type").unwrap_or_default().to_ascii_lowercase();
            let tag = element.value().name();
            let checked = element.value().attr("checked").is_some();
            if tag == "select" {
                for option in element.select(&selector("option")) {
                    let value = attribute(option, "value").unwrap_or_default();
                    if option.value().attr("selected").is_some() {
                        fields.push((name.clone(), value.clone()));
                    }
                    choices.push((name.clone(), value));
                }
            } else if tag == "button" || kind == "submit" || (matches!(kind.as_str(), "radio" | "checkbox") && !checked)
            {
                choices.push((name, value));
            } else {
                fields.push((name, value));
            }
        }
        Form { action, method: if post { Method::POST } else { Method::GET }, fields, choices }
    }
}

impl Form {
    /// A form as a script makes it.
    pub fn post(action: &str, fields: &[(&str, &str)]) -> Result<Form> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Form { action: Url::parse(action)?, method: Method::POST, fields, choices: Vec::new() })
    }

    /// Where it is sent.
    pub fn action(&self) -> &str {
        self.action.as_str()
    }

    /// What a field holds.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The form with this field set to this value: typed, ticked, chosen or pressed.
    pub fn with(mut self, name: &str, value: &str) -> Form {
        self.fields.retain(|(key, _)| key != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What can be chosen or pressed under this name.
    pub fn choices(&self, name: &str) -> Vec<&str> {
        self.choices.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|error| panic!("{text} is no selector: {error}"))
}
