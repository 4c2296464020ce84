//! Methods and URLs.
//!
//! What is matched is the URL as it will be sent: parsed, `.` and `..` resolved, host in lower
//! case, the port made explicit.

use reqwest::Url;

use super::glob;

/// A URL in the parts that a pattern speaks of.
#[derive(Debug)]
pub(crate) struct Target {
    scheme: String,
    host: String,
    port: String,
    path: String,
    query: Option<String>,
}

impl Target {
    /// The parts of an `http` or `https` URL without user name.
    pub(crate) fn of(url: &Url) -> Result<Self, &'static str> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https are possible");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("credentials belong into a header");
        }
        let host = url.host_str().ok_or("there is no host")?;
        let port = url.port_or_known_default().ok_or("there is no port")?;
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: host.to_owned(),
            port: port.to_string(),
            path: url.path().to_owned(),
            query: url.query().map(str::to_owned),
        })
    }
}

/// Whether one of the patterns (`METHOD URL`) allows the request.
///
/// A method of `*` is any. A pattern without a port means the scheme's own, one without a path
/// means `/`, and one without a query allows any query.
pub(crate) fn url_granted(patterns: &[String], method: &str, target: &Target) -> bool {
    patterns.iter().any(|pattern| {
        pattern
            .split_once(' ')
            .is_some_and(|(granted, url)| (granted == "*" || granted == method) && fits(url.trim(), target))
    })
}

fn fits(pattern: &str, target: &Target) -> bool {
    let Some((scheme, rest)) = pattern.split_once("://") else {
        return false;
    };
    let (authority, path_and_query) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    let path = if path.is_empty() { "/" } else { path };
    let (host, port) = split_port(authority);
    let port = port.unwrap_or(match scheme {
        "http" => "80",
        "https" => "443",
        _ => return false,
    });
    scheme == target.scheme
        && glob::matches(&host.to_ascii_lowercase(), &target.host, b"")
        && glob::matches(port, &target.port, b"")
        && glob::matches(path, &target.path, b"/")
        && query.is_none_or(|query| glob::matches(query, target.query.as_deref().unwrap_or(""), b""))
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // The last colon of `[::1]` is not one before a port.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn granted(pattern: &str, method: &str, url: &str) -> bool {
        let target = Target::of(&Url::parse(url).unwrap()).unwrap();
        url_granted(&[pattern.to_owned()], method, &target)
    }

    #[test]
    fn patterns() {
        for (pattern, request, expected) in [
            (
                "GET http://localhost:8080/health",
                "GET http://localhost:8080/health",
                true,
            ),
            (
                "GET http://localhost:8080/health",
                "GET http://localhost:8080/health?verbose=1",
                true,
            ),
            (
                "GET http://localhost:8080/health",
                "POST http://localhost:8080/health",
                false,
            ),
            (
                "GET http://localhost:8080/health",
                "GET http://localhost:8081/health",
                false,
            ),
            (
                "GET http://localhost:*/health",
                "GET http://localhost:8081/health",
                true,
            ),
            ("GET http://localhost/health", "GET http://localhost:80/health", true),
            ("GET http://localhost/health", "GET https://localhost/health", false),
            ("GET https://*.example.com/v1/*", "GET https://a.example.com/v1/x", true),
            (
                "GET https://*.example.com/v1/*",
                "GET https://a.example.com/v1/x/y",
                false,
            ),
            (
                "GET https://*.example.com/v1/*",
                "GET https://a.example.com/v1/../v2",
                false,
            ),
            (
                "GET https://*.example.com/v1/**",
                "GET https://a.example.com/v1/x/y",
                true,
            ),
            (
                "GET https://*.example.com/**",
                "GET https://evil.test/.example.com/",
                false,
            ),
            ("GET https://a.test", "GET https://a.test/", true),
            ("GET https://a.test", "GET https://a.test/x", false),
            ("GET https://a.test?x=*", "GET https://a.test/?x=1", true),
            ("GET https://a.test?x=*", "GET https://a.test/?y=1", false),
            ("* http://[::1]:90/", "PUT http://[::1]:90/", true),
            ("GET http://[::1]/", "GET http://[::1]/", true),
            ("GET", "GET http://a.test/", false),
            ("GET a.test", "GET http://a.test/", false),
            ("GET http://A.Test/", "GET http://a.TEST/", true),
        ] {
            let (method, url) = request.split_once(' ').unwrap();
            assert_eq!(granted(pattern, method, url), expected, "{pattern} {request}");
        }
    }

    #[test]
    fn urls_that_cannot_be() {
        for url in [
            "ftp://a.test/",
            "file:///etc/passwd",
            "http://user@a.test/",
            "http://u:p@a.test/",
        ] {
            assert!(Target::of(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
    }
}
