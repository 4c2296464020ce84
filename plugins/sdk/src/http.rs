//! HTTP requests. GET, HEAD and OPTIONS are read effects, everything else mutates.

use crate::bindings::host::surefoot::plugin::http as raw;
use crate::describe::EffectClass;
use crate::duration::Duration;
use crate::outcome::HostError;

pub use raw::Response;

/// A request to send.
#[derive(Clone, Debug)]
#[must_use = "it is not sent until `send` is called"]
pub struct Request(raw::Request);

impl Request {
    /// Without headers and body; a mutating method has the class `once`.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self(raw::Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
            effect_class: EffectClass::Once.name().to_owned(),
            options: Vec::new(),
        })
    }

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.push((name.into(), value.into()));
        self
    }

    /// Adds headers.
    pub fn headers(mut self, headers: impl IntoIterator<Item = (String, String)>) -> Self {
        self.0.headers.extend(headers);
        self
    }

    /// The body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = Some(body.into());
        self
    }

    /// How long it may take; without, the step's remaining time.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.0.timeout_ms = timeout.map(Duration::millis);
        self
    }

    /// What may be done when a crash leaves a mutating request in doubt.
    pub fn effect(mut self, class: EffectClass) -> Self {
        self.0.effect_class = class.name().to_owned();
        self
    }

    /// Adds an option, by its name in the interface: `redirects`, `decompress`, `ca`, `proxy`. One that the host does
    /// not know is refused as `invalid`.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.options.push((name.into(), value.into()));
        self
    }

    /// Sends it. Every status is a response.
    ///
    /// # Errors
    /// When there is no response: `denied`, `network`, `timed-out`, `too-large`, ….
    pub fn send(&self) -> Result<Response, HostError> {
        raw::send(&self.0)
    }
}

impl Response {
    /// The values of a header, whose name is not case-sensitive.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = move |pair: &&(String, String)| pair.0.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_str())
    }
}
