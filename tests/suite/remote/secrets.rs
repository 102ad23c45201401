//! Nothing secret comes to a terminal or into a file, whatever goes wrong.

use super::{Host, STORE};
use crate::support::bucket::{Bucket, Fault};
use crate::support::{Run, venv};

#[track_caller]
fn is_told_without_secrets(run: &Run) {
    let text = format!("{}{}", run.stdout, run.stderr);
    for secret in ["SECRETWORD", "AKOPEN", "StringToSign"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn no_error_tells_keys() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    for status in [400, 403, 404, 409, 412, 416, 501] {
        bucket.plan(move |_, _, _| Some(Fault::Status(status)));
        for args in [&["list"][..], &["save", "venv"], &["list", "--json"]] {
            let run = host.snap(args);
            assert_ne!(run.code, 0, "{status} {args:?}");
            is_told_without_secrets(&run);
        }
    }
    bucket.calm();
    for (name, value) in [
        ("AWS_ENDPOINT_URL", "http://AKOPEN:SECRETWORD@127.0.0.1:1"),
        ("AWS_ENDPOINT_URL", "http://[SECRETWORD"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_CA_BUNDLE", "/nowhere/SECRETWORD"),
        ("VENV_SNAP_STORE", "s3://AKOPEN:SECRETWORD@bucket/x"),
    ] {
        let mut command = host.command(&["list"]);
        command.env(name, value);
        let run = Run::of(command);
        assert!(run.code == 2 || run.code == 3, "{name}={value}: {run}");
        is_told_without_secrets(&run);
    }
}

#[test]
fn keys_of_profiles_and_programs_are_used_as_tools_of_aws_do() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    let aws = host.sandbox.path(".aws");
    std::fs::create_dir(&aws).unwrap();
    let config = "[profile program]\nregion = here-1\ncredential_process = sh -c 'echo \
                  {\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"AKOPEN\\\",\\\"SecretAccessKey\\\":\\\"SECRETWORD\\\"}'\n\
                  [profile broken]\ncredential_process = sh -c 'echo SECRETWORD; exit 3'\n";
    std::fs::write(
        aws.join("config"),
        config.replace('\\', "\\\\").replace("\\\\\"", "\\\""),
    )
    .unwrap();
    let credentials = "[keys]\naws_access_key_id = AKOPEN\naws_secret_access_key = SECRETWORD\n";
    std::fs::write(aws.join("credentials"), credentials).unwrap();
    let by = |profile: &str| {
        let mut command = host.command(&["save", "venv"]);
        command
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PROFILE", profile);
        Run::of(command)
    };
    for profile in ["keys", "program"] {
        let run = by(profile);
        assert_eq!(run.code, 0, "{profile}: {run}");
    }
    for (profile, said) in [
        ("broken", "credential_process"),
        ("nobody", "no profile 'nobody'"),
    ] {
        let run = by(profile);
        assert!(
            run.code == 3 && run.stderr.contains(said),
            "{profile}: {run}"
        );
        is_told_without_secrets(&run);
    }
    let mut command = host.command(&["list"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let run = Run::of(command);
    assert!(run.code == 3 && run.stderr.contains(STORE), "{run}");
}

#[test]
fn whoever_was_asked_for_keys_and_has_none_is_named_and_not_the_bucket() {
    let bucket = Bucket::serve();
    let elsewhere = Bucket::serve();
    let host = Host::new(&bucket);
    let token = host.sandbox.path("token");
    std::fs::write(&token, "SECRETWORD").unwrap();
    let address = elsewhere.variables().remove(0).1;
    let (token, full) = (token.to_str().unwrap(), format!("{address}/keys"));
    let container = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", full.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token),
    ];
    let web = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_ENDPOINT_URL_STS", address.as_str()),
    ];
    for status in ["403", "404"] {
        let number = status.parse().unwrap();
        elsewhere.plan(move |_, _, _| Some(Fault::Status(number)));
        for (variables, named, why) in [
            (
                &[("AWS_METADATA_ENDPOINT", address.as_str())][..],
                "metadata service of this machine",
                status,
            ),
            (&container, "AWS_CONTAINER_CREDENTIALS", status),
            // Its token goes nowhere without TLS.
            (&web, "AWS_WEB_IDENTITY_TOKEN_FILE", "https"),
        ] {
            let mut command = host.command(&["list"]);
            command
                .env_remove("AWS_ACCESS_KEY_ID")
                .env_remove("AWS_SECRET_ACCESS_KEY")
                .envs(variables.iter().copied());
            let run = Run::of(command);
            assert_eq!(run.code, 3, "{named}: {run}");
            for said in [named, why, "hint: look at the keys"] {
                assert!(run.stderr.contains(said), "{named}: {run}");
            }
            is_told_without_secrets(&run);
        }
    }
    assert!(bucket.asked() == 0, "the bucket was asked without keys");
}

#[test]
fn a_refusal_for_keys_region_or_clock_says_where_to_look() {
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    for (status, told) in [
        (400, "400 ExpiredToken"),
        (403, "403 AccessDenied"),
        (301, "another region"),
    ] {
        bucket.plan(move |_, _, _| Some(Fault::Status(status)));
        for args in [&["list"][..], &["save", "venv"], &["remote", "check"]] {
            let run = host.code(3, args);
            assert!(run.stderr.contains(told), "{args:?}: {run}");
            assert!(
                run.stderr.contains("hint: look at the keys"),
                "{args:?}: {run}"
            );
        }
    }
}
