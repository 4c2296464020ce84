//! Who is typing, and whether they mean it.

use std::io::{self, BufRead, IsTerminal, Write};
use std::str::FromStr;

use surefoot_kernel::actor::{Actor, Known, Login, OsUser, Person};

use crate::error::CliError;
use crate::view::paint::printable;

/// What a process that belongs to no session has as its login uid.
const NO_LOGIN: u32 = u32::MAX;

/// Most bytes of a name that somebody claims.
const LONGEST_NAME: usize = 256;

/// A name that somebody claims: one line, or nobody where it is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Option<String>);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim();
        if name.len() > LONGEST_NAME {
            return Err(format!(
                "a name has at most {LONGEST_NAME} bytes, this has {}",
                name.len()
            ));
        }
        if printable(name) != name {
            return Err("a name is one line, without control characters".to_owned());
        }
        Ok(Self((!name.is_empty()).then(|| name.to_owned())))
    }
}

/// What somebody says of themselves: nobody has checked it.
#[derive(Clone, Debug, Default, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub struct Claims {
    /// The role that they act in.
    #[n(0)]
    pub role: Option<String>,
    /// Their name.
    #[n(1)]
    pub name: Option<String>,
}

impl Claims {
    /// The name given with `--by`, or else the one that `sudo` passes on; in a role if one is given.
    #[must_use]
    pub fn new(by: Option<&Name>, role: Option<&str>) -> Self {
        let sudo = || std::env::var("SUDO_USER").ok().and_then(|name| name.parse().ok());
        Self {
            role: role.map(str::to_owned),
            name: by.cloned().or_else(sudo).and_then(|Name(name)| name),
        }
    }

    /// Whether they can be recorded.
    ///
    /// # Errors
    /// A name or a role that is none, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        [&self.name, &self.role]
            .into_iter()
            .flatten()
            .try_for_each(|text| text.parse::<Name>().map(drop))
    }
}

/// The person behind this process: the user that it runs as, by the machine's user database, and who logged
/// in where the kernel keeps that. What they claim stands beside it.
#[must_use]
pub fn actor(claims: Claims) -> Actor {
    let user = user(rustix::process::getuid().as_raw(), "self");
    person(Known::Process(user), claims)
}

/// The person behind the process `pid` at the other end of a socket, which runs as `uid`.
pub(crate) fn peer(uid: u32, pid: i32, claims: Claims) -> Actor {
    person(Known::Peer(user(uid, &pid.to_string())), claims)
}

fn person(known: Known, claims: Claims) -> Actor {
    let Claims { role, name: claim } = claims;
    Actor::Person(Person { known, role, claim })
}

fn user(uid: u32, process: &str) -> OsUser {
    let login = login_uid(process).filter(|login| *login != uid);
    OsUser {
        uid,
        name: name_of(uid),
        login: login.map(|uid| Login {
            uid,
            name: name_of(uid),
        }),
    }
}

fn name_of(uid: u32) -> Option<String> {
    let user = uzers::get_user_by_uid(uid)?;
    user.name().to_str().map(str::to_owned)
}

/// Who the session was opened for that a process belongs to; set once, by the login, and kept by the kernel.
fn login_uid(process: &str) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{process}/loginuid")).ok()?;
    text.trim().parse().ok().filter(|uid| *uid != NO_LOGIN)
}

/// Asks at the terminal; without one, what needs a confirmation fails unless `yes` was given.
///
/// # Errors
/// Nobody is there to ask, or they said no.
pub fn confirm(question: &str, yes: bool) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(CliError::usage(format!("{question} — nobody is here to ask")).hint("say so with `--yes`"));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(CliError::usage("not confirmed: nothing was done"))
    }
}
