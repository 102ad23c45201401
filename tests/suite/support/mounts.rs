//! File systems of the tests' own, where privileges allow.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::faults::skipped;

/// A mounted file system; unmounted when dropped.
pub(crate) struct Mount {
    path: PathBuf,
}

impl Mount {
    /// A small file system in memory. `options` such as `size=4m,nr_inodes=100`.
    pub(crate) fn tmpfs(path: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        mount(path, &["-t", "tmpfs", "-o", options, "tmpfs"])
    }

    /// A directory a second time.
    pub(crate) fn bind(from: &Path, path: &Path) -> Option<Self> {
        mount(path, &["--bind", from.to_str().unwrap()])
    }

    /// A layer over another directory, as container images are.
    pub(crate) fn overlay(lower: &Path, path: &Path, scratch: &Path) -> Option<Self> {
        // Upper and work directories of an overlay must not lie on another overlay; memory is safe.
        for dir in ["upper", "work"] {
            std::fs::create_dir_all(scratch.join(dir)).unwrap();
        }
        std::fs::create_dir_all(path).unwrap();
        let at = |name: &str| scratch.join(name).to_str().unwrap().to_owned();
        let options = format!(
            "lowerdir={},upperdir={},workdir={}",
            lower.display(),
            at("upper"),
            at("work")
        );
        mount(path, &["-t", "overlay", "-o", &options, "overlay"])
    }

    /// The file system in a file. `options` such as `loop,noatime`.
    #[allow(dead_code, reason = "for tests/faults")]
    pub(crate) fn image(image: &Path, path: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        mount(path, &["-o", options, image.to_str().unwrap()])
    }

    /// A new file system in a file `image`, made by `mkfs` and its arguments, such as `mkfs.ext4 -I 128`.
    pub(crate) fn made(mkfs: &[&str], image: &Path, path: &Path) -> Option<Self> {
        let file = std::fs::File::create(image).unwrap();
        file.set_len(320 << 20).unwrap();
        let made = Command::new(mkfs[0])
            .args(&mkfs[1..])
            .arg(image)
            .output()
            .is_ok_and(|output| output.status.success());
        if !made {
            skipped(1, &format!("there is no {}", mkfs[0]));
            return None;
        }
        Self::image(image, path, "loop")
    }

    /// A file system in user space, mounted by a program of its own, such as `bindfs FROM`.
    pub(crate) fn user(command: &[&str], path: &Path) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let mounted = Command::new(command[0])
            .args(&command[1..])
            .arg(path)
            .stdin(std::process::Stdio::null())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            skipped(1, &format!("{} does not work here", command[0]));
            return None;
        }
        Some(Self {
            path: path.to_owned(),
        })
    }

    /// Makes it read-only, or writable again.
    pub(crate) fn read_only(&self, yes: bool) {
        let option = if yes {
            "remount,ro,bind"
        } else {
            "remount,rw,bind"
        };
        assert!(
            Command::new("mount")
                .args(["-o", option])
                .arg(&self.path)
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Mount {
    /// Lets it go when nothing needs it any more.
    pub(crate) fn detach(self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
        std::mem::forget(self);
    }
}

fn mount(path: &Path, args: &[&str]) -> Option<Mount> {
    let output = Command::new("mount").args(args).arg(path).output();
    if output.is_ok_and(|output| output.status.success()) {
        return Some(Mount {
            path: path.to_owned(),
        });
    }
    skipped(1, "mounts are not allowed here");
    None
}

impl Drop for Mount {
    fn drop(&mut self) {
        // The first try is quiet. A disk that is still in use is let go as soon as nothing uses it.
        let done = Command::new("umount").arg(&self.path).output();
        if !done.is_ok_and(|done| done.status.success()) {
            let _ = Command::new("umount").arg("-l").arg(&self.path).status();
        }
    }
}

/// Fills a file system up to `free_kib` KiB.
pub(crate) fn fill(dir: &Path, free_kib: u64) {
    let stat = rustix::fs::statvfs(dir).unwrap();
    let have = stat.f_bavail * stat.f_frsize / 1024;
    let len = have.saturating_sub(free_kib) * 1024;
    std::fs::write(dir.join("filler"), vec![1_u8; len as usize]).unwrap();
}
