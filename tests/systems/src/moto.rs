//! A service that speaks the EC2 dialect: moto of somebody else, which checks
//! signatures and policies from the moment that its first user has a key.

use crate::{Program, free_port, python, wanted};
use std::{path::PathBuf, process::Command, time::Duration};
use tempfile::TempDir;

/// Makes the user whose key is used, with the service's own client.
const FIRST_USER: &str = r#"
import boto3, json, sys
iam = boto3.client("iam", endpoint_url=sys.argv[1], region_name="eu-central-1",
                   aws_access_key_id="nobody", aws_secret_access_key="nobody")
iam.create_user(UserName="hansa")
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.put_user_policy(UserName="hansa", PolicyName="all", PolicyDocument=json.dumps(allow))
key = iam.create_access_key(UserName="hansa")["AccessKey"]
print(json.dumps({"accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]}))
"#;

/// What begins each script of a test: a client `ec2` with that user's key.
const CLIENT: &str = r#"
import boto3, json, sys
key = json.loads(sys.argv[2])
ec2 = boto3.client("ec2", endpoint_url=sys.argv[1], region_name="eu-central-1",
                   aws_access_key_id=key["accessKeyId"], aws_secret_access_key=key["secretAccessKey"])
"#;

/// A running service.
#[derive(Debug)]
pub struct Moto {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub address: String,
    /// The key that opens it, as a credential holds it.
    pub key: String,
    program: Program,
    _folder: TempDir,
}

impl Moto {
    /// Starts one. None: it is not installed, and that was said.
    #[must_use]
    pub fn start() -> Option<Self> {
        if !wanted("moto", python::installed("moto"), "run tests/systems/install/moto.sh") {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let mut command = Command::new(python::program("moto", "moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).env("INITIAL_NO_AUTH_ACTION_COUNT", "3");
        command.env("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true");
        let mut program = Program::start("moto", &mut command, folder.path());
        program.wait_until("moto", Duration::from_secs(60), || python::listens(port));
        let address = format!("http://127.0.0.1:{port}");
        let key = said(Command::new(interpreter()).args(["-c", FIRST_USER, &address]));
        Some(Self { address, key, program, _folder: folder })
    }

    /// Runs a script of the service's own client, `ec2`; answers what it prints.
    pub fn script(&self, script: &str) -> String {
        said(Command::new(interpreter()).args(["-c", &format!("{CLIENT}{script}"), &self.address, &self.key]))
    }

    /// The end of what it has printed.
    #[must_use]
    pub fn output(&self) -> String {
        self.program.output()
    }
}

fn interpreter() -> PathBuf {
    python::program("moto", "python")
}

fn said(command: &mut Command) -> String {
    let output = command.output().expect("a client");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
