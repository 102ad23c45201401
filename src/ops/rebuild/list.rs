//! Reads a list of requirements with those that it includes and the constraints that it names, as pip does: what a list
//! names beside itself is seen from that list, and what is installed from a path is seen from where the person stands.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::bad_list::{BadLine, BadList};
use crate::model::plain::{file_url, plain};
use crate::python::requirements::{Line, Means, beside, logical};

/// No list of packages is longer, in bytes.
const BYTES_MAX: u64 = 16 << 20;
/// So many files may include one another,
const DEPTH_MAX: usize = 16;
/// and so many are read in all.
const FILES_MAX: usize = 500;

/// A file that tells packages, as it was read.
pub(super) struct Listed {
    pub(super) text: String,
    /// Who owns it. What that user names as root's errand is not read with root's rights.
    owner: u32,
}

/// A line of a list.
pub(super) struct Told {
    pub(super) line: Line,
    /// The file that it stands in, where that is not the first one.
    pub(super) file: Option<PathBuf>,
    /// The line as an installer gets it, which works elsewhere.
    pub(super) order: String,
}

/// All lines that count.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) lines: Vec<Told>,
    /// Lines that say which versions may come, of whatever comes.
    pub(super) constraints: Vec<Told>,
}

/// Reads a file that tells packages. An error says why it is none.
pub(super) fn read(path: &Path) -> Result<Listed, BadList> {
    let (text, owner) = text_of(path)?;
    Ok(Listed { text, owner })
}

impl Listed {
    /// Its lines with those of the lists that it includes in their places. `here` is where the person stands.
    pub(super) fn whole(&self, path: &Path, here: &Path) -> Result<Lists, BadList> {
        let mut reader = Reader {
            first: path,
            here,
            owner: self.owner,
            files: 1,
            bytes: 0,
            open: vec![real(path)],
            lists: Lists::default(),
        };
        reader.list(path, &self.text, false)?;
        Ok(reader.lists)
    }
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

struct Reader<'a> {
    first: &'a Path,
    here: &'a Path,
    owner: u32,
    /// How many files there are so far, and bytes in them.
    files: usize,
    bytes: usize,
    /// The lists that are being read, each included by the one before it.
    open: Vec<PathBuf>,
    lists: Lists,
}

impl Reader<'_> {
    fn list(&mut self, path: &Path, text: &str, constrains: bool) -> Result<(), BadList> {
        self.bytes += text.len();
        if self.bytes as u64 > BYTES_MAX {
            return Err(BadList::TooLong);
        }
        let file = (path != self.first).then(|| path.to_owned());
        for line in logical(text) {
            let of_line = |what| BadList::Line {
                file: file.clone(),
                number: line.number,
                what,
            };
            let included = line.value(Means::Include).map(|named| (named, constrains));
            let constraint = line.value(Means::Constrain).map(|named| (named, true));
            let Some((named, constrains)) = included.or(constraint) else {
                let order = self.order(&line, path);
                let told = Told {
                    line,
                    file: file.clone(),
                    order,
                };
                let to = if constrains {
                    &mut self.lists.constraints
                } else {
                    &mut self.lists.lines
                };
                to.push(told);
                continue;
            };
            let Some(inner) = beside(path, &named) else {
                return Err(of_line(BadLine::OtherFile(named)));
            };
            let why = |why: String| of_line(BadLine::Include(named.clone(), why));
            if self.open.contains(&real(&inner)) {
                return Err(why("it includes itself".to_owned()));
            }
            let text = match self.inner(&inner) {
                Ok(text) => text,
                Err(BadList::TooLong) => return Err(BadList::TooLong),
                Err(error) => return Err(why(error.to_string())),
            };
            self.open.push(real(&inner));
            self.list(&inner, &text, constrains)?;
            self.open.pop();
        }
        Ok(())
    }

    fn inner(&mut self, path: &Path) -> Result<String, BadList> {
        self.files += 1;
        if self.open.len() > DEPTH_MAX || self.files > FILES_MAX {
            return Err(BadList::TooLong);
        }
        let (text, owner) = text_of(path)?;
        let me = rustix::process::geteuid().as_raw();
        if self.owner != me && owner != self.owner {
            return Err(BadList::Unread(ErrorKind::PermissionDenied.into()));
        }
        Ok(text)
    }

    /// The line with whole paths. pip and uv look for archives beside the list first, and for what is installed from a
    /// path where the person stands; where that is not there, it is looked for in the other places as well.
    fn order(&self, line: &Line, path: &Path) -> String {
        let root = Path::new("/");
        let own = path.parent().unwrap_or(root);
        let first = self.first.parent().unwrap_or(root);
        let mut text = line.text.clone();
        for said in line.options().into_iter().rev() {
            let dirs = match said.means {
                Means::FindLinks => [own, self.here, first],
                Means::Editable => [self.here, own, first],
                _ => continue,
            };
            if let Some(place) = whole(&said.value, &dirs) {
                text.replace_range(said.at, &place);
            }
        }
        let requirement = line.requirement();
        let place = local(requirement).and_then(|named| {
            let place = whole(named, &[self.here, own, first])?;
            Some((named.len(), place))
        });
        if let Some((len, place)) = place {
            text.replace_range(..len, &place);
        }
        text
    }
}

