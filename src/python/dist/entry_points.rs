//! `entry_points.txt`: which commands a distribution brings (packaging.python.org, "Entry points specification").

/// The names of the commands that an installer makes of it, in its order.
pub(crate) fn commands(content: &[u8]) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut makes_commands = false;
    for line in content.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        if let Some(group) = line.strip_prefix(b"[") {
            let group = group.strip_suffix(b"]").unwrap_or(group).trim_ascii();
            makes_commands = matches!(group, b"console_scripts" | b"gui_scripts");
            continue;
        }
        let Some(at) = line.iter().position(|&byte| byte == b'=') else {
            continue;
        };
        let (name, object) = (line[..at].trim_ascii(), line[at + 1..].trim_ascii());
        let is_comment = line.starts_with(b"#") || line.starts_with(b";");
        // No installer makes a file of another name, nor of what names no object.
        let makes_one = !name.is_empty() && !object.is_empty() && !name.contains(&b'/');
        if makes_commands && makes_one && !is_comment {
            names.push(name.to_vec());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_installer_makes_a_script_of_is_a_command() {
        let content = b"[console_scripts]\n# no = a:b\nflask = flask.cli:main\r\n tool-x=x.y : main [extra]\n\
            empty =\n../up = a:b\n[flask.commands]\nplug = a:b\n[ gui_scripts ]\nwin = w:main\n";
        let found = commands(content);
        assert_eq!(found, [&b"flask"[..], b"tool-x", b"win"]);
        assert!(
            commands(b"flask = flask.cli:main\n").is_empty(),
            "of no group"
        );
        assert!(commands(b"\0[console_scripts\n=\n=x").is_empty());
    }
}
