//! JUnit XML, as pytest, Maven, Gradle, gotestsum, jest-junit and nextest write it.
//!
//! Total: any text gives a tally or a reason. Only `testcase` elements count; totals in attributes are hearsay. A
//! document that breaks off is refused.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::tally::{Report, Tally};

/// Deeper documents are refused.
const DEPTH_LIMIT: usize = 1000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Skipped,
    Failed,
}

struct Case {
    name: String,
    verdict: Verdict,
    depth: usize,
}

/// Reads a JUnit document.
///
/// # Errors
/// When it is not well-formed, breaks off, or is not JUnit.
pub fn read(content: &str) -> Report {
    let mut reader = Reader::from_str(content.trim_start_matches('\u{feff}').trim_start());
    let mut tally = Tally::default();
    let mut depth = 0_usize;
    let mut root_seen = false;
    let mut case: Option<Case> = None;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("not well-formed XML at byte {}: {error}", reader.error_position()))?;
        match event {
            Event::Start(element) => {
                depth += 1;
                if depth > DEPTH_LIMIT {
                    return Err(format!("its elements are nested more than {DEPTH_LIMIT} deep"));
                }
                root(&element, depth, &mut root_seen)?;
                open(&element, depth, &mut case);
            }
            Event::Empty(element) => {
                root(&element, depth + 1, &mut root_seen)?;
                open(&element, depth + 1, &mut case);
                close(depth + 1, &mut case, &mut tally);
            }
            Event::End(_) => {
                close(depth, &mut case, &mut tally);
                depth = depth.saturating_sub(1);
            }
            Event::Eof if depth > 0 => return Err("it breaks off: an element is not closed".to_owned()),
            Event::Eof if !root_seen => return Err("it is empty".to_owned()),
            Event::Eof => return Ok(tally),
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

/// The outermost element has to be one of JUnit's two, once.
fn root(element: &BytesStart<'_>, depth: usize, seen: &mut bool) -> Result<(), String> {
    if depth != 1 {
        return Ok(());
    }
    let name = element.local_name();
    let name: &str = name.as_ref();
    if std::mem::replace(seen, true) {
        return Err("it has more than one root element".to_owned());
    }
    if matches!(name, "testsuites" | "testsuite") {
        Ok(())
    } else {
        let name: String = name.chars().take(40).collect();
        Err(format!("it is not JUnit: the root element is <{name}>"))
    }
}

fn open(element: &BytesStart<'_>, depth: usize, case: &mut Option<Case>) {
    let name = element.local_name();
    let verdict = match (name.as_ref(), &case) {
        ("testcase", None) => {
            let name = [attribute(element, "classname"), attribute(element, "name")];
            let name: Vec<String> = name.into_iter().flatten().filter(|part| !part.is_empty()).collect();
            *case = Some(Case {
                name: name.join("."),
                verdict: Verdict::Passed,
                depth,
            });
            return;
        }
        ("failure" | "error", Some(_)) => Verdict::Failed,
        ("skipped", Some(open)) if open.verdict == Verdict::Passed => Verdict::Skipped,
        _ => return,
    };
    if let Some(open) = case
        && depth == open.depth + 1
    {
        open.verdict = verdict;
    }
}

fn close(depth: usize, case: &mut Option<Case>, tally: &mut Tally) {
    let Some(closed) = case.take_if(|case| case.depth == depth) else {
        return;
    };
    match closed.verdict {
        Verdict::Passed => tally.pass(),
        Verdict::Skipped => tally.skip(),
        Verdict::Failed if closed.name.is_empty() => tally.fail("a test without a name"),
        Verdict::Failed => tally.fail(&closed.name),
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    Some(value.map_or_else(|_| attribute.value.to_string(), std::borrow::Cow::into_owned))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    const PYTEST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="4" time="0.05">
<testcase classname="tests.test_cart" name="test_add" time="0.001" />
<testcase classname="tests.test_cart" name="test_pay[a&lt;b]" time="0.001"><failure message="assert 1 == 2">def test_pay():
&gt;   assert 1 == 2</failure><system-out><![CDATA[<testcase/>]]></system-out></testcase>
<testcase classname="tests.test_cart" name="test_refund" time="0.0"><skipped type="pytest.skip" message="later"/></testcase>
<testcase name="test_health"></testcase>
</testsuite></testsuites>"#;

    #[test]
    fn pytest() {
        let tally = read(PYTEST).unwrap();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (2, 1, 1));
        assert_eq!(tally.failed_names, ["tests.test_cart.test_pay[a<b]"]);
    }

    #[test]
    fn a_lone_suite_with_nested_ones_and_errors() {
        let content = r#"<testsuite><testsuite name="inner"><testcase name="a"><error/></testcase></testsuite>
            <properties><property name="x" value="y"/></properties><testcase name="b"/><system-out>ok</system-out></testsuite>"#;
        let tally = read(content).unwrap();
        assert_eq!(
            (tally.passed, tally.failed_names.as_slice()),
            (1, &["a".to_owned()][..])
        );
    }

    #[test]
    fn reruns_that_passed_in_the_end_pass() {
        let content = r#"<testsuite><testcase name="a"><flakyFailure message="x"/></testcase></testsuite>"#;
        assert_eq!(read(content).unwrap().passed, 1);
    }

    #[test]
    fn a_document_that_breaks_off_is_refused() {
        for end in 60..PYTEST.len() - 1 {
            if PYTEST.is_char_boundary(end) {
                assert!(read(&PYTEST[..end]).is_err(), "{}", &PYTEST[..end]);
            }
        }
    }

    #[test]
    fn other_documents_are_refused() {
        for other in [
            "",
            "<html><body/></html>",
            "<testsuite></testsuites>",
            "<testsuite/><testsuite/>",
            "no xml",
        ] {
            assert!(read(other).is_err(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(content in "\\PC*") {
            let _ = read(&content);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn any_mixture_of_pieces(pieces in proptest::collection::vec(prop_oneof![
            Just("<testsuites>"), Just("</testsuites>"), Just("<testsuite>"), Just("</testsuite>"),
            Just("<testcase name='a'>"), Just("<testcase/>"), Just("</testcase>"), Just("<failure>"), Just("</failure>"),
            Just("<skipped/>"), Just("&amp;"), Just("&x;"), Just("<![CDATA["), Just("]]>"), Just("<!--"), Just("-->"), Just("text")
        ], 0..30)) {
            let _ = read(&pieces.concat());
        }
    }
}
