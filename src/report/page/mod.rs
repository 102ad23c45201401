//! One HTML file for who would rather look than read: an incident, or all venvs of a host. It says what the JSON of the
//! same command says.
//!
//! It stands alone: it asks nobody for anything, needs no script, and a policy in its head lets a browser do neither.
//! Every name in it is escaped twice: for people (`model::Shown`), then as HTML.

mod causes;
mod damage_map;
mod facts;
mod files;
mod history;
mod host;
mod incident;
mod packages;
mod snapshots;
mod table;
mod timeline;

use std::path::Path;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::disk::PathError;
use crate::disk::out_file;

pub use host::status;
pub use incident::incident;

/// A whole page.
#[derive(Clone, Debug)]
pub struct Page(String);

impl Page {
    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes it into a file in one step, in the place of a file that stands there; links stay, devices are written to.
    pub fn publish(&self, path: &Path) -> Result<(), PathError> {
        out_file::deliver(path, self.0.as_bytes(), out_file::replace)
    }
}

const STYLE: &str = include_str!("style.css");

/// The frame of every page: its head, and a title above what it tells. `written` says when and by what.
fn page(title: &str, content: &Markup, written: &Markup) -> Page {
    let hash = BASE64.encode(&Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                // Without an icon here a browser asks the server for one.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                main #content tabindex="-1" { (content) }
                footer { p { (written) } }
            }
        }
    };
    Page(whole.into_string())
}
