//! `snap demo --no-snapshot`: the same outage in a venv that nobody saved, and the way back. What is fetched comes from
//! wheels in a directory, so no network is needed. An installer is needed: uv, or the pip that Python brings.

use std::fs;
use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::ops::{
    CheckOptions, Index, Installer, RebuildOptions, RestoreOptions, check, make_store, rebuild,
    undo,
};
use venv_snap::report::text;

use super::{Stage, failed, millis, packages};
use crate::cli::error::Failure;
use crate::cli::exit::Exit;
use crate::cli::{hint, program_name, rebuild as words};

pub(super) fn play(stage: &Stage<'_>) -> Result<Exit, Failure> {
    let wheels = stage.wheels.as_path();
    packages::build(wheels).map_err(|error| failed("build the demo's wheels", &error))?;
    stage.say("# a small venv with four packages, all of which import; nobody saved it")?;
    stage.import(true)?;

    stage.say("\n# the outage: one file of a package is deleted, one of another emptied")?;
    let spoil = || {
        fs::remove_file(stage.site_packages.join("parcel/core.py"))?;
        fs::File::create(stage.site_packages.join("harbour/shapes.py")).map(drop)
    };
    spoil().map_err(|error: std::io::Error| failed("damage the demo's venv", &error))?;
    stage.import(false)?;

    let site = Site::resolve(&stage.venv)?;
    stage.prompt("check", "")?;
    let found = check(&stage.context(), &site, &CheckOptions::default())?;
    stage.show(|out, style| text::check(out, &found, style))?;
    stage.say(&format!("hint: {}", hint::anew(Path::new("venv"))))?;
    if found.clean() {
        return Err(Failure::not_done("the damage of the demo was not found"));
    }

    let options = options(wheels);
    let by = match options.installer {
        Some(Installer::Uv) => " --installer uv",
        _ => "",
    };
    stage.prompt("rebuild", &format!("{by} --offline --find-links wheels"))?;
    make_store(&stage.context())?;
    let rebuilt = rebuild(&stage.context(), &site, &options)?;
    stage.show(|out, style| text::rebuild(out, &rebuilt, style))?;
    stage.import(true)?;

    stage.say(
        "\n# nothing is lost: the ruin comes back as it was, and so does what was made anew",
    )?;
    for works in [false, true] {
        stage.prompt("undo", "")?;
        let undone = undo(&stage.context(), &site, &RestoreOptions::default())?;
        stage.show(|out, style| text::restore(out, &undone, style))?;
        stage.import(works)?;
    }
    let name = program_name();
    stage.say(&format!(
        "\nrebuilt in {}; why it happened: '{name} doctor venv' tells who sweeps on a machine, '{name} cache check' \
         what \
         installers would bring back",
        millis(rebuilt.took)
    ))?;
    Ok(Exit::Done)
}

fn options(wheels: &Path) -> RebuildOptions {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let homes: Vec<PathBuf> = home.into_iter().collect();
    let uv = words::uv(&homes);
    RebuildOptions {
        installer: uv.as_ref().map(|_| Installer::Uv),
        uv,
        pythons: words::pythons(&homes),
        home: homes.into_iter().next().unwrap_or_default(),
        settings: words::settings(),
        find_links: vec![wheels.to_owned()],
        index: Index::Never,
        ..RebuildOptions::default()
    }
}
