//! What may be told of an answer that a server gave, or that did not come.

use std::error::Error as _;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use super::objects::Failed;
use super::unconnected::Unconnected;

/// Codes of S3 ("Error responses") that concern keys, region or clock, and come with another status than 401 and 403.
const OF_KEYS: [&str; 5] = [
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "TokenRefreshRequired",
];

/// What a server means that sends a request elsewhere.
const OF_ANOTHER_REGION: &str = "the bucket lies in another region";

/// What an error comes to. Its own text may hold the address with all that people wrote into it, and the answer of the
/// server with the parts of a signature. So only the status and the short code of the server are passed on.
pub(super) fn failed(error: &Error) -> Failed {
    match error {
        Error::NotFound { .. } => return Failed::Missing,
        Error::AlreadyExists { .. } | Error::Precondition { .. } => return Failed::Exists,
        _ => {}
    }
    let mut source = error.source();
    let mut said = None;
    while let Some(cause) = source {
        if let Some(http) = cause.downcast_ref::<HttpError>() {
            return transport(http);
        }
        if let Some(why) = cause.downcast_ref::<Unconnected>() {
            return Failed::Denied(why.to_string());
        }
        let text = cause.to_string();
        // A redirect that names no place: the client has no type for it that could be asked.
        if text.contains("redirect without LOCATION") {
            return Failed::Denied(OF_ANOTHER_REGION.to_owned());
        }
        said = said.or_else(|| status(&text));
        source = cause.source();
    }
    match (error, said) {
        (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, said) => {
            Failed::Denied(said.map_or_else(String::new, |(_, text)| text))
        }
        (_, Some((_, text))) if OF_KEYS.iter().any(|code| text.ends_with(code)) => {
            Failed::Denied(text)
        }
        // What was signed for one server is never sent to another.
        (_, Some((300..=399, _))) => Failed::Denied(OF_ANOTHER_REGION.to_owned()),
        (_, Some((429 | 500.., text))) => Failed::Busy(text),
        (_, Some((_, text))) => Failed::Refused(text),
        (Error::Generic { .. }, None) => {
            Failed::Unknown("the server did not answer as S3 does".to_owned())
        }
        (_, None) => Failed::Refused("the server does not do that".to_owned()),
    }
}

fn transport(error: &HttpError) -> Failed {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    let why = match error.kind() {
        HttpErrorKind::Connect => "no connection",
        HttpErrorKind::Timeout => "no answer came in time",
        HttpErrorKind::Decode => "the answer cannot be read",
        _ => "the connection broke",
    };
    Failed::Unknown(format!("{why} ({deepest})"))
}

/// The status of an answer and what may be told of it: `503 SlowDown`.
fn status(text: &str) -> Option<(u16, String)> {
    let rest = text.split_once("status code: ")?.1;
    let number: u16 = rest.get(..3)?.parse().ok()?;
    let code = rest
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map_or("", |(code, _)| code);
    let is_word = code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
    let code = if is_word { code } else { "" };
    Some((
        number,
        format!("the server answers {number} {code}")
            .trim_end()
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_server_says_only_the_status_and_a_short_code_are_told() {
        let body = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>SignatureDoesNotMatch</Code>\
                    <AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
        let told = "the server answers 403 SignatureDoesNotMatch".to_owned();
        assert_eq!(status(body), Some((403, told)));
        let evil = "status code: 500 X: <Code>\x1b[2J rm</Code>";
        assert_eq!(
            status(evil),
            Some((500, "the server answers 500".to_owned()))
        );
        assert_eq!(status("nothing of the kind"), None);
    }
}