/// The path that a requirement begins with, where it is one: with a separator or the end of an archive's name, as pip
/// tells them.
pub(super) fn local(requirement: &str) -> Option<&str> {
    const ARCHIVES: [&str; 6] = [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"];
    let bare = requirement.split(';').next().unwrap_or_default().trim();
    let bare = match bare.find('[').filter(|_| bare.ends_with(']')) {
        Some(at) => &bare[..at],
        None => bare,
    };
    let is_path = bare.starts_with('.')
        || bare.contains('/') && !bare.contains('@')
        || ARCHIVES.iter().any(|end| bare.ends_with(end)) && !bare.contains('@');
    (is_path && !bare.contains("://")).then_some(bare)
}

/// The whole path of what is named by a relative one, in the first directory that has it; none where nothing has it, or
/// where it is no relative path. What follows in brackets stays.
fn whole(named: &str, dirs: &[&Path]) -> Option<String> {
    if named.contains("://") || named.starts_with('/') {
        return None;
    }
    let (path, extras) = match named.find('[').filter(|_| named.ends_with(']')) {
        Some(at) => named.split_at(at),
        None => (named, ""),
    };
    let mut places = dirs.iter().map(|dir| plain(&dir.join(path)));
    let place = places.find(|place| !path.is_empty() && place.exists())?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~+,=".contains(byte);
    let shown = place
        .to_str()
        .filter(|text| text.bytes().all(|byte| is_plain(&byte)));
    Some(shown.map_or_else(|| file_url(&place), str::to_owned) + extras)
}

/// The text of a file, and who owns it. A pipe would be waited for, so it is not.
fn text_of(path: &Path) -> Result<(String, u32), BadList> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map(File::from);
    let file = file.map_err(|error| BadList::Unread(error.into()))?;
    let meta = file.metadata().map_err(BadList::Unread)?;
    if !meta.is_file() {
        return Err(BadList::NotAFile);
    }
    let mut bytes = Vec::new();
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(BadList::Unread)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(BadList::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|_| BadList::NotText)?;
    Ok((text.trim_start_matches('\u{feff}').to_owned(), meta.uid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_a_name() {
        for (text, path) in [
            ("./a-1-py3-none-any.whl", Some("./a-1-py3-none-any.whl")),
            (
                "a-1-py3-none-any.whl ; x == 'y'",
                Some("a-1-py3-none-any.whl"),
            ),
            ("../lib[fast]", Some("../lib")),
            ("libs/a", Some("libs/a")),
            ("a[b]==1", None),
            ("a @ https://h/a-1.whl", None),
            ("a @ file:///a/b", None),
            ("https://h/a-1.whl", None),
            ("git+ssh://git@h/a", None),
            ("a>=1", None),
        ] {
            assert_eq!(local(text), path, "{text}");
        }
    }
}
