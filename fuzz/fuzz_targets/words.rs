#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tenant_bot::fuzzing::words(data));
