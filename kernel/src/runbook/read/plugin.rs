//! Reading of the plugins section: sources, grants, limits.

use crate::plugin::{FileAccess, FileGrant, Grants, Limits};
use crate::runbook::diagnostic::{At, Diagnostic, Findings};
use crate::runbook::draft::{PluginDraft, path};
use crate::runbook::fields::{Fields, scalar, wrong_type};
use crate::runbook::quantity;
use crate::runbook::yaml::{Kind, Node};

const KEYS: &[&str] = &["source", "allow", "limits"];
const ALLOW_KEYS: &[&str] = &["processes", "http", "files", "secrets", "blobs"];
const FILE_KEYS: &[&str] = &["path", "access"];
const LIMIT_KEYS: &[&str] = &["memory", "fuel", "host_calls", "payload", "output"];
const ACCESS: [(&str, FileAccess); 2] = [("read", FileAccess::Read), ("write", FileAccess::Write)];

pub(super) fn read<'n>(fields: &Fields<'n>, findings: &mut Findings) -> Vec<PluginDraft<'n>> {
    fields
        .entries("plugins", findings)
        .iter()
        .map(|(key, node)| {
            let name = At {
                value: key.key().to_owned(),
                span: key.span.clone(),
            };
            let open = if node.is_null() {
                None
            } else {
                Fields::open(node, "a plugin", KEYS, findings)
            };
            let allow = open.as_ref().and_then(|open| open.get("allow"));
            PluginDraft {
                name,
                source: open.as_ref().and_then(|open| open.text("source", findings)),
                grants: allow.map(|node| grants(node, findings)).unwrap_or_default(),
                limits: open
                    .as_ref()
                    .and_then(|open| open.get("limits"))
                    .map(|node| limits(node, findings))
                    .unwrap_or_default(),
                allow,
            }
        })
        .collect()
}

fn grants(node: &Node, findings: &mut Findings) -> Grants {
    let Some(fields) = Fields::open(node, "`allow`", ALLOW_KEYS, findings) else {
        return Grants::default();
    };
    let values = |texts: Option<Vec<At<String>>>| -> Vec<String> {
        texts.unwrap_or_default().into_iter().map(|text| text.value).collect()
    };
    Grants {
        processes: processes(&fields, findings),
        http: http(&fields, findings),
        files: files(&fields, findings),
        secrets: values(fields.texts("secrets", findings)),
        blobs: fields.flag("blobs", findings).unwrap_or(false),
    }
}

fn processes(fields: &Fields<'_>, findings: &mut Findings) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for item in fields.list("processes", findings).unwrap_or_default() {
        let Kind::List(words) = &item.kind else {
            findings.push(
                wrong_type(item, "an allowed process", "a list of its words")
                    .help("write the program and each argument on its own: `[git, status, \"**\"]`"),
            );
            continue;
        };
        let texts: Vec<String> = words
            .iter()
            .filter_map(|word| scalar(word).map(str::to_owned))
            .collect();
        if texts.len() != words.len() || texts.first().is_none_or(String::is_empty) {
            findings.push(wrong_type(
                item,
                "an allowed process",
                "a list that begins with a program",
            ));
            continue;
        }
        all.push(texts);
    }
    all
}

fn http(fields: &Fields<'_>, findings: &mut Findings) -> Vec<String> {
    let mut all = Vec::new();
    for text in fields.texts("http", findings).unwrap_or_default() {
        // Inside a template white space has no meaning.
        let (method, url) = text.value.split_once(' ').unwrap_or_default();
        let named = method == "*" || !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
        let spaced = url.trim_start().split("${{").any(|piece| {
            let plain = piece.split_once("}}").map_or(piece, |(_, plain)| plain);
            plain.contains(char::is_whitespace)
        });
        if !named || spaced || url.trim().is_empty() {
            findings.push(
                Diagnostic::error("bad-grant", &text.span, "not an allowed request")
                    .label("expected a method and a URL")
                    .help("write a method and a URL: `GET http://127.0.0.1:8080/**`"),
            );
            continue;
        }
        all.push(text.value);
    }
    all
}

fn files(fields: &Fields<'_>, findings: &mut Findings) -> Vec<FileGrant> {
    let mut all = Vec::new();
    for item in fields.list("files", findings).unwrap_or_default() {
        let Some(file) = Fields::open(item, "an allowed file", FILE_KEYS, findings) else {
            continue;
        };
        file.require("path", findings);
        file.require("access", findings);
        let access = file.word("access", &ACCESS, findings);
        if let (Some(at), Some(access)) = (file.text("path", findings), access) {
            all.push(FileGrant {
                path: path(&at.value),
                access: access.value,
            });
        }
    }
    all
}

fn limits(node: &Node, findings: &mut Findings) -> Limits {
    let usual = Limits::default();
    let Some(fields) = Fields::open(node, "`limits`", LIMIT_KEYS, findings) else {
        return usual;
    };
    Limits {
        memory: bytes(&fields, "memory", findings).unwrap_or(usual.memory),
        fuel: fields.count("fuel", findings).map_or(usual.fuel, |at| at.value),
        host_calls: fields
            .count("host_calls", findings)
            .map_or(usual.host_calls, |at| u32::try_from(at.value).unwrap_or(u32::MAX)),
        payload: bytes(&fields, "payload", findings).unwrap_or(usual.payload),
        output: bytes(&fields, "output", findings).unwrap_or(usual.output),
    }
}

fn bytes(fields: &Fields<'_>, key: &'static str, findings: &mut Findings) -> Option<u64> {
    let text = fields.text(key, findings)?;
    let size = quantity::size(&text.value);
    if size.is_none() {
        findings.push(
            Diagnostic::error("bad-size", &text.span, format!("`{key}` is not a size"))
                .label("not a size")
                .help("write a whole number and a unit: `512KiB`, `64MiB`, `1GiB`"),
        );
    }
    size
}
