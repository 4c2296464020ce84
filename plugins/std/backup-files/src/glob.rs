//! Globs over paths: `?` is one character of a name, `*` any number of them, `**` also crosses folders. A pattern
//! without a slash is matched against the last name.
//!
//! Linear in the pattern times the path: no pattern can stall the plugin.

/// Whether a path fits a pattern.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    if !pattern.contains('/') && !pattern.contains("**") {
        let name = path.rsplit('/').next().unwrap_or(path);
        return whole(pattern, name);
    }
    whole(pattern, path) || pattern.strip_suffix("/**").is_some_and(|folder| whole(folder, path))
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    One(char),
    AnyOne,
    AnyName,
    AnyPath,
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '?' => Token::AnyOne,
            '*' if chars.next_if_eq(&'*').is_some() => {
                // `**/a` is `a` at any depth, the top included.
                if chars.next_if_eq(&'/').is_some() {
                    tokens.push(Token::AnyPath);
                    continue;
                }
                Token::AnyPath
            }
            '*' => Token::AnyName,
            c => Token::One(c),
        });
    }
    tokens
}

/// Runs all readings of the pattern side by side.
fn whole(pattern: &str, path: &str) -> bool {
    let tokens = tokens(pattern);
    let mut alive = vec![false; tokens.len() + 1];
    alive[0] = true;
    skip(&tokens, &mut alive);
    for c in path.chars() {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| alive[*at]) {
            match token {
                Token::One(expected) => next[at + 1] |= *expected == c,
                Token::AnyOne => next[at + 1] |= c != '/',
                Token::AnyName => next[at] |= c != '/',
                Token::AnyPath => next[at] = true,
            }
        }
        skip(&tokens, &mut next);
        alive = next;
    }
    alive[tokens.len()]
}

/// Stars may stand for nothing.
fn skip(tokens: &[Token], alive: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if alive[at] && matches!(token, Token::AnyName | Token::AnyPath) {
            alive[at + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_folders() {
        for (pattern, path) in [
            ("*.log", "var/a.log"),
            ("a?c", "abc"),
            ("conf/*.env", "conf/app.env"),
            ("**/node_modules/**", "web/node_modules/x/y.js"),
            ("**/node_modules/**", "node_modules/x"),
            ("tmp/**", "tmp/a/b"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("*.log", "a.log.gz"),
            ("conf/*.env", "conf/x/app.env"),
            ("a?c", "a/c"),
            ("tmp/**", "tmpx/a"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    proptest! {
        #[test]
        fn any_pattern_is_matched(pattern in "[a*?/]{0,20}", path in "[a/]{0,20}") {
            let _ = matches(&pattern, &path);
        }

        #[test]
        fn a_path_matches_itself(path in "[a-z/]{1,20}") {
            prop_assert!(matches(&path, &path) || !path.contains('/') || path.ends_with('/'));
        }
    }
}
