//! `schedule`: the files, or what became of each.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::model::Shown;
use crate::ops::{Placed, ScheduleFile};

/// Writes the files, to be read or to be given to cron. Of several each has its name before it.
pub fn schedule_files(out: &mut dyn Write, files: &[ScheduleFile]) -> io::Result<()> {
    for (number, file) in files.iter().enumerate() {
        if files.len() > 1 {
            let blank = if number > 0 { "\n" } else { "" };
            writeln!(out, "{blank}### {}", file.name)?;
        }
        write!(out, "{}", file.content)?;
    }
    Ok(())
}

/// Writes what became of each file.
pub fn schedule(
    out: &mut dyn Write,
    dir: &Path,
    files: &[(PathBuf, Option<Placed>, String)],
) -> io::Result<()> {
    if files.is_empty() {
        return writeln!(out, "nothing of a schedule is in '{}'", Shown::path(dir));
    }
    for (path, placed, _) in files {
        let word = placed.map_or("", Placed::as_str);
        writeln!(out, "{word:<9}  {}", Shown::path(path))?;
    }
    Ok(())
}
