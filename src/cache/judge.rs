//! Holds each entry of some caches against all that there is. Bad ones are read a second time, so that nothing which an
//! installer is writing at that moment is told as damage.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use rustix::fs::OFlags;

use super::entry::{Entry, Fault, FaultKind, Lacking, Proof, Verdict};
use super::http::{Head, Response, head};
use super::layout::{Cache, Form, Place, key};
use super::names::{called, of_file};
use super::pages::{Expected, Key, PAGE_MAX, Pages};
use super::stream::{Tally, is_whole_gzip};
use super::unpacked::{self, Links};
use super::wheel::{self, Contents};
use super::window::Window;
use crate::disk::rooted::Rooted;
use crate::model::RelPath;
use crate::monitor::Monitor;
use crate::python::dist::{Sum, normalized};

/// What a check is told.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Normalized names; all where there are none.
    pub(crate) packages: &'a [String],
    /// URLs of indexes, by which relative links of pages are understood.
    pub(crate) indexes: &'a [String],
}

impl Scope<'_> {
    /// Whether a distribution is one of them.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.packages.is_empty() || self.packages.contains(&normalized(name))
    }
}

/// No archive begins with so many bytes of NUL.
const BEGINNING_LEN: usize = 512;
/// How often an entry is read that has changed meanwhile.
const ATTEMPTS: usize = 3;

/// The headers of all responses, by the paths of their entries.
pub(super) type Heads = HashMap<RelPath, Head>;

/// Whether a response is a page, and then whether it is one in JSON.
pub(super) fn is_page(response: &Response) -> Option<bool> {
    if response.kind.contains("json") {
        return Some(true);
    }
    response.kind.contains("html").then_some(false)
}

/// The name of an entry of pip.
pub(super) fn key_of(place: &Place) -> Option<Key> {
    let (first, _) = place
        .parts
        .first()
        .filter(|_| place.form == Form::Response)?;
    key(first.name())
}

/// Where the body of a response stands: in a file of its own, or among the headers.
fn body<'a>(file: &'a File, len: u64, response: &Response, path: &RelPath) -> Window<'a> {
    match response.inline {
        Some((start, size)) if !path.name().ends_with(b".body") => Window::new(file, start, size),
        _ => Window::new(file, 0, len),
    }
}

/// The text of a page; none where it is packed in a way that is not known here, or too long.
pub(super) fn plain(file: &File, len: u64, response: &Response) -> io::Result<Option<Vec<u8>>> {
    let body = match response.inline {
        Some((start, size)) if size > 0 => Window::new(file, start, size),
        _ => Window::new(file, 0, len),
    };
    let mut text = Vec::new();
    match &*response.encoding {
        "" | "identity" => body.take(PAGE_MAX + 1).read_to_end(&mut text)?,
        "gzip" | "x-gzip" => MultiGzDecoder::new(body)
            .take(PAGE_MAX + 1)
            .read_to_end(&mut text)?,
        _ => return Ok(None),
    };
    Ok(Some(text).filter(|text| text.len() as u64 <= PAGE_MAX))
}

/// Opens a regular file of a cache, and says how long it is.
pub(super) fn open(root: &Rooted, path: &RelPath) -> io::Result<(File, u64)> {
    let fd = root
        .open_below(path, OFlags::RDONLY)
        .map_err(|error| error.source)?;
    let file = File::from(fd);
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    Ok((file, meta.len()))
}

/// All that the entries of one cache are held against.
pub(super) struct Look<'a> {
    pub(super) cache: Cache<'a>,
    pub(super) scope: Scope<'a>,
    pub(super) heads: Heads,
    pub(super) pages: Pages,
    pub(super) links: &'a Links,
    pub(super) monitor: &'a dyn Monitor,
}

