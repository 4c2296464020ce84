//! HTTP requests: no cookies, redirects only where they are granted, a bounded response in a bounded time.

mod causes;
mod client;
mod gzip;
mod redirect;

use std::time::{Duration, Instant};

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use reqwest::{Client, Method, Response, Url};
use tokio::time::timeout;

use self::causes::causes;
use self::redirect::Next;
use crate::answers::Answered;
use crate::encoding::Bytes;
use crate::refusal::Refusal;

pub(crate) use client::HttpClients;

/// Headers that are meant for the server that was asked, and for no other.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "www-authenticate"];

/// A request to send. Secrets are filled in.
pub(crate) struct Outgoing {
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Option<Body>,
    pub(crate) timeout: Duration,
    /// Sent as `Idempotency-Key`, unless the plugin sends one of its own.
    pub(crate) key: Option<String>,
    /// Bytes of the response's body.
    pub(crate) cap: usize,
    /// How many redirects are followed.
    pub(crate) redirects: u32,
    /// A compressed body is asked for and unpacked.
    pub(crate) gunzip: bool,
    /// Further root certificates, in PEM.
    pub(crate) ca: Option<Vec<u8>>,
    /// The proxy to go through.
    pub(crate) proxy: Option<Url>,
}

/// A header with the value that is sent.
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
    /// A secret was filled in.
    pub(crate) secret: bool,
}

/// A body as it is sent.
pub(crate) struct Body {
    pub(crate) content: Vec<u8>,
    /// A secret was filled in.
    pub(crate) secret: bool,
}

/// Sends it and reads the whole response. `granted` says whether a redirect may be followed. The answer's URL is
/// empty if there was none.
pub(crate) async fn send(
    clients: &HttpClients,
    outgoing: Outgoing,
    granted: impl Fn(&str, &Url) -> Result<(), Refusal>,
) -> Result<Answered, Refusal> {
    let limit = outgoing.timeout;
    match timeout(limit, exchange(clients, outgoing, granted)).await {
        Ok(answered) => answered,
        Err(_) => Err(Refusal::new(
            "timed-out",
            format!("there was no complete response within {} ms", limit.as_millis()),
        )),
    }
}

async fn exchange(
    clients: &HttpClients,
    outgoing: Outgoing,
    granted: impl Fn(&str, &Url) -> Result<(), Refusal>,
) -> Result<Answered, Refusal> {
    let started = Instant::now();
    let own = match (&outgoing.ca, &outgoing.proxy) {
        (None, None) => None,
        (ca, proxy) => Some(client::own(ca.as_deref(), proxy.as_ref())?),
    };
    let mut method = Method::from_bytes(outgoing.method.as_bytes())
        .map_err(|_| Refusal::new("invalid", format!("{:?} is not an HTTP method", outgoing.method)))?;
    let (mut url, mut body, mut elsewhere) = (outgoing.url.clone(), outgoing.body.as_ref(), false);
    let mut left = outgoing.redirects;
    let mut redirected = false;
    let response = loop {
        let client = match &own {
            Some(client) => client,
            None => clients.of(&url)?,
        };
        let headers = headers(&outgoing, elsewhere)?;
        let response = ask(client, &method, &url, headers, body).await?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let next = redirect::next(response.status(), location, &url, &method);
        let Some(next) = next.filter(|_| left > 0) else {
            break response;
        };
        granted(next.method.as_str(), &next.url)?;
        left -= 1;
        redirected = true;
        let Next { elsewhere: further, .. } = next;
        elsewhere |= further;
        (url, method) = (next.url, next.method);
        body = body.filter(|_| next.with_body);
        if elsewhere && body.is_some_and(|body| body.secret) {
            return Err(Refusal::denied(format!(
                "{} asks to send a body with a secret on to {url}, which is another server",
                outgoing.method
            )));
        }
    };
    let mut answered = whole(response, &outgoing).await?;
    answered.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if redirected {
        answered.url = url.into();
    }
    Ok(answered)
}

async fn ask(
    client: &Client,
    method: &Method,
    url: &Url,
    headers: HeaderMap,
    body: Option<&Body>,
) -> Result<Response, Refusal> {
    let mut request = client.request(method.clone(), url.clone()).headers(headers);
    if let Some(body) = body {
        request = request.body(body.content.clone());
    }
    request.send().await.map_err(network)
}

/// Reads the response to its end.
async fn whole(mut response: Response, outgoing: &Outgoing) -> Result<Answered, Refusal> {
    let cap = outgoing.cap;
    let too_large = || Refusal::new("too-large", format!("the response is over the limit of {cap} bytes"));
    if response.content_length().is_some_and(|length| length > cap as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        if body.len() + chunk.len() > cap {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    let packed = response
        .headers()
        .get(CONTENT_ENCODING)
        .is_some_and(|value| value == "gzip" || value == "x-gzip");
    let unpack = outgoing.gunzip && packed && !body.is_empty();
    if unpack {
        body = gzip::unpacked(&body, cap)?;
    }
    // What described the packed body does not describe the one that is given.
    let told = |name: &HeaderName| !unpack || (*name != CONTENT_ENCODING && *name != CONTENT_LENGTH);
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(Answered {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .filter(|(name, _)| told(name))
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body: Bytes(body),
        duration_ms: 0,
        url: String::new(),
    })
}

/// The headers, to another server than the first without what was meant for that one.
fn headers(outgoing: &Outgoing, elsewhere: bool) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    for Header { name, value, secret } in &outgoing.headers {
        let invalid = || Refusal::new("invalid", format!("header {name:?} cannot be sent"));
        let private = *secret || CREDENTIALS.iter().any(|of| name.eq_ignore_ascii_case(of));
        if elsewhere && private {
            continue;
        }
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?,
            HeaderValue::from_str(value).map_err(|_| invalid())?,
        );
    }
    if outgoing.gunzip && !headers.contains_key(ACCEPT_ENCODING) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let key = HeaderName::from_static("idempotency-key");
    if let Some(value) = outgoing.key.as_ref().and_then(|key| HeaderValue::from_str(key).ok())
        && !headers.contains_key(&key)
    {
        headers.insert(key, value);
    }
    Ok(headers)
}

fn network(error: reqwest::Error) -> Refusal {
    Refusal::new("network", causes(error))
}
