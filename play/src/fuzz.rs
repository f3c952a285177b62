//! Fuzz targets within `cargo test`: any bytes, any text, and the corpus of `fuzz/` with a few bytes changed.

use std::path::Path;

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};

/// A reader of bytes that panics when a promise is broken.
pub type Target = fn(&[u8]);

/// Runs every target with everything; panics with the smallest bytes that break one.
///
/// # Panics
/// When a target does.
pub fn exercise(targets: &[(&str, Target)]) {
    for (name, target) in targets {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "fuzz/corpus/{name} has no examples");
        corpus.iter().for_each(|example| target(example));
        let changed = (any::<Index>(), prop::collection::vec((any::<Index>(), any::<Change>()), 0..6)).prop_map(
            move |(which, changes)| {
                let mut bytes = which.get(&corpus).clone();
                changes.into_iter().for_each(|(at, change)| change.make(&mut bytes, at));
                bytes
            },
        );
        let anything = prop_oneof![
            4 => changed,
            1 => prop::collection::vec(any::<u8>(), 0..256),
            1 => any::<String>().prop_map(String::into_bytes),
        ];
        let mut runner = TestRunner::new(Config { cases: 2_000, failure_persistence: None, ..Config::default() });
        let run = runner.run(&anything, |bytes| {
            target(&bytes);
            Ok(())
        });
        if let Err(broken) = run {
            panic!("{name}: {broken}");
        }
    }
}

/// A small change of an example.
#[derive(Clone, Copy, Debug)]
enum Change {
    Put(u8),
    Insert(u8),
    Remove,
    Cut,
    Double,
}

impl Arbitrary for Change {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let byte = || prop_oneof![any::<u8>(), prop::sample::select(b"\0\n\r :;.,+-/@{}\"'<&0129azAZ_=".to_vec())];
        prop_oneof![
            byte().prop_map(Self::Put),
            byte().prop_map(Self::Insert),
            Just(Self::Remove),
            Just(Self::Cut),
            Just(Self::Double)
        ]
        .boxed()
    }
}

impl Change {
    fn make(self, bytes: &mut Vec<u8>, at: Index) {
        if bytes.is_empty() {
            return;
        }
        let at = at.index(bytes.len());
        match self {
            Self::Put(byte) => bytes[at] = byte,
            Self::Insert(byte) => bytes.insert(at, byte),
            Self::Remove => drop(bytes.remove(at)),
            Self::Cut => bytes.truncate(at),
            Self::Double => {
                let copy = bytes[at..].to_vec();
                bytes.extend(copy.into_iter().take(64));
            }
        }
    }
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.sort();
    files.iter().filter_map(|file| std::fs::read(file).ok()).collect()
}