impl Look<'_> {
    /// Judges an entry, and one that is bad a second time: what is not bad twice in the same way is being written. None
    /// where it is gone, or of a distribution that nobody asked for.
    pub(super) fn judge_twice(&self, place: &Place) -> io::Result<Option<Entry>> {
        let mut last: Option<Entry> = None;
        for _ in 0..ATTEMPTS {
            let entry = match self.judge(place, last.is_some()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                judged => judged?,
            };
            let Some(entry) = entry else { return Ok(None) };
            if !matches!(entry.verdict, Verdict::Bad(_)) || last.as_ref() == Some(&entry) {
                return Ok(Some(entry));
            }
            last = Some(entry);
        }
        let verdict = Verdict::Unproved(Lacking::Rest);
        Ok(last.map(|entry| Entry { verdict, ..entry }))
    }

    fn judge(&self, place: &Place, is_again: bool) -> io::Result<Option<Entry>> {
        let (contents, size, verdict) = match place.form {
            Form::Unpacked { is_wheel } => self.unpacked(place, is_wheel)?,
            Form::Archive => self.archive(place)?,
            Form::Response => self.response(place, is_again)?,
        };
        let named = contents.or_else(|| {
            let key = key_of(place);
            let expected = key.and_then(|key| self.pages.files.get(&key));
            called(self.cache.installer, place, expected)
        });
        let is_wanted = |(name, _): &(String, String)| self.scope.wants(name);
        if named.as_ref().is_some_and(|named| !is_wanted(named)) {
            return Ok(None);
        }
        let (package, version) = named.unzip();
        Ok(Some(Entry {
            installer: self.cache.installer,
            cache: self.cache.root.path().to_owned(),
            path: place.path.clone(),
            parts: place.parts.iter().map(|part| part.0.clone()).collect(),
            inodes: place.parts.iter().map(|part| part.1).collect(),
            package: package.map(|name| normalized(&name)),
            version: version.filter(|version| !version.is_empty()),
            size,
            verdict,
        }))
    }

    fn unpacked(&self, place: &Place, is_wheel: bool) -> io::Result<Judged> {
        let fd = self
            .cache
            .root
            .open_below(&place.path, OFlags::RDONLY | OFlags::DIRECTORY);
        let fd = fd.map_err(|error| error.source)?;
        let dir = Rooted::from_fd(fd, self.cache.root.shown(&place.path));
        let wants = |name: &str| self.scope.wants(name);
        let (contents, size) = unpacked::judge(&dir, is_wheel, &wants, self.links, self.monitor)?;
        let verdict = verdict(&contents, None);
        Ok((contents.named, size, verdict))
    }

    fn archive(&self, place: &Place) -> io::Result<Judged> {
        let (file, len) = open(self.cache.root, &place.path)?;
        let window = Window::new(&file, 0, len);
        let is_wheel = place.path.name().ends_with(b".whl");
        let contents = self.content(&window, is_wheel)?;
        self.monitor.advance(1, len);
        let verdict = verdict(&contents, None);
        Ok((contents.named, len, verdict))
    }

    /// What is in an archive of any kind.
    fn content(&self, window: &Window<'_>, is_wheel: bool) -> io::Result<Contents> {
        let mut contents = Contents {
            is_source: true,
            ..Contents::default()
        };
        if window.len() == 0 {
            let fault = Fault::of_whole(FaultKind::Emptied);
            contents.faults.push(fault.sized(None, 0));
        } else if window
            .piece(0, BEGINNING_LEN)?
            .iter()
            .all(|byte| *byte == 0)
        {
            let fault = Fault::of_whole(FaultKind::ZeroFilled);
            contents.faults.push(fault.sized(None, window.len()));
        } else if is_wheel || wheel::is_zip(window)? {
            let wants = |name: &str| self.scope.wants(name);
            return wheel::judge(window, &wants, self.monitor);
        } else if window.piece(0, 2)? == [0x1f, 0x8b] && !is_whole_gzip(window, self.monitor)? {
            let fault = Fault::of_whole(FaultKind::Cut);
            contents.faults.push(fault);
        }
        Ok(contents)
    }

    /// A response of pip. Its headers were read before; a second look reads them again.
    fn response(&self, place: &Place, is_again: bool) -> io::Result<Judged> {
        let (file, len) = open(self.cache.root, &place.path)?;
        let fresh = match (self.heads.get(&place.path), place.parts.first()) {
            (Some(head), _) if !is_again => head.clone(),
            (_, Some((path, _))) => {
                let (file, len) = open(self.cache.root, path)?;
                head(&file, len)?
            }
            (_, None) => return Err(io::ErrorKind::NotFound.into()),
        };
        self.monitor.advance(1, len);
        let response = match fresh {
            Head::Response(response) => response,
            Head::Unknown => return Ok((None, len, Verdict::Unproved(Lacking::Form))),
            Head::Damaged => {
                let fault = Fault::of_whole(FaultKind::Headers).sized(None, len);
                return Ok((None, len, Verdict::Bad(vec![fault])));
            }
        };
        let body = body(&file, len, &response, &place.path);
        let expected = key_of(place).and_then(|key| self.pages.files.get(&key));
        let mut contents = self.body(&body, &response, expected)?;
        let mut proof = None;
        let is_whole = response.status.is_none_or(|status| status == 200);
        let length = response
            .length
            .or(expected.and_then(|expected| expected.size));
        if let Some(length) = length.filter(|length| is_whole && *length != body.len()) {
            let fault = Fault::of_whole(FaultKind::Length).sized(length, body.len());
            // A wrong length explains what is wrong with the whole, such as a stream that is cut.
            contents.faults.retain(|fault| fault.member.is_some());
            contents.faults.insert(0, fault);
        } else if let Some(sum) = expected.and_then(|expected| expected.sum.as_ref()) {
            if self.is(&body, sum)? {
                proof = Some(Proof::Index);
            } else {
                contents
                    .faults
                    .insert(0, Fault::of_whole(FaultKind::Hash).sized(None, body.len()));
            }
        } else if self.is_named(&body, &contents)? {
            proof = Some(Proof::Index);
        }
        let verdict = verdict(&contents, proof);
        Ok((contents.named, body.len(), verdict))
    }

    fn body(
        &self,
        body: &Window<'_>,
        response: &Response,
        expected: Option<&Expected>,
    ) -> io::Result<Contents> {
        let is_gzip = matches!(&*response.encoding, "gzip" | "x-gzip");
        if let Some(is_json) = is_page(response) {
            let mut contents = Contents {
                is_source: true,
                ..Contents::default()
            };
            let is_cut = is_gzip && !is_whole_gzip(body, self.monitor)?;
            if is_cut || is_json && !is_gzip && is_cut_json(body)? {
                contents
                    .faults
                    .push(Fault::of_whole(FaultKind::Cut).sized(None, body.len()));
            }
            return Ok(contents);
        }
        let file = expected.map(|expected| expected.file.as_str());
        if file.is_some_and(|file| file.ends_with(".metadata")) {
            return Ok(Contents {
                is_source: true,
                ..Contents::default()
            });
        }
        if body.len() == 0 {
            // A redirect, for example, has no body.
            let is_lost = response.status == Some(200) && response.length != Some(0);
            let fault = is_lost.then(|| Fault::of_whole(FaultKind::Emptied).sized(None, 0));
            let faults = fault.into_iter().collect();
            return Ok(Contents {
                faults,
                is_source: true,
                ..Contents::default()
            });
        }
        if !matches!(&*response.encoding, "" | "identity") && !is_gzip {
            return Ok(Contents {
                unknown: 1,
                ..Contents::default()
            });
        }
        let is_wheel = file.is_some_and(|file| file.strip_suffix(".whl").is_some());
        self.content(body, is_wheel)
    }

    fn is(&self, window: &Window<'_>, sum: &Sum) -> io::Result<bool> {
        let mut all = window.again();
        let tally = Tally::read(&mut all, u64::MAX, Some(sum), false, self.monitor)?;
        Ok(tally.is(sum))
    }

    /// Whether a page of which the own URL is not known gives the hash for a file of that name and version. That it
    /// gives another one proves nothing: two indexes may have different files of one name.
    fn is_named(&self, body: &Window<'_>, contents: &Contents) -> io::Result<bool> {
        let Some((name, version)) = &contents.named else {
            return Ok(false);
        };
        let is_of = |file: &str| {
            of_file(file).is_some_and(|(n, v)| normalized(&n) == normalized(name) && v == *version)
        };
        let named = self.pages.named.iter().filter(|(file, _)| is_of(file));
        let sums: Vec<&Sum> = named.flat_map(|(_, sums)| sums).collect();
        match sums.first() {
            Some(first) => {
                let mut all = body.again();
                let tally = Tally::read(&mut all, u64::MAX, Some(*first), false, self.monitor)?;
                Ok(sums.iter().any(|sum| tally.is(sum)))
            }
            None => Ok(false),
        }
    }
}

