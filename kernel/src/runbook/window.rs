//! Deployment windows: written in a time zone, resolved to the next opening.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{Offset, TimeZone};

use super::diagnostic::{At, Diagnostic, Findings};
use super::fields::Fields;
use super::yaml::Node;
use crate::plan::{Outside, Window};
use crate::time::Timestamp;

/// A window as the runbook gives it: on these days, between these times, in this zone.
#[derive(Clone, Debug)]
pub(super) struct WindowRule {
    from: Time,
    to: Time,
    zone: TimeZone,
    zone_text: String,
    days: Vec<Weekday>,
    outside: Outside,
}

const KEYS: &[&str] = &["from", "to", "timezone", "days", "outside"];
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

pub(super) fn read(node: &Node, findings: &mut Findings) -> Option<WindowRule> {
    let fields = Fields::open(node, "the window", KEYS, findings)?;
    let from = time(&fields, "from", findings);
    let to = time(&fields, "to", findings);
    let zone = zone(&fields, findings);
    let days = days(&fields, findings);
    let words = [("ask", Outside::Ask), ("refuse", Outside::Refuse)];
    let outside = fields
        .word("outside", &words, findings)
        .map_or(Outside::default(), |at| at.value);
    let (from, to) = (from?, to?);
    if from.value == to.value {
        findings.push(
            Diagnostic::error("bad-window", &to.span, "the window ends when it begins")
                .label("the same time as `from`"),
        );
        return None;
    }
    let (zone_text, zone) = zone?;
    Some(WindowRule {
        from: from.value,
        to: to.value,
        zone,
        zone_text,
        days,
        outside,
    })
}

fn time(fields: &Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<At<Time>> {
    fields.require(key, findings)?;
    let text = fields.text(key, findings)?;
    let parsed = clock(&text.value);
    if parsed.is_none() {
        findings.push(
            Diagnostic::error("bad-window", &text.span, format!("`{key}` is not a time of day"))
                .label("not a time")
                .help("write hours and minutes in quotes: \"02:00\""),
        );
    }
    Some(At {
        value: parsed?,
        span: text.span,
    })
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| -> Option<i8> {
        let plain = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| plain)
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

fn zone(fields: &Fields<'_>, findings: &mut Findings) -> Option<(String, TimeZone)> {
    if fields.get("timezone").is_none() {
        findings.push(
            Diagnostic::error("no-timezone", &fields.key_span("from"), "the window has no time zone")
                .label("in which time zone?")
                .help("add `timezone: UTC`, an offset like `+02:00`, or a name like `Europe/Berlin`"),
        );
        return None;
    }
    let text = fields.text("timezone", findings)?;
    let zone = offset(&text.value).map(TimeZone::fixed).or_else(|| named(&text.value));
    if zone.is_none() {
        findings.push(
            Diagnostic::error(
                "bad-window",
                &text.span,
                format!("there is no time zone `{}`", text.value),
            )
            .label("not a time zone")
            .help("write `UTC`, an offset like `+02:00`, or a name like `Europe/Berlin`"),
        );
    }
    Some((text.value, zone?))
}

fn named(name: &str) -> Option<TimeZone> {
    if name == "UTC" || name == "Z" {
        return Some(TimeZone::UTC);
    }
    // The bundled database: no file of the system is read.
    jiff::tz::TimeZoneDatabase::bundled().get(name).ok()
}

fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let time = clock(rest)?;
    Offset::from_seconds(sign * (i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60)).ok()
}

fn days(fields: &Fields<'_>, findings: &mut Findings) -> Vec<Weekday> {
    let Some(texts) = fields.texts("days", findings) else {
        return DAYS.iter().map(|(_, day)| *day).collect();
    };
    let mut days = Vec::new();
    for text in &texts {
        match DAYS.iter().find(|(name, _)| *name == text.value.to_ascii_lowercase()) {
            Some((_, day)) => days.push(*day),
            None => findings.push(
                Diagnostic::error("bad-value", &text.span, format!("`{}` is not a day", text.value))
                    .suggest(&text.value, DAYS.iter().map(|(name, _)| *name)),
            ),
        }
    }
    if texts.is_empty() {
        findings.push(Diagnostic::error(
            "bad-window",
            &fields.key_span("days"),
            "the window has no days",
        ));
    }
    days
}

impl WindowRule {
    /// The opening that `now` lies in, or else the next one.
    pub(super) fn next(&self, now: Timestamp) -> Option<Window> {
        let at = jiff::Timestamp::from_millisecond(now.0).ok()?;
        let today = at.to_zoned(self.zone.clone()).date();
        let mut date = today.yesterday().ok()?;
        // A week and a day either side reaches the next opening of any set of days.
        for _ in 0..16 {
            if self.days.contains(&date.weekday()) {
                let opens = self.instant(date, self.from)?;
                let end_date = if self.to > self.from {
                    date
                } else {
                    date.tomorrow().ok()?
                };
                let closes = self.instant(end_date, self.to)?;
                if closes > now {
                    return Some(Window {
                        text: self.text(),
                        opens,
                        closes,
                        outside: self.outside,
                    });
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn instant(&self, date: Date, time: Time) -> Option<Timestamp> {
        let zoned = self.zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
        Some(Timestamp(zoned.timestamp().as_millisecond()))
    }

    fn text(&self) -> String {
        let clock = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        let mut text = format!("{}–{} {}", clock(self.from), clock(self.to), self.zone_text);
        if self.days.len() < DAYS.len() {
            let names: Vec<_> = DAYS
                .iter()
                .filter(|(_, day)| self.days.contains(day))
                .map(|(name, _)| *name)
                .collect();
            text.push_str(&format!(" on {}", names.join(", ")));
        }
        text
    }
}
