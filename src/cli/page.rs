//! Where a page goes: into a file, or to standard output in place of the answer.

use std::path::Path;

use super::error::Failure;

/// Where a page goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HtmlTarget<'a> {
    /// In place of the answer.
    Output,
    /// Into this file.
    File(&'a Path),
}

impl<'a> HtmlTarget<'a> {
    /// What the option says. Standard output carries one thing alone; `taken` says that another was asked for.
    pub(crate) fn new(option: Option<&'a Path>, taken: bool) -> Result<Option<Self>, Failure> {
        match option {
            Some(file) if file != Path::new("-") => Ok(Some(Self::File(file))),
            Some(_) if taken => Err(Failure::usage(
                "standard output carries the page, so there is no place for another answer",
                "name a file",
            )),
            Some(_) => Ok(Some(Self::Output)),
            None => Ok(None),
        }
    }
}