/// Name and version, bytes of content, and what came of it.
type Judged = (Option<(String, String)>, u64, Verdict);

/// Whether a document in JSON ends before it should.
fn is_cut_json(body: &Window<'_>) -> io::Result<bool> {
    if body.len() > PAGE_MAX {
        return Ok(false);
    }
    let read = io::BufReader::new(body.again());
    match serde_json::from_reader::<_, serde::de::IgnoredAny>(read) {
        Ok(_) => Ok(false),
        Err(error) if error.is_io() => Err(error.into()),
        Err(_) => Ok(true),
    }
}

fn verdict(contents: &Contents, proof: Option<Proof>) -> Verdict {
    if !contents.faults.is_empty() {
        return Verdict::Bad(contents.faults.clone());
    }
    if let Some(proof) = proof {
        return Verdict::Good(proof);
    }
    if contents.unknown > 0 {
        return Verdict::Unproved(Lacking::Packing);
    }
    match (contents.proved, contents.unproved) {
        (0, 0) if contents.is_source => Verdict::Unproved(Lacking::Hash),
        (0, 0) if contents.named.is_none() => Verdict::Unproved(Lacking::Form),
        (1.., 0) => Verdict::Good(Proof::Record),
        _ => Verdict::Unproved(Lacking::RecordHashes),
    }
}
