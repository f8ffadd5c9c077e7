//! Packages of templates (CSAR, 1.3 clause 6): a zip with `TOSCA-Metadata/TOSCA.meta`,
//! or with one template at its root. Everything stays in memory, within bounds.

use super::{
    report::{Fault, FileText, Report},
    source::normal,
};
use crate::{descriptor::node::Position, diagnostic::Code, suggestion::shown};
use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
    sync::Arc,
};

/// How many files a package may hold.
const MAX_FILES: usize = 2_000;
/// How many bytes it may hold, unpacked.
const MAX_BYTES: u64 = 64 << 20;
/// How large one of its files may be, unpacked.
const MAX_FILE: u64 = 16 << 20;
/// How much larger a file may become by unpacking, once it has more than [`SMALL`].
const MAX_RATIO: u64 = 200;
const SMALL: u64 = 1 << 20;

const META: &str = "TOSCA-Metadata/TOSCA.meta";

/// An unpacked package.
#[derive(Debug, Default)]
pub(crate) struct Package {
    files: BTreeMap<String, Vec<u8>>,
    /// The path of its main template.
    pub(crate) entry: String,
    /// It names its main template in `TOSCA.meta`.
    pub(crate) has_meta: bool,
}

impl Package {
    /// The content of a file, by its path in the package.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        let path = normal(path);
        self.files.get(path.trim_start_matches('/')).map(Vec::as_slice)
    }

    fn main(&self) -> &[u8] {
        self.file(&self.entry).unwrap_or_default()
    }
}

/// Whether these are the bytes of a zip.
pub(crate) fn is_package(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Opens a package; its main template's name and bytes are told. None: what is wrong was said.
pub(crate) fn open(report: &mut Report, name: &str, bytes: &[u8]) -> Option<Package> {
    // The package itself is a file that things can be said about, without lines.
    let file = u16::MAX;
    report.file(file, FileText { name: name.to_owned(), text: Arc::from(""), root: None });
    let at = Position { file, ..Position::START };
    let found = unpack(bytes).and_then(|mut package| {
        let warnings = package.find_entry()?;
        Ok((package, warnings))
    });
    match found {
        Ok((package, warnings)) => {
            for warning in warnings {
                report.say(Fault::warning(at, Code::InvalidPackage, warning));
            }
            Some(package)
        }
        Err((message, hint)) => {
            report.say(Fault::error(at, Code::InvalidPackage, message).maybe_hint(hint));
            None
        }
    }
}

type Refused = (String, Option<String>);

fn refused(message: impl Into<String>, hint: &str) -> Refused {
    (message.into(), (!hint.is_empty()).then(|| hint.to_owned()))
}

fn unpack(bytes: &[u8]) -> Result<Package, Refused> {
    let no_zip =
        |error: zip::result::ZipError| refused(format!("this is no zip that can be opened: {error}"), "pack it again");
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(no_zip)?;
    if zip.len() > MAX_FILES {
        return Err(refused(
            format!("the package holds more than {MAX_FILES} files"),
            "leave out what no template names",
        ));
    }
    let (mut package, mut left) = (Package::default(), MAX_BYTES);
    for index in 0..zip.len() {
        let file = zip.by_index(index).map_err(no_zip)?;
        let name = file.name().map_err(no_zip)?.replace('\\', "/");
        if file.is_dir() || name.ends_with('/') {
            continue;
        }
        let path = normal(&name);
        if file.enclosed_name().is_none() || path.starts_with("..") || path.starts_with('/') || name.starts_with('/') {
            return Err(refused(format!("the file `{}` would lie outside the package", shown(&name)), "pack it again"));
        }
        if file.encrypted() {
            return Err(refused(format!("the file `{}` is encrypted", shown(&name)), "pack it without a password"));
        }
        let (packed, most) = (file.compressed_size(), MAX_FILE.min(left));
        let mut content = Vec::new();
        let read = file.take(most + 1).read_to_end(&mut content);
        read.map_err(|error| {
            refused(format!("the file `{}` can't be unpacked: {error}", shown(&name)), "pack it again")
        })?;
        let size = content.len() as u64;
        if size > most || size > SMALL && size / packed.max(1) > MAX_RATIO {
            let message = format!("`{}` or the whole package becomes too large by unpacking", shown(&name));
            return Err(refused(message, "a package may hold 64 MiB in all and 16 MiB in a file"));
        }
        left -= size;
        package.files.insert(path, content);
    }
    Ok(package)
}

impl Package {
    /// Finds the main template, and says what is odd about the package.
    fn find_entry(&mut self) -> Result<Vec<String>, Refused> {
        let mut warnings = Vec::new();
        let Some(meta) = self.files.get(META).cloned() else {
            self.entry = self.only_template()?;
            return Ok(warnings);
        };
        let fields = meta_fields(&String::from_utf8_lossy(&meta));
        for field in ["CSAR-Version", "Created-By"] {
            if !fields.contains_key(&field.to_ascii_lowercase()) {
                warnings.push(format!("`{META}` has no `{field}`"));
            }
        }
        let Some(entry) = fields.get("entry-definitions").filter(|entry| !entry.is_empty()) else {
            return Err(refused(
                format!("`{META}` has no `Entry-Definitions`"),
                "name the main template there, such as `Entry-Definitions: Definitions/main.yaml`",
            ));
        };
        self.entry = normal(entry.trim_start_matches('/'));
        self.has_meta = true;
        if self.file(&self.entry).is_none() {
            let message = format!("`{META}` names `{}`, which is not in the package", shown(entry));
            return Err(refused(message, "correct `Entry-Definitions`, or put the file into the package"));
        }
        Ok(warnings)
    }

    fn root_templates(&self) -> Vec<&String> {
        let yaml = |path: &&String| !path.contains('/') && (path.ends_with(".yaml") || path.ends_with(".yml"));
        self.files.keys().filter(yaml).collect()
    }

    fn only_template(&self) -> Result<String, Refused> {
        let hint = "put one template at the root, or name the main one in `TOSCA-Metadata/TOSCA.meta`; zip what is in the folder, not the folder";
        match self.root_templates().as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(refused(format!("the package has neither `{META}` nor a template at its root"), hint)),
            several => Err(refused(format!("the package has {} templates at its root", several.len()), hint)),
        }
    }

    pub(crate) fn main_bytes(&self) -> Vec<u8> {
        self.main().to_vec()
    }
}

/// The fields of the first block: `Name: value`, names without regard to case.
fn meta_fields(text: &str) -> BTreeMap<String, String> {
    let lines = text.trim_start_matches('\u{feff}').lines();
    lines.filter_map(|line| line.split_once(':')).fold(BTreeMap::new(), |mut fields, (name, value)| {
        let value = value.trim().trim_matches(['"', '\'']).to_owned();
        fields.entry(name.trim().to_ascii_lowercase()).or_insert(value);
        fields
    })
}
