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
        "gsutil -m rsync -r -d gs://b/app /srv/app",
        "gsutil -m rsync -rd /tmp /srv/app",
        "gcloud storage rsync --recursive --delete-unmatched-destination-objects gs://b /srv/app",
        "s3cmd sync --delete-removed s3://b/app/ /srv/app/",
        "s5cmd --endpoint-url x sync --delete 's3://b/*' /srv/app/",
        "mc mirror --overwrite --remove here/b /srv/app",
        "azcopy sync https://x/b /srv/app --recursive --delete-destination=true",
        "s5cmd --log error -r 3 sync --concurrency 5 --delete 's3://b/*' /srv/app/",
        "gsutil -i me rsync -d -r -j html -a private gs://b /srv/app",
        "s3cmd --access_key A --secret_key B sync --delete-removed s3://b/ /srv/app/",
        "uv venv --clear /srv/app/.venv",
        "cd /srv/app && uv venv --clear -p 3.12",
        "conda env remove -y -p /srv/app/.venv",
        "micromamba remove --all -p /srv/app/.venv",
    ]);
    all_are(Told::Named, &sweeping, &[]);
    let cleaning = rows(&["pyclean /srv/app", "cd /srv && py3clean -v ."]);
    let bytecode = [("/srv/app/.venv/lib/x/__pycache__/a.pyc", "x")];
    all_are(Told::Named, &cleaning, &bytecode);
    let odd = rows(&[
        "tar --remove-files -czf /backup/a.tgz --exclude .venv /srv/app",
        "zip -rm /backup/a.zip /srv/app -x '*.venv*'",
        "rclone sync --exclude '.venv/**' far:app /srv/app",
        "aws s3 sync --delete --exclude '.venv/*' s3://b/app /srv/app",
        "gsutil rsync -d -x '^.venv' gs://b/app /srv/app",
        "s3cmd sync --delete-removed --exclude '.venv/*' s3://b/app/ /srv/app/",
        "gsutil --new-option value rsync -d gs://b /srv/app --other value",
        "mc mirror --remove --exclude-bucket x here/b /srv/app",
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
        "gsutil -m rsync -r -d /srv/app gs://b/app",
        "gsutil -m rsync -r gs://b/app /srv/app",
        "gsutil -m cp -r gs://b/app /srv/app",
        "gcloud storage rsync --delete-unmatched-destination-objects /srv/app gs://b",
        "s3cmd sync s3://b/app/ /srv/app/",
        "s5cmd sync --delete /srv/app/ s3://b/app/",
        "mc mirror --remove /srv/app here/b",
        "mc ls here",
        "azcopy sync https://x/b /srv/app",
        "azcopy sync https://x/b /srv/app --delete-destination=false",
        "pyclean --dry-run /srv/app",
        "py3clean -p python3-click",
        "aws s3 sync s3://b/app /srv/app",
        "uv venv /srv/app/new",
        "uv pip install -p /srv/app/.venv idna",
        "conda env remove -y -n other",
        "conda remove -p /srv/app/.venv idna",
    ]);
    all_are(Told::Nothing, &harmless, &[]);
}

#[test]
fn what_moves_files_away_takes_them() {
    let files = [("/etc/list", "readme\n"), ("/etc/all", ".venv\n")];
    let sweeping = rows(&[
        "rsync -a --remove-source-files /srv/app backup:/x",
        "rsync -a --remove-source-files /srv/app/ /backup/",
        "rsync -a --remove-source-files --exclude='*.log' /srv/app /backup",
        "rsync --remove-source-files /srv/app/.venv/pyvenv.cfg /backup",
        "cd /srv && rsync -av --remove-sent-files app other /backup",
        "rsync -ar --remove-source-files --files-from=/etc/all /srv/app/ b:x",
        "mv /srv/app/.venv /srv/app/.venv.old",
        "mv -T /srv/app/.venv /backup/venv",
        "cd /srv/app && mv .venv ../venv-$(date +%F)",
        "mv /srv/app /srv/app.old",
        "mv /srv/app/.venv{,.bak}",
        "mv -b -t /backup /srv/app/.v*",
        "tar --remove-files -C /srv -cf - app | ssh backup 'cat > x'",
        "tar --create --file=/b.tar --remove-files /srv/app/.venv",
        "cd /srv/app && tar czf /b.tgz --remove-files .venv",
        "cd /srv/app; pipenv --rm",
        "poetry -C /srv/app env remove --all",
        "/srv/app/.venv/bin/pip uninstall -y idna",
        "/srv/app/.venv/bin/python -m pip uninstall --yes Idna click",
        "yes | /srv/app/.venv/bin/pip uninstall idna",
        "uv pip uninstall -p /srv/app/.venv idna",
        "cd /srv/app && uv pip uninstall idna",
        "VIRTUAL_ENV=/srv/app/.venv uv pip uninstall idna",
    ]);
    all_are(Told::Named, &sweeping, &files);
    let odd = rows(&[
        "rsync -a --remove-source-files --exclude=.git /srv/app /srv/other /backup",
        "rsync -a --remove-source-files --files-from=/no/such /srv/app/ b:x",
        "fdupes -rdN /srv",
        "jdupes -r --delete --no-prompt /srv/app",
        "rdfind -deleteduplicates true /srv/app",
        "rename s/venv/old/ /srv/app/.venv",
    ]);
    all_are(Told::Unknown, &odd, &files);
    let harmless = rows(&[
        "rsync -a --remove-source-files --exclude=.venv /srv/app/ /backup/",
        "rsync -a --remove-source-files --exclude=/app/.venv /srv/app /backup/",
        "rsync -a --remove-source-files --exclude=/srv/app/.venv /srv /backup",
        "rsync -a --remove-source-files -n /srv/app/ /backup/",
        "rsync -a --remove-source-files far:/srv/app/ /srv/new/",
        "rsync --remove-source-files /srv/app /backup",
        "rsync -a --remove-source-files --files-from=/etc/list /srv/app/ b:x",
        "rsync -a /srv/app/ /backup/",
        "mv /srv/new /srv/other",
        "fdupes -r /srv",
        "rdfind -deleteduplicates false /srv/app",
        "rdfind -deleteduplicates true /srv/other",
        "/srv/app/.venv/bin/pip uninstall -y nothing",
        "/srv/app/.venv/bin/pip uninstall idna",
        "/opt/other/bin/pip uninstall -y idna",
        "/srv/app/.venv/bin/pip install -U idna",
        "poetry -C /srv/other env remove --all",
    ]);
    all_are(Told::Nothing, &harmless, &files);
}
