//! HTTP requests: no redirects, no cookies, a bounded response in a bounded time.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url, redirect};
use tokio::time::timeout;

use crate::calls::{Answered, Bytes};
use crate::session::Refusal;

/// A request to send. Secrets are filled in.
pub(crate) struct Outgoing {
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) timeout: Duration,
    /// Sent as `Idempotency-Key`, unless the plugin sends one of its own.
    pub(crate) key: Option<String>,
    /// Bytes of the response's body.
    pub(crate) cap: usize,
}

/// The clients, built when first needed: loading certificates takes a while.
#[derive(Debug, Default)]
pub(crate) struct HttpClients {
    direct: OnceLock<Client>,
    proxied: OnceLock<Client>,
}

impl HttpClients {
    /// Addresses of this machine are never asked for through a proxy.
    fn of(&self, url: &Url) -> Result<&Client, Refusal> {
        let local = match url.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.starts_with("127."),
            None => false,
        };
        let (client, builder) = if local {
            (&self.direct, Client::builder().no_proxy())
        } else {
            (&self.proxied, Client::builder())
        };
        if let Some(client) = client.get() {
            return Ok(client);
        }
        // Fails if one is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let built = builder
            .redirect(redirect::Policy::none())
            .user_agent(concat!("surefoot/", env!("CARGO_PKG_VERSION")))
            .pool_idle_timeout(Duration::from_secs(20))
            .build()
            .map_err(|e| Refusal::new("network", format!("there is no HTTP client: {}", causes(e))))?;
        Ok(client.get_or_init(|| built))
    }
}

/// Sends it and reads the whole response.
pub(crate) async fn send(clients: &HttpClients, outgoing: Outgoing) -> Result<Answered, Refusal> {
    let limit = outgoing.timeout;
    match timeout(limit, exchange(clients, outgoing)).await {
        Ok(answered) => answered,
        Err(_) => Err(Refusal::new(
            "timed-out",
            format!("there was no complete response within {} ms", limit.as_millis()),
        )),
    }
}

async fn exchange(clients: &HttpClients, outgoing: Outgoing) -> Result<Answered, Refusal> {
    let started = Instant::now();
    let method = Method::from_bytes(outgoing.method.as_bytes())
        .map_err(|_| Refusal::new("invalid", format!("{:?} is not an HTTP method", outgoing.method)))?;
    let headers = headers(&outgoing)?;
    let mut request = clients
        .of(&outgoing.url)?
        .request(method, outgoing.url)
        .headers(headers);
    if let Some(body) = outgoing.body {
        request = request.body(body);
    }
    let network = |e: reqwest::Error| Refusal::new("network", causes(e));
    let mut response = request.send().await.map_err(network)?;
    let too_large = || {
        Refusal::new(
            "too-large",
            format!("the response is over the limit of {} bytes", outgoing.cap),
        )
    };
    if response
        .content_length()
        .is_some_and(|length| length > outgoing.cap as u64)
    {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > outgoing.cap {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(Answered {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: Bytes(body),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

fn headers(outgoing: &Outgoing) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in &outgoing.headers {
        let invalid = || Refusal::new("invalid", format!("header {name:?} cannot be sent"));
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?,
            HeaderValue::from_str(value).map_err(|_| invalid())?,
        );
    }
    let key = HeaderName::from_static("idempotency-key");
    if let Some(value) = outgoing.key.as_ref().and_then(|key| HeaderValue::from_str(key).ok())
        && !headers.contains_key(&key)
    {
        headers.insert(key, value);
    }
    Ok(headers)
}

/// The error and what caused it, without the URL: it may hold a secret in a form of its own.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
