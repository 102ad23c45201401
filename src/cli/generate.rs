//! `snap completions`, `snap man` and `snap version`: made from the same declaration as the help.

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

pub(crate) fn man() -> Result<Exit, Failure> {
    let mut text = Vec::new();
    let cannot =
        |error: std::io::Error| Failure::not_done(format!("cannot make the manual page: {error}"));
    let mut top = command();
    top.build();
    clap_mangen::Man::new(top.clone())
        .render(&mut text)
        .map_err(cannot)?;
    for sub in top.get_subcommands() {
        let page = clap_mangen::Man::new(sub.clone());
        page.render_synopsis_section(&mut text).map_err(cannot)?;
        page.render_description_section(&mut text).map_err(cannot)?;
        page.render_options_section(&mut text).map_err(cannot)?;
    }
    print(&text)
}

pub(crate) fn version() -> Result<Exit, Failure> {
    print(command().render_version().as_bytes())
}

fn print(text: &[u8]) -> Result<Exit, Failure> {
    match std::io::Write::write_all(&mut std::io::stdout().lock(), text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::not_done(
            format!("cannot write the answer: {error}"),
        )),
        _ => Ok(Exit::Done),
    }
}
