//! Programs for archives, copies and environments that remove files on the way, where they are told so.

use super::scripts::{Told, all_are, rows};

#[test]
fn what_packs_copies_or_makes_anew_and_removes_on_the_way_is_named_and_else_it_is_not() {
    let sweeping = rows(&[
        "tar --remove-files -czf /backup/a.tgz /srv/app",
        "tar czf /backup/a.tgz --remove-files -C /srv app",
        "cd /srv && tar -c --remove-files -f - app | gzip > /backup/a.gz",
        "zip -rm /backup/a.zip /srv/app",
        "zip -r --move /backup/a.zip /srv/app/.venv",
        "7z a -sdel /backup/a.7z /srv/app",
        "rclone sync far:app /srv/app",
        "rclone purge /srv/app/.venv",
        "aws s3 sync --delete s3://b/app /srv/app",
        "aws s3 mv --recursive /srv/app s3://b/app",
        "uv venv --clear /srv/app/.venv",
        "cd /srv/app && uv venv --clear -p 3.12",
        "conda env remove -y -p /srv/app/.venv",
        "micromamba remove --all -p /srv/app/.venv",
    ]);
    all_are(Told::Named, &sweeping, &[]);
    let odd = rows(&[
        "tar --remove-files -czf /backup/a.tgz --exclude .venv /srv/app",
        "zip -rm /backup/a.zip /srv/app -x '*.venv*'",
        "rclone sync --exclude '.venv/**' far:app /srv/app",
        "aws s3 sync --delete --exclude '.venv/*' s3://b/app /srv/app",
    ]);
    all_are(Told::Unknown, &odd, &[]);
    let harmless = rows(&[
        "tar -czf /backup/a.tgz /srv/app",
        "tar -x --remove-files -f /backup/a.tgz -C /srv/app",
        "tar --remove-files -czf /backup/a.tgz /srv/other",
        "zip -r /backup/a.zip /srv/app",
        "7z a /backup/a.7z /srv/app",
        "rclone copy far:app /srv/app",
        "rclone sync /srv/app far:app",
        "rclone sync --dry-run far:app /srv/app",
        "aws s3 sync --delete /srv/app s3://b/app",
        "aws s3 sync s3://b/app /srv/app",
        "uv venv /srv/app/new",
        "uv pip install -p /srv/app/.venv idna",
        "conda env remove -y -n other",
        "conda remove -p /srv/app/.venv idna",
    ]);
    all_are(Told::Nothing, &harmless, &[]);
}
