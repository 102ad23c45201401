//! Tars made block by block, so that each may be wrong in just one thing.

/// A tar that grows.
#[derive(Clone, Default)]
pub(crate) struct Tar(pub(crate) Vec<u8>);

/// A header block of ustar; `edit` may change anything but the sum.
pub(crate) fn block(
    name: &[u8],
    kind: u8,
    size: u64,
    link: &[u8],
    edit: &dyn Fn(&mut [u8]),
) -> Vec<u8> {
    let mut block = vec![0_u8; 512];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name);
    put(100, if kind == b'5' { b"0000755" } else { b"0000644" });
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, format!("{:011o}", 1_700_000_000).as_bytes());
    put(156, &[kind]);
    put(157, link);
    put(257, b"ustar\x0000");
    edit(&mut block);
    sign(&mut block);
    block
}

/// Writes the sum over a header.
pub(crate) fn sign(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

impl Tar {
    /// The smallest venv that the audit finds no fault with.
    pub(crate) fn venv() -> Self {
        Self::default()
            .file("./pyvenv.cfg", b"home = /usr/bin\nversion = 3.11.7\n")
            .file("./bin/python", b"#!/bin/sh\necho version=3.11.7\n")
            .with("./lib/python3.11/site-packages/", b'5', b"", &|_| {})
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Content, filled up to whole blocks.
    pub(crate) fn content(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.with(name, b'0', content, &|_| {})
    }

    pub(crate) fn with(
        self,
        name: &str,
        kind: u8,
        content: &[u8],
        edit: &dyn Fn(&mut [u8]),
    ) -> Self {
        let block = block(name.as_bytes(), kind, content.len() as u64, b"", edit);
        self.raw(&block).content(content)
    }

    pub(crate) fn link(self, name: &str, kind: u8, to: &str) -> Self {
        self.raw(&block(name.as_bytes(), kind, 0, to.as_bytes(), &|_| {}))
    }

    /// An extended header with one record.
    pub(crate) fn pax(self, key: &str, value: &[u8]) -> Self {
        self.records(b'x', &record(key, value))
    }

    pub(crate) fn records(self, kind: u8, records: &[u8]) -> Self {
        self.with("PaxHeader", kind, records, &|_| {})
    }

    /// The tar with the blocks that end it.
    pub(crate) fn end(self) -> Vec<u8> {
        self.raw(&[0; 1024]).0
    }
}

/// `LENGTH KEY=VALUE\n`
pub(crate) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let body = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
    let len = (1..1_000_000).find(|len: &usize| len.to_string().len() + body.len() == *len);
    [len.unwrap().to_string().as_bytes(), &body].concat()
}
