//! Written quantities: schedule offsets, sizes, bounds.

use crate::plan::{Bound, Relation};
use crate::time::Span;

/// `T-30m`, `T-0`, `T+5m` in milliseconds from T-0.
pub(super) fn schedule(text: &str) -> Option<i64> {
    let rest = text.trim().strip_prefix(['T', 't'])?.trim_start();
    if rest.is_empty() {
        return Some(0);
    }
    let (sign, length) = match rest.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, rest.strip_prefix('+')?),
    };
    let length = length.trim_start();
    if length == "0" {
        return Some(0);
    }
    let span: Span = length.parse().ok()?;
    i64::try_from(span.0).ok().map(|span| sign * span)
}

const UNITS: [(&str, u64); 8] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
    ("", 1),
];

/// `64MiB`, `512 KiB`, `1000` in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// `> 5 %`, `<= 100 ms`, `>=0.95`.
pub(super) fn bound(text: &str) -> Option<Bound> {
    const RELATIONS: [(&str, Relation); 4] = [
        ("<=", Relation::AtMost),
        (">=", Relation::AtLeast),
        ("<", Relation::Below),
        (">", Relation::Above),
    ];
    let text = text.trim();
    let (symbol, relation) = RELATIONS.into_iter().find(|(symbol, _)| text.starts_with(symbol))?;
    let rest = text[symbol.len()..].trim_start();
    let length = rest
        .bytes()
        .take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'_'))
        .count();
    let (number, unit) = rest.split_at(length);
    let value: f64 = number.replace('_', "").parse().ok()?;
    let unit = unit.trim();
    let sane = unit.len() <= 16 && !unit.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '='));
    // `> 1e3` would otherwise be 1 of the unit `e3`.
    let exponent = unit
        .strip_prefix(['e', 'E'])
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')));
    (value.is_finite() && sane && !exponent).then(|| Bound {
        relation,
        value,
        unit: unit.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        assert_eq!(schedule("T-30m"), Some(-1_800_000));
        assert_eq!(schedule("T+5m"), Some(300_000));
        assert_eq!(schedule("T-0"), Some(0));
        assert_eq!(schedule("T"), Some(0));
        assert_eq!(schedule("T - 1h30m"), Some(-5_400_000));
        for bad in ["", "30m", "T30m", "T-", "T-x", "T--5m", "T-999999999999999d"] {
            assert_eq!(schedule(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("64MiB"), Some(64 << 20));
        assert_eq!(size("1 kB"), Some(1000));
        assert_eq!(size("17"), Some(17));
        for bad in ["", "MiB", "64mb", "-1", "1.5MiB", "99999999999GiB"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn bounds() {
        let shown = |text| bound(text).map(|b| (b.relation, b.value, b.unit));
        assert_eq!(shown("> 5 %"), Some((Relation::Above, 5.0, "%".to_owned())));
        assert_eq!(shown("<=0.95"), Some((Relation::AtMost, 0.95, String::new())));
        assert_eq!(shown("< 100ms"), Some((Relation::Below, 100.0, "ms".to_owned())));
        assert_eq!(shown(">= -1"), Some((Relation::AtLeast, -1.0, String::new())));
        for bad in [
            "",
            "5",
            "= 5",
            "> five",
            "> 5 % of all",
            ">> 5",
            "> 1e999",
            "> 5 > 6",
            "== 5",
        ] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }
}
