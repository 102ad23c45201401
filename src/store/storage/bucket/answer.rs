//! What may be told of an answer that a server gave.

/// The status of an answer and what may be told of it: `503 SlowDown`.
pub(super) fn status(text: &str) -> Option<(u16, String)> {
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
