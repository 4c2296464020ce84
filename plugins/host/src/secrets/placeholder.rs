//! `${{ secrets.NAME }}` and what is written in its place.

use std::fmt::Write as _;

use super::Secrets;

/// Where a placeholder stands: decides how the secret is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Anywhere: the secret as it is.
    Text,
    /// In a URL: escaped, unless the URL begins with it (a secret that is a whole address).
    Url,
}

/// Why a placeholder is not filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FillError {
    #[error("secret {0} is not granted; add it to the plugin's `secrets`")]
    NotGranted(String),
    #[error("secret {0} is not known; provide it to the process that runs the deployment")]
    Unknown(String),
}

impl Secrets {
    /// `text` with every placeholder filled in.
    pub(crate) fn fill(&self, text: &str, granted: &[String], place: Place) -> Result<String, FillError> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_placeholder(rest) {
            filled.push_str(before);
            if !granted.iter().any(|grant| grant == name) {
                return Err(FillError::NotGranted(name.to_owned()));
            }
            let value = self
                .values
                .get(name)
                .ok_or_else(|| FillError::Unknown(name.to_owned()))?;
            match place {
                Place::Url if !filled.is_empty() => push_escaped(&mut filled, value),
                Place::Text | Place::Url => filled.push_str(value),
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The same for bytes; placeholders are only looked for in UTF-8 text.
    pub(crate) fn fill_bytes(&self, bytes: Vec<u8>, granted: &[String]) -> Result<Vec<u8>, FillError> {
        match String::from_utf8(bytes) {
            Ok(text) => self.fill(&text, granted, Place::Text).map(String::into_bytes),
            Err(other) => Ok(other.into_bytes()),
        }
    }
}

/// What is before the first placeholder, its name, and what is after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find("${{").map(|at| at + from) {
        let inside = start + 3;
        let end = inside + text[inside..].find("}}")?;
        if let Some(name) = text[inside..end].trim().strip_prefix("secrets.") {
            return Some((&text[..start], name, &text[end + 2..]));
        }
        from = inside;
    }
    None
}

fn push_escaped(url: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new([
            ("token".to_owned(), "a b?c/d".to_owned()),
            ("hook".to_owned(), "https://hooks.example/T0/B1".to_owned()),
        ])
        .unwrap()
    }

    #[test]
    fn granted_placeholders_are_filled_in() {
        let granted = ["token".to_owned(), "hook".to_owned()];
        let fill = |text, place| secrets().fill(text, &granted, place);
        assert_eq!(
            fill("Bearer ${{ secrets.token }}!", Place::Text).unwrap(),
            "Bearer a b?c/d!"
        );
        assert_eq!(
            fill("${{secrets.token}}${{ steps.a.b }}", Place::Text).unwrap(),
            "a b?c/d${{ steps.a.b }}"
        );
        assert_eq!(
            fill("http://h/${{ secrets.token }}", Place::Url).unwrap(),
            "http://h/a%20b%3Fc/d"
        );
        assert_eq!(
            fill("${{ secrets.hook }}?x", Place::Url).unwrap(),
            "https://hooks.example/T0/B1?x"
        );
        assert_eq!(fill("${{ secrets.token", Place::Text).unwrap(), "${{ secrets.token");
    }

    #[test]
    fn others_are_refused() {
        let fill = |name: &str, granted: &[String]| {
            secrets().fill(&format!("${{{{ secrets.{name} }}}}"), granted, Place::Text)
        };
        assert_eq!(fill("token", &[]), Err(FillError::NotGranted("token".to_owned())));
        assert_eq!(
            fill("nope", &["nope".to_owned()]),
            Err(FillError::Unknown("nope".to_owned()))
        );
    }

    #[test]
    fn bytes_that_are_not_text_stay() {
        let bytes = vec![0xff, b'$'];
        assert_eq!(secrets().fill_bytes(bytes.clone(), &[]).unwrap(), bytes);
    }
}
