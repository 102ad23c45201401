//! Metrics as text, as Prometheus and the textfile collector of its node exporter read them (exposition format 0.0.4),
//! and the file that holds them.

pub mod guard;
pub mod status;

use std::fmt::Write as _;
use std::path::Path;

use crate::disk::PathError;
use crate::disk::out_file::{deliver, replace_readable};

/// What a family of metrics is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricKind {
    /// A value that rises and falls.
    Gauge,
    /// A value that only rises while a process lives; its name ends with `_total`.
    Counter,
}

/// A text of metrics while it is written. Families come one after the other, and no name comes twice.
#[derive(Clone, Debug, Default)]
pub struct Metrics(String);

impl Metrics {
    /// Begins a family, to which the samples belong that follow. Units stand in the name: `_bytes`, `_seconds`.
    pub fn family(&mut self, name: &str, kind: MetricKind, help: &str) -> Family<'_> {
        let kind = match kind {
            MetricKind::Gauge => "gauge",
            MetricKind::Counter => "counter",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family {
            text: &mut self.0,
            name: name.to_owned(),
        }
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Writes it into a file in one step, for everybody to read: whoever reads it meets the whole old text or the whole
    /// new one.
    pub fn publish(&self, path: &Path) -> Result<(), PathError> {
        deliver(path, self.0.as_bytes(), replace_readable)
    }
}

/// A family to which samples are added.
#[derive(Debug)]
pub struct Family<'m> {
    text: &'m mut String,
    name: String,
}

impl Family<'_> {
    /// Adds one sample. `labels` are names with values; a value may hold anything.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) -> &mut Self {
        self.text.push_str(&self.name);
        let mut sign = '{';
        for (name, value) in labels {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.text, "{sign}{name}=\"{value}\"");
            sign = ',';
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let value = match value {
            value if value.is_infinite() && value > 0.0 => "+Inf".to_owned(),
            value if value.is_infinite() => "-Inf".to_owned(),
            value => value.to_string(),
        };
        let _ = writeln!(self.text, " {value}");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_metrics_escapes_what_labels_hold_and_replaces_a_file_in_one_step() {
        let mut metrics = Metrics::default();
        metrics
            .family("snap_size_bytes", MetricKind::Gauge, "How long\nit is.")
            .sample(
                &[("venv", "/a \"b\"\\c\nd"), ("kind", "x")],
                1_764_400_000.5,
            )
            .sample(&[], f64::INFINITY);
        metrics
            .family("snap_runs_total", MetricKind::Counter, "Runs.")
            .sample(&[], 3.0);
        let text = "# HELP snap_size_bytes How long\\nit is.\n# TYPE snap_size_bytes gauge\n\
            snap_size_bytes{venv=\"/a \\\"b\\\"\\\\c\\nd\",kind=\"x\"} 1764400000.5\nsnap_size_bytes +Inf\n\
            # HELP snap_runs_total Runs.\n# TYPE snap_runs_total counter\nsnap_runs_total 3\n";
        assert_eq!(metrics.as_str(), text);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("snap.prom");
        std::fs::write(&path, "old").unwrap();
        metrics.publish(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o644);
        assert_eq!(
            dir.path().read_dir().unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }
}
