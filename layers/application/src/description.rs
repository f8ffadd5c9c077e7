//! What a tenant hands in, whichever language it is in: a descriptor of our
//! own, or a template of TOSCA.

use crate::{
    descriptor::{Described, MAX_BYTES, read_descriptor_bytes},
    diagnostic::{Code, Diagnostic, Diagnostics, Severity},
    tosca::{self, Inputs, NoFiles, Offline, Source, convert::Remark},
};

/// With this a package (CSAR is ZIP) begins.
const ZIP: &[u8] = b"PK\x03\x04";

/// What an application is called whose description doesn't say it, and neither does anybody else.
pub const NAMELESS: &str = "template";

/// Whether this is a template of TOSCA: a package, or a text with the line
/// with which a template begins.
#[must_use]
pub fn is_template(bytes: &[u8]) -> bool {
    let begins = |line: &[u8]| {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let quoted = line.iter().position(|byte| !b"{\"' ".contains(byte)).and_then(|from| line.get(from..));
        quoted.is_some_and(|word| word.starts_with(b"tosca_definitions_version"))
    };
    bytes.starts_with(ZIP) || bytes.split(|byte| *byte == b'\n').any(begins)
}

/// Reads a descriptor (YAML 1.2 or JSON), or a template of TOSCA (YAML or
/// CSAR) that needs nothing but what is in it and what is built in. Of a
/// template, all that is not in the model as it was said is among the
/// warnings; its model is called `name`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn read_description(name: &str, bytes: &[u8]) -> Result<Described, Diagnostics> {
    if !is_template(bytes) || (bytes.len() > MAX_BYTES && !bytes.starts_with(ZIP)) {
        return read_descriptor_bytes(bytes);
    }
    let source = Source { name, bytes, files: &NoFiles };
    let tosca::Outcome { template, diagnostics, omitted, .. } = tosca::read(&source, &Offline, &Inputs::default());
    let of = |severity: Severity| move |found: &Diagnostic| found.severity == severity;
    let Some(template) = template else {
        return Err(Diagnostics { list: diagnostics.into_iter().filter(of(Severity::Error)).collect(), omitted });
    };
    let converted = template.convert();
    let remarks = converted.report.iter().map(warning);
    match converted.model {
        Some(model) => {
            let found = diagnostics.into_iter().filter(of(Severity::Warning));
            Ok(Described { model, warnings: found.chain(remarks).collect() })
        }
        None => {
            let nothing = Diagnostic {
                severity: Severity::Error,
                file: None,
                line: 1,
                column: 1,
                pointer: String::new(),
                code: Code::NoMeaning,
                message: "no resource model can be made of this template".to_owned(),
                hint: Some("see what was left out of it".to_owned()),
            };
            Err(Diagnostics { list: std::iter::once(nothing).chain(remarks).collect(), omitted: 0 })
        }
    }
}

fn warning(remark: &Remark) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        file: Some(remark.file.clone()).filter(|file| !file.is_empty()),
        line: remark.line.max(1),
        column: remark.column.max(1),
        pointer: remark.path.clone(),
        code: Code::NoMeaning,
        message: format!("{}: {}: {}", remark.kind.as_str(), remark.what, remark.why),
        hint: Some(remark.remedy.clone()).filter(|remedy| !remedy.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "tosca_definitions_version: tosca_simple_yaml_1_3
imports: [https://raw.githubusercontent.com/micado-scale/tosca/main/micado_types.yaml]
topology_template:
  node_templates:
    web:
      type: tosca.nodes.MiCADO.Container.Application.Docker.Deployment
      properties: { image: 'shop:1', ports: [{ port: 80, nodePort: 30080 }] }
";

    #[test]
    fn a_template_is_told_from_a_descriptor() {
        for text in [
            TEMPLATE,
            "{\"tosca_definitions_version\": \"tosca_2_0\"}",
            "# x\n'tosca_definitions_version': x",
            "PK\x03\x04",
            "\u{feff}tosca_definitions_version: x",
        ] {
            assert!(is_template(text.as_bytes()), "{text}");
        }
        for text in ["hansa: 1\n", "  # tosca_definitions_version\n", "name: tosca_definitions_version", ""] {
            assert!(!is_template(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_template_is_read_as_a_descriptor_is() {
        let read = read_description("shop", TEMPLATE.as_bytes()).unwrap();
        assert_eq!((read.model.name.as_str(), read.model.components.len()), ("shop", 1));
        let told = read.warnings.iter().find(|found| found.message.contains("nodePort")).unwrap();
        assert!(told.message.starts_with("changed: ") && told.line == 7, "{told}");

        let broken = TEMPLATE.replace("image:", "imag:");
        let faults = read_description("shop", broken.as_bytes()).unwrap_err();
        assert!(faults.list.iter().any(|found| found.message.contains("imag") && found.line == 7), "{faults}");
        let types = "tosca_definitions_version: tosca_simple_yaml_1_3\n";
        assert!(read_description("shop", types.as_bytes()).unwrap_err().list[0].message.contains("no resource model"));
        assert!(read_description("shop", b"hansa: 1\n").is_err(), "a descriptor's faults are told as ever");
    }
}
