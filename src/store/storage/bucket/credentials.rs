//! Who asks a bucket: keys, region and endpoint where tools of AWS take them from, the environment first, then the
//! files of profiles. What stands elsewhere (web identity, containers, instance metadata) is found by the client.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde::Deserialize;

use super::unconnected::Unconnected;
use crate::store::location::Access;

/// How a bucket is reached, and with which keys.
pub(super) struct Credentials {
    pub(super) source: Source,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    /// The file of authorities to believe besides those of the system.
    pub(super) ca_file: Option<PathBuf>,
}

/// Where the keys come from.
pub(super) enum Source {
    /// The variables of the environment say it all.
    Surroundings,
    Fixed(Keys),
    Program(Program),
    /// The client asks somebody.
    Asked(Teller),
}

/// Whom the client asks for keys.
#[derive(Clone, Copy, Debug)]
pub(super) enum Teller {
    WebIdentity,
    Container,
    Machine,
}

impl Teller {
    /// Its name, for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::WebIdentity => "the service for AWS_WEB_IDENTITY_TOKEN_FILE",
            Self::Container => "the service of AWS_CONTAINER_CREDENTIALS_…",
            Self::Machine => "the metadata service of this machine",
        }
    }
}

/// A pair of keys.
#[derive(Deserialize)]
pub(super) struct Keys {
    #[serde(rename = "AccessKeyId")]
    pub(super) id: String,
    #[serde(rename = "SecretAccessKey")]
    pub(super) secret: String,
    #[serde(rename = "SessionToken")]
    pub(super) token: Option<String>,
}

/// The program of `credential_process`, with its arguments.
#[derive(Debug)]
pub(super) struct Program(Vec<String>);

/// One profile: its settings by name.
type Profile = BTreeMap<String, String>;

impl Credentials {
    /// Finds the credentials. An error tells what is wrong, and nothing secret.
    pub(super) fn load(access: &Access) -> Result<Self, Unconnected> {
        let said = |name: &str| access.variables.get(name).filter(|value| !value.is_empty());
        let named = said("AWS_PROFILE").or_else(|| said("AWS_DEFAULT_PROFILE"));
        let name = named.map_or("default", String::as_str);
        let profile = read_profile(access, name)?;
        if named.is_some() && profile.is_none() {
            return Err(Unconnected::NoProfile(name.to_owned()));
        }
        let profile = profile.unwrap_or_default();
        let of_profile = |name: &str| profile.get(name).cloned();
        let region = said("AWS_REGION")
            .or_else(|| said("AWS_DEFAULT_REGION"))
            .cloned();
        let endpoint = said("AWS_ENDPOINT_URL_S3")
            .or_else(|| said("AWS_ENDPOINT_URL"))
            .or_else(|| said("AWS_ENDPOINT"));
        let endpoint = endpoint.cloned().or_else(|| of_profile("endpoint_url"));
        if let Some(endpoint) = &endpoint {
            is_address(endpoint)?;
        }
        let region = region.or_else(|| of_profile("region"));
        let source = source(&said, &profile, name)?;
        let of_source = match &source {
            Source::Fixed(keys) => [Some(&keys.id), Some(&keys.secret), keys.token.as_ref()],
            _ => [
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
            ]
            .map(said),
        };
        let all = of_source.into_iter().chain([region.as_ref()]).flatten();
        if !all.into_iter().all(|text| is_plain(text)) {
            return Err(Unconnected::Unplain);
        }
        Ok(Self {
            source,
            region,
            endpoint,
            ca_file: said("AWS_CA_BUNDLE")
                .cloned()
                .or_else(|| of_profile("ca_bundle"))
                .map(PathBuf::from),
        })
    }
}

/// The client panics at an address or a header that is none.
fn is_address(endpoint: &str) -> Result<(), Unconnected> {
    if endpoint.contains('@') {
        return Err(Unconnected::KeysInAddress);
    }
    let uri: Option<http::Uri> = endpoint.parse().ok();
    let is_one = |uri: http::Uri| {
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        is_http && uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none()
    };
    if uri.is_some_and(is_one) {
        return Ok(());
    }
    Err(Unconnected::BadAddress)
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_graphic())
}

