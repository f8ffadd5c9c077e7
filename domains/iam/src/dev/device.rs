//! Devices without a browser: the command line (RFC 8628).

use super::{
    CLI, DevProvider,
    message::{DevRequest, DevResponse, Parameters},
    pages,
    people::person,
    state::{Decided, Device, PATIENCE},
    token::INTERVAL,
};
use crate::IamError;
use serde_json::json;

/// Letters of user codes: no vowels, nothing alike (RFC 8628, section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

impl DevProvider {
    /// A device asks to be let in.
    pub(super) fn device_begin(&self, request: &DevRequest) -> Result<DevResponse, IamError> {
        let given = Parameters::read(&request.form);
        let client = given.as_ref().and_then(|given| given.get("client_id"));
        if client != Some(CLI) {
            return Ok(DevResponse::error("invalid_client", "the client is not known"));
        }
        let now = self.now();
        let user_code = user_code()?;
        let device = Device { client: CLI.to_owned(), user_code: user_code.clone(), decided: None, polled_at: None };
        let device_code = self.state().devices.put(device, now + PATIENCE, now)?;
        let page = self.endpoint("/device");
        Ok(DevResponse::json(
            200,
            &json!({
                "device_code": device_code.reveal(),
                "user_code": user_code,
                "verification_uri": page,
                "verification_uri_complete": format!("{page}?user_code={user_code}"),
                "expires_in": PATIENCE.num_seconds(),
                "interval": INTERVAL.num_seconds(),
            }),
        ))
    }

    /// Asks for the code, then who lets the device in.
    pub(super) fn device_page(&self, request: &DevRequest) -> DevResponse {
        let action = self.endpoint("/device");
        let given = Parameters::read(&request.query);
        let Some(typed) = given.as_ref().and_then(|given| given.get("user_code")) else {
            return pages::ask_code(&action, None);
        };
        let (code, now) = (normal(typed), self.now());
        let mut state = self.state();
        let waits = |device: &Device| device.user_code == code && device.decided.is_none();
        if state.devices.find(now, waits).is_none() {
            return match state.wrong_code(now) {
                true => pages::told(429, "Too many wrong codes", "Wait ten minutes, then run hansa login again."),
                false => pages::ask_code(&action, Some("This code is not known, or too old. Run hansa login again.")),
            };
        }
        let intro = format!(
            "A command line shows the code {code}. Only go on if you have just run hansa login yourself and see this code there."
        );
        pages::choose(&action, &[("user_code", code.as_str())], &intro, "Let the command line in")
    }

    /// Somebody let the device in, or refused.
    pub(super) fn device_decided(&self, request: &DevRequest) -> DevResponse {
        let given = Parameters::read(&request.form);
        let parameter = |name: &str| given.as_ref().and_then(|given| given.get(name));
        let (code, now) = (normal(parameter("user_code").unwrap_or_default()), self.now());
        let chosen = parameter("person");
        let decided = match chosen {
            None => Some(Decided::Refused),
            Some(name) => person(name).map(Decided::Allowed),
        };
        let mut state = self.state();
        let device = state.devices.find(now, |device| device.user_code == code && device.decided.is_none());
        match (device, decided, self.is_own_origin(request)) {
            (Some(device), Some(decided), true) => {
                device.decided = Some(decided);
                match decided {
                    Decided::Allowed(_) => pages::told(200, "The command line is in", "You can close this page."),
                    Decided::Refused => pages::told(200, "Refused", "The command line was not let in."),
                }
            }
            _ => pages::told(400, "This page is too old", "Run hansa login again."),
        }
    }
}

/// Eight letters, `BCDF-GHJK`: some 34 bits, of which few can be tried.
fn user_code() -> Result<String, IamError> {
    let mut code = String::new();
    while code.len() < 9 {
        let mut byte = [0_u8; 1];
        aws_lc_rs::rand::fill(&mut byte).map_err(|_unspecified| IamError::Internal("no random bytes".to_owned()))?;
        // 240 is the largest multiple of 20 in a byte: each letter is as likely as any other.
        let letter = byte.first().filter(|byte| **byte < 240).and_then(|byte| LETTERS.get(usize::from(byte % 20)));
        if let Some(letter) = letter {
            if code.len() == 4 {
                code.push('-');
            }
            code.push(char::from(*letter));
        }
    }
    Ok(code)
}

/// What people type, as it is kept.
fn normal(typed: &str) -> String {
    let letters: String = typed.to_uppercase().chars().filter(char::is_ascii_alphabetic).take(8).collect();
    let (first, second) = letters.split_at_checked(4).unwrap_or((&letters, ""));
    format!("{first}-{second}")
}
