"""The FHIR interface, read-only: R4 resources for programs. Format: docs/formats/fhir-api.md."""