/// The order is that of the tools of AWS: variables, web identity, profile, then what a container or a machine says.
fn source<'v>(
    said: &impl Fn(&str) -> Option<&'v String>,
    profile: &Profile,
    name: &str,
) -> Result<Source, Unconnected> {
    if said("AWS_ACCESS_KEY_ID").is_some() {
        return Ok(Source::Surroundings);
    }
    if said("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() {
        let role = said("AWS_ROLE_ARN").ok_or(Unconnected::NoRole);
        return role.map(|_| Source::Asked(Teller::WebIdentity));
    }
    let get = |name: &str| profile.get(name).filter(|value| !value.is_empty());
    if let (Some(id), Some(secret)) = (get("aws_access_key_id"), get("aws_secret_access_key")) {
        return Ok(Source::Fixed(Keys {
            id: id.clone(),
            secret: secret.clone(),
            token: get("aws_session_token").cloned(),
        }));
    }
    if let Some(command) = get("credential_process") {
        let words = words(command).filter(|words| !words.is_empty());
        let words = words.ok_or(Unconnected::Quotes)?;
        return Ok(Source::Program(Program(words)));
    }
    for kind in ["role_arn", "sso_session", "sso_account_id", "login_session"] {
        if get(kind).is_some() {
            let name = name.to_owned();
            return Err(Unconnected::Unsupported { name, kind });
        }
    }
    let is_off =
        said("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let in_container = |name: &str| said(name).is_some();
    let in_container = in_container("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        || in_container("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    match (said("AWS_SKIP_SIGNATURE"), in_container) {
        (Some(_), _) => Ok(Source::Surroundings),
        (None, true) => Ok(Source::Asked(Teller::Container)),
        (None, false) if is_off => Err(Unconnected::NoKeys),
        (None, false) => Ok(Source::Asked(Teller::Machine)),
    }
}

/// A profile as both files together tell it; that of credentials counts first. None where neither names it.
fn read_profile(access: &Access, name: &str) -> Result<Option<Profile>, Unconnected> {
    let file = |variable: &str, default: &str| {
        let said = access.variables.get(variable).map(PathBuf::from);
        said.or_else(|| Some(access.home.as_ref()?.join(default)))
    };
    let config = file("AWS_CONFIG_FILE", ".aws/config");
    let credentials = file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
    let in_config = if name == "default" {
        name.to_owned()
    } else {
        format!("profile {name}")
    };
    let mut found: Option<Profile> = None;
    for (file, section) in [(config, in_config.as_str()), (credentials, name)] {
        let Some(file) = file else { continue };
        if let Some(settings) = section_of(&read(&file)?, section) {
            found.get_or_insert_default().extend(settings);
        }
    }
    Ok(found)
}

fn read(file: &Path) -> Result<String, Unconnected> {
    match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(Unconnected::Profiles),
    }
}

/// The settings of one section of such a file. Indented lines belong to the setting before, and are none of ours.
fn section_of(text: &str, wanted: &str) -> Option<Profile> {
    let mut found: Option<Profile> = None;
    let mut is_wanted = false;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = bare.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let mut parts = section.0.split_whitespace();
            is_wanted = wanted.split_whitespace().eq(parts.by_ref());
            if is_wanted {
                found.get_or_insert_default();
            }
            continue;
        }
        let setting = bare
            .split_once('=')
            .filter(|_| is_wanted && !line.starts_with([' ', '\t']));
        if let (Some((name, value)), Some(found)) = (setting, &mut found) {
            found.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    found
}

/// The words of a command as tools of AWS split them: at white space, but not within quotes. None where a quote does
/// not close.
fn words(command: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => all.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    quote.is_none().then_some(all)
}

impl Program {
    /// Its name and its arguments.
    pub(super) fn words(&self) -> Option<(&String, &[String])> {
        self.0.split_first()
    }

    /// Reads the keys that it printed. What it says besides is not passed on.
    pub(super) fn keys(output: &Output) -> Result<Keys, Unconnected> {
        if !output.status.success() {
            return Err(Unconnected::ProgramFailed(output.status));
        }
        let keys = serde_json::from_slice(&output.stdout);
        let keys: Keys = keys.map_err(|_| Unconnected::ProgramSays)?;
        let all = [Some(&keys.id), Some(&keys.secret), keys.token.as_ref()];
        let are_plain = all.into_iter().flatten().all(|text| is_plain(text));
        are_plain.then_some(keys).ok_or(Unconnected::ProgramSays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &[(&str, &str)], home: &Path) -> Access {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Access {
            variables: variables.iter().map(pair).collect(),
            home: Some(home.to_owned()),
            ..Access::default()
        }
    }

    fn told(variables: &[(&str, &str)], home: &Path) -> String {
        let found = match Credentials::load(&access(variables, home)) {
            Ok(found) => found,
            Err(why) => return why.to_string(),
        };
        let source = match found.source {
            Source::Surroundings => "surroundings".to_owned(),
            Source::Asked(teller) => format!("{teller:?}"),
            Source::Fixed(keys) => format!("{}/{}", keys.id, keys.secret),
            Source::Program(program) => {
                let (name, arguments) = program.words().unwrap();
                let ran = std::process::Command::new(name).args(arguments).output();
                Program::keys(&ran.unwrap()).map_or_else(|why| why.to_string(), |keys| keys.id)
            }
        };
        format!("{source} {:?} {:?}", found.region, found.endpoint)
    }

    #[test]
    fn keys_are_taken_from_where_tools_of_aws_take_them() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join(".aws");
        std::fs::create_dir(&dir).unwrap();
        let config = "[default]\nregion = eu-1\ns3 =\n  addressing_style = path\n[profile ops]\nregion=eu-2\n\
                      endpoint_url = http://e\n[profile asks]\ncredential_process = printf \
                      '{\"Version\":1,\"AccessKeyId\":\"told\",\"SecretAccessKey\":\"s\"}'\n[profile takes]\nrole_arn \
                      = arn\n";
        std::fs::write(dir.join("config"), config).unwrap();
        let credentials = "# keys\n[default]\naws_access_key_id = one\naws_secret_access_key = two\n[ops]\n\
                           aws_access_key_id=three\naws_secret_access_key=four\n";
        std::fs::write(dir.join("credentials"), credentials).unwrap();
        let told = |variables: &[(&str, &str)]| told(variables, home.path());
        assert_eq!(told(&[]), "one/two Some(\"eu-1\") None");
        assert_eq!(
            told(&[("AWS_PROFILE", "ops")]),
            "three/four Some(\"eu-2\") Some(\"http://e\")"
        );
        assert_eq!(told(&[("AWS_PROFILE", "asks")]), "told None None");
        let keys = [
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_REGION", "us"),
            ("AWS_ENDPOINT_URL", "http://f"),
        ];
        assert_eq!(told(&keys), "surroundings Some(\"us\") Some(\"http://f\")");
        let web = ("AWS_WEB_IDENTITY_TOKEN_FILE", "f");
        assert!(told(&[web, ("AWS_ROLE_ARN", "r")]).starts_with("WebIdentity "));
        assert!(told(&[web]).contains("AWS_ROLE_ARN is not"));
        let nowhere = [
            ("AWS_CONFIG_FILE", "-"),
            ("AWS_SHARED_CREDENTIALS_FILE", "-"),
        ];
        assert!(told(&nowhere).starts_with("Machine "));
        let container = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
        assert!(told(&[nowhere[0], nowhere[1], container]).starts_with("Container "));
        assert!(told(&[("AWS_PROFILE", "takes")]).contains("'role_arn', which is not supported"));
        assert!(told(&[("AWS_PROFILE", "nobody")]).contains("no profile 'nobody'"));
        let secret = told(&[("AWS_ENDPOINT_URL", "http://k:secret@e")]);
        assert!(!secret.contains("secret") && secret.contains("do not belong"));
    }

    #[test]
    fn a_command_is_split_at_spaces_outside_of_quotes() {
        assert_eq!(words("a 'b c' \"d\"e  f").unwrap(), ["a", "b c", "de", "f"]);
        assert_eq!(words("a 'b"), None);
    }
}
