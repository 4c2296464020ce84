//! What is asked next when a server sends a request elsewhere (RFC 9110, section 15.4). Pure.

use reqwest::{Method, StatusCode, Url};

/// Where an answer sends the request, and by which method it goes there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) url: Url,
    pub(super) method: Method,
    /// Whether the body goes along.
    pub(super) with_body: bool,
    /// Whether it is another server, which is not to see what was meant for this one.
    pub(super) elsewhere: bool,
}

/// The next request, if the answer asks for one.
pub(super) fn next(status: StatusCode, location: Option<&str>, from: &Url, method: &Method) -> Option<Next> {
    let (method, with_body) = match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if *method == Method::POST => (Method::GET, false),
        StatusCode::SEE_OTHER if *method != Method::HEAD => (Method::GET, false),
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => (method.clone(), true),
        _ => return None,
    };
    let mut url = from.join(location?).ok()?;
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    Some(Next {
        elsewhere: url.origin() != from.origin(),
        url,
        method,
        with_body,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn to(status: u16, method: Method, location: &str) -> Option<Next> {
        let from = Url::parse("https://shop.example/a/b?c").unwrap();
        next(StatusCode::from_u16(status).unwrap(), Some(location), &from, &method)
    }

    #[test]
    fn the_method_changes_as_the_status_says() {
        for (status, method, expected, with_body) in [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (302, Method::PUT, Method::PUT, true),
            (303, Method::PUT, Method::GET, false),
            (303, Method::HEAD, Method::HEAD, true),
            (307, Method::POST, Method::POST, true),
            (308, Method::DELETE, Method::DELETE, true),
        ] {
            let next = to(status, method.clone(), "/x").unwrap();
            assert_eq!(
                (next.method, next.with_body),
                (expected, with_body),
                "{status} {method}"
            );
        }
        assert_eq!(to(200, Method::GET, "/x"), None);
        assert_eq!(to(304, Method::GET, "/x"), None);
        let from = Url::parse("https://shop.example/").unwrap();
        assert_eq!(next(StatusCode::FOUND, None, &from, &Method::GET), None);
    }

    #[test]
    fn another_scheme_host_or_port_is_elsewhere() {
        for (location, url, elsewhere) in [
            ("c", "https://shop.example/a/c", false),
            ("/c", "https://shop.example/c", false),
            ("?d", "https://shop.example/a/b?d", false),
            ("https://shop.example:443/", "https://shop.example/", false),
            ("http://shop.example/", "http://shop.example/", true),
            ("https://shop.example:8443/", "https://shop.example:8443/", true),
            ("//other.example/x", "https://other.example/x", true),
        ] {
            let next = to(302, Method::GET, location).unwrap();
            assert_eq!((next.url.as_str(), next.elsewhere), (url, elsewhere));
        }
        assert_eq!(to(302, Method::GET, "http://[broken"), None);
    }
}
