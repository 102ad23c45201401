//! `snap completions`, `snap man` and `snap version`: made from the same declaration as the help.

use venv_snap::model::Shown;
use venv_snap::report::json;

use super::error::Failure;
use super::exit::Exit;
use super::{command, complete, program_name};

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    if let Some(script) = complete::script(shell, &program_name()) {
        return print(&script);
    }
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command(), program_name(), &mut text);
    print(&text)
}

pub(crate) fn man(of: &[String]) -> Result<Exit, Failure> {
    let mut page = command();
    page.build();
    // The page of a command is called as those of git are: 'git-log'.
    let (mut whole, mut spoken) = (program_name(), program_name());
    for name in of.iter().flat_map(|words| words.split_whitespace()) {
        let Some(sub) = page.find_subcommand(name) else {
            let of = of.join(" ");
            return Err(Failure::usage(
                format!("there is no command '{}'", Shown(of.as_bytes())),
                format!("'{spoken} --help' lists them"),
            ));
        };
        whole = format!("{whole}-{}", sub.get_name());
        spoken = format!("{spoken} {}", sub.get_name());
        page = sub.clone();
    }
    let page = page.name(whole);
    let text = rendered(&page);
    print(
        &text
            .map_err(|error| Failure::not_done(format!("cannot make the manual page: {error}")))?,
    )
}

/// A page, and after it what all commands below are and take.
fn rendered(page: &clap::Command) -> Result<Vec<u8>, std::io::Error> {
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone()).render(&mut text)?;
    for sub in page.get_subcommands() {
        let sub = clap_mangen::Man::new(sub.clone());
        sub.render_synopsis_section(&mut text)?;
        sub.render_description_section(&mut text)?;
        sub.render_options_section(&mut text)?;
    }
    Ok(text)
}

pub(crate) fn version(in_json: bool) -> Result<Exit, Failure> {
    if in_json {
        let mut text = Vec::new();
        let made = json::version(&mut text, env!("CARGO_PKG_VERSION"));
        return made.map_or_else(|error| wrote(Err(error)), |()| print(&text));
    }
    print(command().render_version().as_bytes())
}

/// Help, or the version, that the parser of the command line answers with.
pub(crate) fn answer(told: &clap::Error) -> Result<Exit, Failure> {
    wrote(told.print())
}

fn print(text: &[u8]) -> Result<Exit, Failure> {
    wrote(std::io::Write::write_all(
        &mut std::io::stdout().lock(),
        text,
    ))
}

fn wrote(result: std::io::Result<()>) -> Result<Exit, Failure> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::not_done(
            format!("cannot write the answer: {error}"),
        )),
        _ => Ok(Exit::Done),
    }
}
