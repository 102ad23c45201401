//! Who was seen doing it, where a guard watched. Nothing is inferred here: a sighting is believed only while what it
//! left is still there.

use super::super::case::{Case, Hurt};
use super::score::{Cause, Score};
use super::words::count;
use crate::model::{Ancestor, Certainty, Image, Shown, Sighting, Who};

/// The name of the rule. What it tells comes before all that is inferred.
pub(super) const NAME: &str = "caught-in-the-act";
/// So many parents are told.
const PARENTS: usize = 3;

/// Speaks where somebody was seen changing what is damaged; of several, tells the one who did most.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let seen = case.hurts.iter();
    let seen: Vec<(&Hurt, &Sighting)> = seen
        .filter_map(|hurt| Some((hurt, case.sightings.get(&hurt.path)?)))
        .collect();
    let did = |who: &Who| seen.iter().filter(|(_, one)| one.who == *who).count();
    let (_, most) = seen.iter().max_by_key(|(_, one)| (did(&one.who), one.at))?;
    let who = &most.who;
    let (hurts, times): (Vec<_>, Vec<_>) = seen
        .iter()
        .filter(|(_, one)| one.who == *who)
        .map(|(hurt, one)| (*hurt, one.at))
        .unzip();
    let when = times.iter().min()?.strftime("%Y-%m-%d %H:%M:%S UTC");
    let others = match seen.len() - hurts.len() {
        0 => String::new(),
        rest => format!(" Others were seen changing {}.", count(rest, "entry")),
    };
    let text = format!(
        "{} {} changed at {when} by {}.{others} Stop that before you restore.",
        count(hurts.len(), "entry"),
        if hurts.len() == 1 { "was" } else { "were" },
        described(who),
    );
    let of = hurts.len();
    let mut cause = Score::plain(hurts, of).diagnosis(NAME, text)?;
    cause.diagnosis.who = Some(who.clone());
    Some(cause)
}

/// `find (process 4711, user root): 'find /srv -delete', started by sh, cron; cron job 'sweep'`.
fn described(who: &Who) -> String {
    let shown = |text: &str| Shown::os(text.as_ref()).to_string();
    let program = who
        .image
        .program
        .as_deref()
        .map_or_else(|| "a program that is not known".to_owned(), shown);
    let user = who.user.as_ref().map(|user| {
        let name = user.name.as_deref().map(shown);
        format!(", user {}", name.unwrap_or_else(|| user.uid.to_string()))
    });
    let login = who
        .login
        .as_ref()
        .filter(|login| Some(*login) != who.user.as_ref());
    let login = login.map(|login| {
        let name = login.name.as_deref().map(shown);
        format!(
            ", logged in as {}",
            name.unwrap_or_else(|| login.uid.to_string())
        )
    });
    let command = who
        .image
        .argv
        .as_ref()
        .map(|argv| format!(": '{}'", shown(&argv.line())));
    let unknown =
        (who.certainty >= Certainty::Comm).then(|| " (its arguments are not known)".to_owned());
    let earlier = who.earlier.as_ref().and_then(Image::line);
    let earlier =
        earlier.map(|line| format!(", or by what it ran right before: '{}'", shown(&line)));
    let name = |parent: &Ancestor| parent.image.program.as_deref().map(shown);
    let parents: Vec<String> = who.parents.iter().filter_map(name).take(PARENTS).collect();
    let parents = (!parents.is_empty()).then(|| format!(", started by {}", parents.join(", by ")));
    let cron = who
        .cron
        .as_deref()
        .map(|command| format!("; cron job '{}'", shown(command)));
    let unit = who
        .unit
        .as_deref()
        .map(|unit| format!("; unit {}", shown(unit)));
    let rest = [command, unknown, earlier, parents, cron, unit]
        .into_iter()
        .flatten();
    format!(
        "{program} (process {}{}{}){}",
        who.pid,
        user.unwrap_or_default(),
        login.unwrap_or_default(),
        rest.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::super::diagnose;
    use super::*;
    use crate::model::{Argv, Image, Kind, RelPath, User};

    fn hurt(path: &str) -> Hurt {
        Hurt {
            path: RelPath::new(path.as_bytes()).unwrap(),
            kind: Kind::Missing,
            package: None,
            expected_size: Some(9),
            expected_mtime: None,
            behind: None,
            saved: true,
            actual: None,
            compiled: false,
        }
    }

    fn who(pid: u32, line: &str) -> Who {
        let words: Vec<Vec<u8>> = line
            .split(' ')
            .map(|word| word.as_bytes().to_vec())
            .collect();
        Who {
            pid,
            image: Image {
                program: line.split(' ').next().map(str::to_owned),
                exe: None,
                argv: Some(Argv(words)),
            },
            certainty: Certainty::Live,
            user: Some(User {
                uid: 33,
                name: Some("web".to_owned()),
            }),
            cron: Some("sweep".to_owned()),
            ..Who::default()
        }
    }

    #[test]
    fn who_was_seen_doing_most_is_told_first_with_what_that_explains() {
        let mut case = Case {
            hurts: ["a/core.py", "b/core.py", "c/core.py", "d/x.py"]
                .map(hurt)
                .to_vec(),
            ..Case::default()
        };
        for (path, who) in [
            ("a/core.py", who(7, "find /srv")),
            ("b/core.py", who(7, "find /srv")),
            ("c/core.py", who(8, "rm c")),
        ] {
            let path = RelPath::new(path.as_bytes()).unwrap();
            let sighting = Sighting {
                path: path.clone(),
                at: "2026-11-24T01:19:00Z".parse().unwrap(),
                left: None,
                who,
            };
            case.sightings.insert(path, sighting);
        }
        let found = diagnose(&case);
        assert_eq!(
            (&*found[0].rule, found[0].explains, found[0].of),
            (NAME, 2, 4)
        );
        assert_eq!(found[0].who.as_ref().unwrap().pid, 7);
        assert_eq!(
            found[0].text,
            "2 entries were changed at 2026-11-24 01:19:00 UTC by find (process 7, user web): 'find /srv'; cron job \
             'sweep'. Others were seen changing 1 entry. Stop that before you restore."
        );
    }

    #[test]
    fn where_nobody_was_seen_nothing_is_told() {
        let case = Case {
            hurts: vec![hurt("a/core.py")],
            ..Case::default()
        };
        assert!(rule(&case).is_none());
    }
}
