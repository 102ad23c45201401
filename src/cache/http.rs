//! What pip keeps of a response: `cc=4,` and a map of `MessagePack` with the headers. From pip 23.3 on (`http-v2`) the
//! body is a file beside it, as it came over the wire; before (`http`) it stands in the map.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use rmp::Marker;
use rmp::decode::{read_map_len, read_marker};

use super::stream::is_of_system;
use super::window::Window;

/// A key or a value of a header may be so long; of longer ones nothing is needed.
const TEXT_MAX: u64 = 64 << 10;
/// No response has more headers, nor are values nested deeper.
const ITEMS_MAX: u32 = 10_000;
const LEVELS_MAX: u32 = 16;

/// What the headers say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Response {
    pub(super) status: Option<u64>,
    /// `Content-Length`, in bytes as they came over the wire.
    pub(super) length: Option<u64>,
    /// `Content-Type`, in lower case.
    pub(super) kind: String,
    /// `Content-Encoding`, in lower case.
    pub(super) encoding: String,
    /// Where a body stands in the same file, and how long it is.
    pub(super) inline: Option<(u64, u64)>,
}

/// What such a file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Head {
    /// Headers that can be read.
    Response(Response),
    /// It is cut, or makes no sense.
    Damaged,
    /// It is of a version that is not known here.
    Unknown,
}

type Input<'a> = BufReader<Window<'a>>;

/// Reads the headers. The body is passed over, however long it is.
pub(super) fn head(file: &File, len: u64) -> io::Result<Head> {
    let mut input = BufReader::new(Window::new(file, 0, len));
    let mut mark = [0; 5];
    match input.read_exact(&mut mark) {
        Ok(()) if &mark == b"cc=4," => {}
        Ok(()) if mark.starts_with(b"cc=") && mark[3].is_ascii_digit() => return Ok(Head::Unknown),
        Err(error) if is_of_system(&error) => return Err(error),
        _ => return Ok(Head::Damaged),
    }
    match response(&mut input, len) {
        Ok(response) => Ok(Head::Response(response)),
        Err(error) if is_of_system(&error) => Err(error),
        Err(_) => Ok(Head::Damaged),
    }
}

fn response(input: &mut Input<'_>, len: u64) -> io::Result<Response> {
    let mut found = None;
    for _ in 0..map(input)? {
        if text(input)? == b"response" {
            found = Some(fields(input, len)?);
        } else {
            skip(input, LEVELS_MAX, len)?;
        }
    }
    found.ok_or_else(nonsense)
}

fn fields(input: &mut Input<'_>, len: u64) -> io::Result<Response> {
    let mut response = Response::default();
    for _ in 0..map(input)? {
        let key = text(input)?;
        match &*key {
            b"body" => {
                let marker = marker(input)?;
                let size = string_len(input, marker)?.ok_or_else(nonsense)?;
                let at = input.stream_position()?;
                pass(input, size, len)?;
                response.inline = Some((at, size));
            }
            b"status" => response.status = integer(input)?,
            b"headers" => headers(input, &mut response)?,
            _ => skip(input, LEVELS_MAX, len)?,
        }
    }
    Ok(response)
}

fn headers(input: &mut Input<'_>, response: &mut Response) -> io::Result<()> {
    for _ in 0..map(input)? {
        let key = text(input)?.to_ascii_lowercase();
        let value = text(input)?;
        let value = String::from_utf8_lossy(&value).trim().to_ascii_lowercase();
        match &*key {
            b"content-length" => response.length = value.parse().ok(),
            b"content-type" => response.kind = value,
            b"content-encoding" => response.encoding = value,
            _ => {}
        }
    }
    Ok(())
}

fn nonsense() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Errors of the library keep what the system said, where it did.
fn failed(error: io::Error) -> io::Error {
    if is_of_system(&error) {
        error
    } else {
        nonsense()
    }
}

fn marker(input: &mut Input<'_>) -> io::Result<Marker> {
    read_marker(input).map_err(|error| failed(error.0))
}

fn map(input: &mut Input<'_>) -> io::Result<u32> {
    use rmp::decode::ValueReadError as Failed;
    match read_map_len(input) {
        Ok(count) if count <= ITEMS_MAX => Ok(count),
        Err(Failed::InvalidMarkerRead(error) | Failed::InvalidDataRead(error)) => {
            Err(failed(error))
        }
        _ => Err(nonsense()),
    }
}

fn number(input: &mut Input<'_>, bytes: usize) -> io::Result<u64> {
    let mut buffer = [0; 8];
    input.read_exact(&mut buffer[8 - bytes..])?;
    Ok(u64::from_be_bytes(buffer))
}

/// The length of a string or of bytes; none where it is something else.
fn string_len(input: &mut Input<'_>, marker: Marker) -> io::Result<Option<u64>> {
    Ok(Some(match marker {
        Marker::FixStr(len) => len.into(),
        Marker::Str8 | Marker::Bin8 => number(input, 1)?,
        Marker::Str16 | Marker::Bin16 => number(input, 2)?,
        Marker::Str32 | Marker::Bin32 => number(input, 4)?,
        _ => return Ok(None),
    }))
}

fn text(input: &mut Input<'_>) -> io::Result<Vec<u8>> {
    let marker = marker(input)?;
    let len = string_len(input, marker)?
        .filter(|len| *len <= TEXT_MAX)
        .ok_or_else(nonsense)?;
    let mut bytes = vec![0; len as usize];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn integer(input: &mut Input<'_>) -> io::Result<Option<u64>> {
    Ok(Some(match marker(input)? {
        Marker::FixPos(value) => value.into(),
        Marker::U8 | Marker::I8 => number(input, 1)?,
        Marker::U16 | Marker::I16 => number(input, 2)?,
        Marker::U32 | Marker::I32 => number(input, 4)?,
        Marker::Null => return Ok(None),
        _ => return Err(nonsense()),
    }))
}

/// Passes over bytes that must be there.
fn pass(input: &mut Input<'_>, count: u64, len: u64) -> io::Result<()> {
    let at = input.stream_position()?;
    if at.checked_add(count).is_none_or(|end| end > len) {
        return Err(nonsense());
    }
    input.seek_relative(i64::try_from(count).map_err(|_| nonsense())?)
}

/// Passes over one value, whatever it is.
fn skip(input: &mut Input<'_>, levels: u32, len: u64) -> io::Result<()> {
    let levels = levels.checked_sub(1).ok_or_else(nonsense)?;
    let marker = marker(input)?;
    if let Some(count) = string_len(input, marker)? {
        return pass(input, count, len);
    }
    let values = match marker {
        Marker::FixMap(count) => u64::from(count) * 2,
        Marker::Map16 => number(input, 2)? * 2,
        Marker::Map32 => number(input, 4)? * 2,
        Marker::FixArray(count) => count.into(),
        Marker::Array16 => number(input, 2)?,
        Marker::Array32 => number(input, 4)?,
        Marker::U8 | Marker::I8 => return pass(input, 1, len),
        Marker::U16 | Marker::I16 => return pass(input, 2, len),
        Marker::U32 | Marker::I32 | Marker::F32 => return pass(input, 4, len),
        Marker::U64 | Marker::I64 | Marker::F64 => return pass(input, 8, len),
        Marker::Null | Marker::True | Marker::False | Marker::FixPos(_) | Marker::FixNeg(_) => 0,
        _ => return Err(nonsense()),
    };
    if values > u64::from(ITEMS_MAX) {
        return Err(nonsense());
    }
    (0..values).try_for_each(|_| skip(input, levels, len))
}
