//! The presets of businesses are compiled in, each file of the folder: a preset added is a kind of business added.

use std::{env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../templates/presets").canonicalize()?;
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut kinds = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().into_string().map_err(|_| "a preset's name is no text")?;
        if let Some(kind) = name.strip_suffix(".yaml") {
            kinds.push(kind.to_owned());
        }
    }
    kinds.sort();
    let mut code = String::from("&[\n");
    for kind in kinds {
        let file = folder.join(format!("{kind}.yaml"));
        writeln!(code, "    ({kind:?}, include_str!({:?})),", file.display().to_string())?;
    }
    code.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("presets.rs"), code)?;
    Ok(())
}
