//! Who acts, as the operating system knows them.

use surefoot_desk::{Claims, Name};
use surefoot_kernel::actor::{Actor, Known, Login, OsUser, Person};

/// What a process that belongs to no session has as its login uid.
const NO_LOGIN: u32 = u32::MAX;

/// What somebody says of themselves: the name given with `--by`, or else the one that `sudo` passes on; in a role if
/// one is given.
#[must_use]
pub fn claims(by: Option<&Name>, role: Option<&str>) -> Claims {
    let sudo: Option<Name> = std::env::var("SUDO_USER").ok().and_then(|name| name.parse().ok());
    Claims::new(by.or(sudo.as_ref()), role)
}

/// The person behind this process: the user that it runs as, by the machine's user database, and who logged
/// in where the kernel keeps that. What they claim stands beside it.
#[must_use]
pub fn actor(claims: Claims) -> Actor {
    let user = user(rustix::process::getuid().as_raw(), "self");
    person(Known::Process(user), claims)
}

/// The person behind the process `pid` at the other end of a socket, which runs as `uid`.
pub(crate) fn peer(uid: u32, pid: u32, claims: Claims) -> Actor {
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
