//! Globs over bytes: `*` for anything but a separator, `**` for anything.
//!
//! Matching takes time proportional to pattern × text, whatever the pattern.

/// Whether the whole of `text` fits `pattern`. With no separators `*` stands for anything.
pub(super) fn matches(pattern: &str, text: &str, separators: &[u8]) -> bool {
    let tokens = tokens(pattern);
    // reached[n]: the text so far fits the first n tokens.
    let mut reached = vec![false; tokens.len() + 1];
    reached[0] = true;
    skip_stars(&tokens, &mut reached);
    for &byte in text.as_bytes() {
        let mut next = vec![false; tokens.len() + 1];
        for (n, token) in tokens.iter().enumerate() {
            if !reached[n] {
                continue;
            }
            match token {
                Token::Byte(expected) if *expected == byte => next[n + 1] = true,
                Token::Byte(_) => {}
                Token::Within => next[n] |= !separators.contains(&byte),
                Token::Across => next[n] = true,
            }
        }
        skip_stars(&tokens, &mut next);
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Byte(u8),
    Within,
    Across,
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(pattern.len());
    for byte in pattern.bytes() {
        match (byte, tokens.last_mut()) {
            (b'*', Some(last @ (Token::Within | Token::Across))) => *last = Token::Across,
            (b'*', Some(Token::Byte(_)) | None) => tokens.push(Token::Within),
            (byte, _) => tokens.push(Token::Byte(byte)),
        }
    }
    tokens
}

/// A star may stand for nothing.
fn skip_stars(tokens: &[Token], reached: &mut [bool]) {
    for (n, token) in tokens.iter().enumerate() {
        if reached[n] && matches!(token, Token::Within | Token::Across) {
            reached[n + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a*c", "abbc", true),
            ("a*c", "ab/c", false),
            ("a**c", "ab/c", true),
            ("*", "", true),
            ("*.sh", ".sh", true),
            ("*.sh", "x.shx", false),
            ("a/*/c", "a/b/c", true),
            ("a/*/c", "a/b/b/c", false),
            ("a/**", "a/b/b/c", true),
            ("ä*", "äö", true),
        ] {
            assert_eq!(matches(pattern, text, b"/"), expected, "{pattern} {text}");
        }
        assert!(matches("a*c", "ab/c", b""));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(40) + "b";
        assert!(!matches(&pattern, &"a".repeat(20_000), b"/"));
    }
}
