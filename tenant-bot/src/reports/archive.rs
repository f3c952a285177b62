//! An archive that is made in memory, file by file.

use std::io::{Cursor, Write};

use serde_json::Value;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::csv::{Table, cell};

/// Telegram takes 50 MB from a bot, and a small container has 64 in all: what is packed into one archive is no more than
/// this before it is packed, which makes a file of a few megabytes at most.
pub(crate) const MOST_PACKED: usize = 12 << 20;

/// An archive that is being filled.
pub(crate) struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    packed: usize,
}

/// How a table is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A list of objects.
    Json,
    /// A row for each, under the names of the columns.
    Csv,
}

/// A table that is being written down, in one form.
pub(crate) struct File<'a> {
    form: Form,
    columns: &'a [String],
    csv: Table,
    any: bool,
}

impl Archive {
    pub(crate) fn new() -> Self {
        Self { zip: ZipWriter::new(Cursor::new(Vec::new())), packed: 0 }
    }

    /// Whether no more should be put into it.
    pub(crate) fn is_full(&self) -> bool {
        self.packed >= MOST_PACKED
    }

    /// Begins a file.
    pub(crate) fn file(&mut self, name: &str) -> Result<(), ZipError> {
        self.zip.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))
    }

    /// Writes to the file that was begun last.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), ZipError> {
        self.packed += bytes.len();
        Ok(self.zip.write_all(bytes)?)
    }

    /// The whole.
    pub(crate) fn done(self) -> Result<Vec<u8>, ZipError> {
        Ok(self.zip.finish()?.into_inner())
    }
}

impl Form {
    /// The end of the file's name; the second and later files of a table are numbered.
    pub(crate) fn name(self, table: &str, nth: u32) -> String {
        let end = match self {
            Self::Json => "json",
            Self::Csv => "csv",
        };
        if nth == 1 { format!("{table}.{end}") } else { format!("{table}.{nth}.{end}") }
    }
}

impl<'a> File<'a> {
    /// Begins one in the archive.
    pub(crate) fn begin(
        archive: &mut Archive,
        form: Form,
        name: &str,
        columns: &'a [String],
    ) -> Result<Self, ZipError> {
        archive.file(name)?;
        let mut csv = Table::new();
        match form {
            Form::Json => archive.write(b"[")?,
            Form::Csv => csv.row(columns),
        }
        Ok(Self { form, columns, csv, any: false })
    }

    /// Writes rows.
    pub(crate) fn rows(&mut self, archive: &mut Archive, rows: &[Value]) -> Result<(), ZipError> {
        for row in rows {
            match self.form {
                Form::Json => {
                    archive.write(if self.any { b",\n" } else { b"\n" })?;
                    archive.write(row.to_string().as_bytes())?;
                }
                Form::Csv => self.csv.row(self.columns.iter().map(|name| cell(&row[name]))),
            }
            self.any = true;
        }
        let written = self.csv.take();
        archive.write(if self.form == Form::Csv { &written } else { b"" })
    }

    /// Ends it.
    pub(crate) fn end(mut self, archive: &mut Archive) -> Result<(), ZipError> {
        match self.form {
            Form::Json => archive.write(b"\n]\n"),
            Form::Csv => {
                let rest = self.csv.take();
                archive.write(&rest)
            }
        }
    }
}
