//! All that snapshots say of themselves, side by side.

use maud::{Markup, html};

use super::facts::{code, host, number, or_dash, shown, size, time, yes};
use crate::ops::Chosen;
use crate::report::text::Style;

/// A column for each snapshot, under a title of its own; `title` is that of all.
pub(super) fn table(title: &str, columns: &[(&str, &Chosen)], style: &Style) -> Markup {
    let row = |name: &str, value: &dyn Fn(&Chosen) -> Markup| {
        html! {
            tr {
                th scope="row" { (name) }
                @for (_, chosen) in columns { td { (value(chosen)) } }
            }
        }
    };
    let id = |id: Option<crate::model::SnapshotId>| or_dash(id, |id| code(&id.to_hex()));
    html! {
        div.scroll role="region" tabindex="0" aria-label=(title) {
            table.facts {
                thead { tr {
                    td {}
                    @for (title, _) in columns { th scope="col" { (title) } }
                } }
                tbody {
                    (row("id", &|one| id(Some(one.id))))
                    (row("what", &|one| html! { (what(one)) }))
                    (row("taken", &|one| time(one.snapshot.created, style)))
                    (row("label", &|one| or_dash(one.snapshot.label.as_ref(), |label| code(label.as_str()))))
                    (row("note", &|one| or_dash(one.snapshot.note.as_deref(), shown)))
                    (row("venv", &|one| code(&one.snapshot.venv.path().to_string_lossy())))
                    (row("host", &|one| host(one.snapshot.host_name.as_deref(), &one.snapshot.venv.host)))
                    (row("role", &|one| or_dash(one.snapshot.role.as_ref(), |role| code(role.as_str()))))
                    (row("baseline", &|one| yes(one.snapshot.baseline)))
                    (row("files", &|one| number(one.snapshot.totals.files)))
                    (row("size", &|one| size(one.snapshot.totals.bytes)))
                    (row("damaged", &|one| number(one.snapshot.damage)))
                    (row("notices", &|one| number(one.snapshot.notices)))
                    (row("could not be read", &|one| paths(&one.snapshot.unreadable)))
                    (row("never held still", &|one| paths(&one.snapshot.unstable)))
                    (row("the one before", &|one| id(one.snapshot.parent)))
                    (row("replaced by", &|one| id(one.snapshot.replaced_by)))
                    (row("completes", &|one| id(one.snapshot.completes)))
                }
            }
        }
    }
}

fn what(chosen: &Chosen) -> &'static str {
    if chosen.snapshot.is_save() {
        "save"
    } else {
        "incident"
    }
}

fn paths(paths: &[String]) -> Markup {
    match paths {
        [] => or_dash(None::<()>, |()| html! {}),
        paths => html! { ul.plain { @for path in paths { li { (code(path)) } } } },
    }
}
