//! Names of owners and groups, from the machine's own user database (`/etc/passwd`, `/etc/group`).

use std::collections::HashMap;
use std::path::Path;

/// Names by number. What cannot be read names nobody: numbers are what counts.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    owners: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Accounts {
    pub(super) fn of_this_machine() -> Self {
        let read = |path| std::fs::read(Path::new(path)).map_or_else(|_| HashMap::new(), |content| names(&content));
        Self {
            owners: read("/etc/passwd"),
            groups: read("/etc/group"),
        }
    }

    pub(super) fn owner(&self, uid: u32) -> Option<String> {
        self.owners.get(&uid).cloned()
    }

    pub(super) fn group(&self, gid: u32) -> Option<String> {
        self.groups.get(&gid).cloned()
    }
}

/// Both files have the name first and the number third; of several names of one number the first counts.
fn names(content: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in String::from_utf8_lossy(content).lines() {
        let mut fields = line.split(':');
        let (Some(name), Some(number)) = (fields.next(), fields.nth(1)) else {
            continue;
        };
        if let (false, Ok(number)) = (name.is_empty(), number.parse()) {
            names.entry(number).or_insert_with(|| name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_number_counts() {
        let found =
            names(b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n# no\n+::::\nshop:x:1000:\nbad:x:-1:\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found.get(&0).map(String::as_str), Some("root"));
        assert_eq!(found.get(&1000).map(String::as_str), Some("shop"));
    }
}
