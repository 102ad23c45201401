//! One alert in one line.

use std::fmt::Write as _;
use std::path::Path;

use super::words::count;
use crate::model::Shown;
use crate::watch::{Culprit, Damage, Found, Gone, News, Occasion, State, Subject, kinds_in_words};

/// What an announcement says, in one line.
pub fn alert_line(news: &News, venv: &Path) -> String {
    let still = if news.occasion == Occasion::Reminder {
        "still "
    } else {
        ""
    };
    let mut text = format!("{}: {still}{}", Shown::path(venv), state(news));
    if let Some(found) = &news.found {
        text.push_str(&told_of(found, news.state));
    }
    if let Some(why) = &news.why {
        let _ = write!(text, "; {}", Shown(why.as_bytes()));
    }
    if news.state.is_critical() && !news.culprits.is_empty() {
        let all: Vec<String> = news.culprits.iter().map(culprit).collect();
        let _ = write!(text, "; {}", all.join("; "));
    }
    if let (State::Sound | State::Upgraded | State::Drifted, Some(heal)) = (news.state, &news.heal)
    {
        let _ = write!(text, "; healed in {} ms", heal.took.as_millis());
        if let Some(incident) = &heal.incident {
            let _ = write!(
                text,
                ", what it replaced is incident {}",
                &incident[..incident.len().min(8)]
            );
        }
    }
    text
}

fn state(news: &News) -> String {
    let times = count(news.attempts.into(), "time");
    let text = match (news.subject, news.state) {
        (Subject::Integrity, State::Held) => {
            return format!(
                "damaged again after it was healed {times}: healing has stopped until it is sound"
            );
        }
        (Subject::Service, State::Held) => {
            return format!(
                "the service still fails after it was restarted {times}: restarting has stopped"
            );
        }
        (Subject::Integrity, State::Sound) => "sound again",
        (Subject::Integrity, State::Unknown) => "it cannot be looked at",
        (Subject::Integrity, State::Unsaved) => "there is no baseline",
        (Subject::Integrity, State::Stuck) => "damaged, and healing fails",
        (Subject::Service, State::Sound) => "the service answers again",
        (Subject::Service, _) => "the service fails",
        (Subject::Imports, State::Sound) => "imports work again",
        (Subject::Imports, _) => "imports fail",
        (_, other) => other.as_str(),
    };
    text.to_owned()
}

fn told_of(found: &Found, state: State) -> String {
    let listed = |all: &[String]| {
        let all: Vec<String> = all
            .iter()
            .map(|one| Shown(one.as_bytes()).to_string())
            .collect();
        all.join(", ")
    };
    let mut text = String::new();
    if let Some(gone) = found.gone.filter(|_| state.is_critical()) {
        text.push_str(&told_whole(gone, &found.damage));
    } else if state.is_critical() && !found.damage.kinds.is_empty() {
        let _ = write!(text, ": {}", kinds_in_words(&found.damage.kinds));
        if !found.damage.packages.is_empty() {
            let _ = write!(text, " in {}", listed(&found.damage.packages));
        }
        if found.damage.is_patch {
            text.push_str("; an edit by hand is not healed");
        } else if !found.damage.can_heal {
            text.push_str("; no baseline holds what it was");
        }
        for cause in &found.damage.causes {
            let _ = write!(text, "; {}", Shown(cause.as_bytes()));
        }
    }
    if matches!(state, State::Upgraded | State::Drifted) && !found.changed.is_empty() {
        let _ = write!(text, ": {}", listed(&found.changed));
    }
    if state == State::Upgraded && !found.unmet.is_empty() {
        let _ = write!(text, "; it is not saved: {}", listed(&found.unmet));
    }
    if let Some(installer) = &found.at_work {
        let _ = write!(text, "; {} is still at work", Shown(installer.as_bytes()));
    }
    text
}

/// What is said of a venv that is gone as a whole.
fn told_whole(gone: Gone, damage: &Damage) -> String {
    let what = match gone {
        Gone::Nothing => "it is gone as a whole",
        Gone::File => "it is gone as a whole, and something stands there that is no directory",
        Gone::Parent => {
            return ": it is gone as a whole, and so is the directory that held it; it is not put back until that is \
                    made"
                .to_owned();
        }
    };
    let files = match damage.files {
        0 => "; no baseline holds what it was".to_owned(),
        files => format!(", {}", count(files, "file")),
    };
    format!(": {what}{files}")
}

fn culprit(culprit: &Culprit) -> String {
    let what = culprit.command_line.as_ref().unwrap_or(&culprit.program);
    let mut of: Vec<String> = culprit
        .pid
        .map(|pid| format!("pid {pid}"))
        .into_iter()
        .collect();
    of.extend(
        culprit
            .user
            .iter()
            .map(|user| format!("user {}", Shown(user.as_bytes()))),
    );
    of.extend(
        culprit
            .unit
            .iter()
            .map(|unit| Shown(unit.as_bytes()).to_string()),
    );
    of.extend(
        culprit
            .parents
            .first()
            .map(|parent| format!("started by {}", Shown(parent.as_bytes()))),
    );
    let what = Shown(what.as_bytes());
    format!(
        "'{what}' ({}) changed {}",
        of.join(", "),
        count(culprit.files, "file")
    )
}
