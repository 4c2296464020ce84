//! Rust shapes of `wit/plugin.wit`, generated: the types that both sides share, and one `Host`
//! trait per interface that a plugin may import.
//!
//! Every function may trap, because any call can find that the attempt is over: the journal is
//! closed, the record says something else, the calls are used up.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "host",
    imports: { default: async | trappable },
});
