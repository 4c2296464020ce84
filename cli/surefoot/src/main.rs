//! The `surefoot` binary.

fn main() -> std::process::ExitCode {
    surefoot::main().into()
}
