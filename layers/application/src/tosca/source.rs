//! Where texts come from. The reader itself does no IO: whoever calls it says
//! how a file beside the template and one of the network are had.

/// A template or a package of templates (CSAR).
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// Its name, for people, and what relative imports start from.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
    /// The files beside it. A package has its own.
    pub files: &'a dyn Files,
}

/// Files beside a template.
pub trait Files {
    /// The content of a file, by its path with `/` between the parts, relative
    /// to the folder of the template. None: there is no such file.
    ///
    /// # Errors
    /// Why it can't be read, in words.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;
}

/// Files of the network.
pub trait Fetch {
    /// The content behind a URL.
    ///
    /// # Errors
    /// Why it isn't had, and what to do.
    fn fetch(&self, url: &str) -> Result<Vec<u8>, Missing>;
}

/// Why a file of the network isn't had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What happened.
    pub said: String,
    /// What to do.
    pub remedy: String,
}

/// No files beside the template.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }
}

/// No network.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offline;

impl Fetch for Offline {
    fn fetch(&self, _: &str) -> Result<Vec<u8>, Missing> {
        Err(Missing {
            said: "it is none of those built in, and nothing is fetched from the network".to_owned(),
            remedy: "allow the network (--allow-network), or save the file beside this one and import it by its name"
                .to_owned(),
        })
    }
}

/// Values for the inputs of a template.
#[derive(Clone, Default)]
pub struct Inputs {
    /// Each by name, its value as YAML.
    pub given: Vec<(String, String)>,
    /// A file of them: its name and content. What is given by name goes before it.
    pub file: Option<(String, Vec<u8>)>,
}

impl std::fmt::Debug for Inputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.given.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Inputs").field("given", &names).finish_non_exhaustive()
    }
}

/// The path of a file that is named in another one.
pub(crate) fn beside(base: &str, path: &str) -> String {
    if path.starts_with('/') || path.contains("://") {
        return normal(path);
    }
    match base.rsplit_once('/') {
        Some((folder, _)) => normal(&format!("{folder}/{path}")),
        None => normal(path),
    }
}

/// Without `.` and, as far as it goes, without `..`.
pub(crate) fn normal(path: &str) -> String {
    if let Some((scheme, rest)) = path.split_once("://") {
        let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
        return format!("{scheme}://{host}/{}", normal(rest).trim_start_matches('/'));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let lead = if path.starts_with('/') { "/" } else { "" };
    format!("{lead}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        assert_eq!(beside("a/b.yaml", "c.yaml"), "a/c.yaml");
        assert_eq!(beside("a/b.yaml", "../c.yaml"), "c.yaml");
        assert_eq!(beside("b.yaml", "../c.yaml"), "../c.yaml");
        assert_eq!(beside("b.yaml", "./x/../c.yaml"), "c.yaml");
        assert_eq!(beside("https://h/a/b.yaml", "../c.yaml"), "https://h/c.yaml");
        assert_eq!(beside("a/b.yaml", "/etc/c.yaml"), "/etc/c.yaml");
    }
}
