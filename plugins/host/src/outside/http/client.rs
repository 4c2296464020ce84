//! Clients: two that all requests share, and one for a request that brings its own certificates or proxy.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Proxy, Url, redirect};

use super::causes::causes;
use crate::refusal::Refusal;

/// The clients, built when first needed: loading certificates takes a while.
#[derive(Debug, Default)]
pub(crate) struct HttpClients {
    direct: OnceLock<Client>,
    proxied: OnceLock<Client>,
}

impl HttpClients {
    /// Addresses of this machine are never asked for through a proxy of the environment.
    pub(super) fn of(&self, url: &Url) -> Result<&Client, Refusal> {
        let (client, builder) = if is_local(url) {
            (&self.direct, Client::builder().no_proxy())
        } else {
            (&self.proxied, Client::builder())
        };
        if let Some(client) = client.get() {
            return Ok(client);
        }
        let built = build(builder)?;
        Ok(client.get_or_init(|| built))
    }
}

/// A client for one request.
pub(super) fn own(ca: Option<&[u8]>, proxy: Option<&Url>) -> Result<Client, Refusal> {
    let mut builder = Client::builder().no_proxy();
    if let Some(pem) = ca {
        let invalid = |why: String| Refusal::new("invalid", format!("the option \"ca\" of a request: {why}"));
        let certificates = Certificate::from_pem_bundle(pem).map_err(|e| invalid(causes(e)))?;
        if certificates.is_empty() {
            return Err(invalid("the file has no certificate in PEM".to_owned()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(url) = proxy {
        let proxy = Proxy::all(url.as_str()).map_err(|e| Refusal::new("invalid", causes(e)))?;
        builder = builder.proxy(proxy);
    }
    build(builder)
}

fn build(builder: ClientBuilder) -> Result<Client, Refusal> {
    // Fails if one is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder
        .redirect(redirect::Policy::none())
        .user_agent(concat!("surefoot/", env!("CARGO_PKG_VERSION")))
        .pool_idle_timeout(Duration::from_secs(20))
        .build()
        .map_err(|e| Refusal::new("network", format!("there is no HTTP client: {}", causes(e))))
}

fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.starts_with("127."),
        None => false,
    }
}
