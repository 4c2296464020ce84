//! The `surefoot` binary.

fn main() {
    if let Err(error) = surefoot::args::parse(std::env::args_os()) {
        error.exit();
    }
}
