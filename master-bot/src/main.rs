//! See the library.

fn main() -> std::process::ExitCode {
    master_bot::main()
}
