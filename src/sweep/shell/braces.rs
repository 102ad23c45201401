//! Alternatives in braces, as Bash spreads them (Bash, "Brace Expansion").

use super::{Piece, Word};

/// Braces are spread in words of so many letters.
const LEN_MAX: usize = 4_096;
/// So many words come of one.
const SPREAD_MAX: usize = 64;

/// A letter that is not quoted, or a piece.
#[derive(Clone)]
enum Unit {
    Letter(char),
    Piece(Piece),
}

/// `a{b,c}d` as `abd` and `acd`, `a{1..3}` as `a1`, `a2`, `a3`; all other words as they are.
pub(in crate::sweep) fn braces(word: &Word) -> Vec<Word> {
    let mut units = Vec::new();
    for piece in word {
        match piece {
            Piece::Text(text, false) => units.extend(text.chars().map(Unit::Letter)),
            piece => units.push(Unit::Piece(piece.clone())),
        }
    }
    if units.len() > LEN_MAX {
        return vec![word.clone()];
    }
    let all = spread(&units);
    all.into_iter()
        .take(SPREAD_MAX)
        .map(|units| packed(&units))
        .collect()
}

fn spread(units: &[Unit]) -> Vec<Vec<Unit>> {
    let is = |unit: &Unit, sign: char| matches!(unit, Unit::Letter(letter) if *letter == sign);
    for (open, _) in units.iter().enumerate().filter(|(_, unit)| is(unit, '{')) {
        let (mut depth, mut cuts) = (0_usize, vec![open]);
        let end = units.iter().enumerate().skip(open).find_map(|(at, unit)| {
            if is(unit, '{') {
                depth += 1;
            } else if is(unit, '}') {
                depth -= 1;
            } else if is(unit, ',') && depth == 1 {
                cuts.push(at);
            }
            (depth == 0).then_some(at)
        });
        let Some(end) = end else {
            return vec![units.to_vec()];
        };
        let parts = if cuts.len() > 1 {
            cuts.push(end);
            cuts.windows(2)
                .map(|two| units[two[0] + 1..two[1]].to_vec())
                .collect()
        } else {
            range(&units[open + 1..end])
        };
        if parts.is_empty() {
            continue;
        }
        let rests = spread(&units[end + 1..]);
        let parts = parts.iter().flat_map(|part| spread(part));
        let all = parts.flat_map(|part| {
            let begin = [&units[..open], &part[..]].concat();
            rests
                .iter()
                .map(move |rest| [&begin[..], &rest[..]].concat())
                .collect::<Vec<_>>()
        });
        return all.take(SPREAD_MAX).collect();
    }
    vec![units.to_vec()]
}

/// `1..5` or `a..c`.
fn range(units: &[Unit]) -> Vec<Vec<Unit>> {
    let letters = units.iter().map(|unit| match unit {
        Unit::Letter(letter) => Some(*letter),
        Unit::Piece(_) => None,
    });
    let text: Option<String> = letters.collect();
    let text = text.unwrap_or_default();
    let Some((from, to)) = text.split_once("..") else {
        return Vec::new();
    };
    let written = |text: String| text.chars().map(Unit::Letter).collect();
    if let (Ok(from), Ok(to)) = (from.parse::<u16>(), to.parse::<u16>()) {
        let all = from.min(to)..=from.max(to);
        return all
            .take(SPREAD_MAX)
            .map(|number| written(number.to_string()))
            .collect();
    }
    match (from.as_bytes(), to.as_bytes()) {
        ([from], [to]) => (*from..=*to)
            .map(|byte| written(char::from(byte).to_string()))
            .collect(),
        _ => Vec::new(),
    }
}

fn packed(units: &[Unit]) -> Word {
    let mut word = Word::new();
    for unit in units {
        match (unit, word.last_mut()) {
            (Unit::Letter(letter), Some(Piece::Text(text, false))) => text.push(*letter),
            (Unit::Letter(letter), _) => word.push(Piece::Text(letter.to_string(), false)),
            (Unit::Piece(piece), _) => word.push(piece.clone()),
        }
    }
    word
}
