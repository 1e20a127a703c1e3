// Asks the service for what it refuses, and shows each answer as the TypeScript client types it.
import {
  checkMedications,
  discardDraft,
  getSubstance,
  openDraft,
  type CheckStatus,
  type MedicationProfile,
  type Problem,
  type ProblemCode,
} from "magcheck-client";
import { createClient } from "magcheck-client/client";

declare const process: { argv: string[] };
const [address, key] = process.argv.slice(2) as [string, string];

function show(result: { error?: Problem; response?: Response }): void {
  const { error, response } = result;
  if (!error || !response) throw new Error("this was not refused");
  const code: ProblemCode = error.code;
  if (error.status !== response.status) throw new Error("the status differs");
  if (error.correlation_id !== response.headers.get("X-Correlation-ID")) throw new Error("the id differs");
  console.log([response.status, code, ...error.errors.slice(0, 1).map((fault) => fault.pointer)].join(" "));
}

const client = createClient({ baseUrl: address, headers: { "X-API-Key": key } });
const stranger = createClient({ baseUrl: address, headers: { "X-API-Key": "mck_nobody" } });
const furosemide: MedicationProfile = { medications: [{ id: "m1", text: "Furosemide 40 mg tablet" }] };

const { data } = await checkMedications({ client, body: furosemide });
const complete: CheckStatus = "complete";
if (data?.status !== complete) throw new Error("no complete answer");
if (data.findings.map((finding) => finding.interaction_id).join() !== "loop-diuretics-deplete-magnesium")
  throw new Error("another finding");

show(await checkMedications({ client: stranger, body: furosemide }));
show(await getSubstance({ client, path: { substance_id: "unobtainium" } }));
show(await checkMedications({ client, body: { medications: [{ id: "m1" }] } }));

const reason = "to see what is refused";
const draft = await openDraft({
  client,
  body: { title: "A draft", reason },
  headers: { "Idempotency-Key": "typescript-0001" },
});
if (!draft.data) throw new Error("no draft");
const tag = draft.response?.headers.get("ETag") ?? "none";
for (const [number, seen] of ['"999"', tag, '"2"'].entries()) {
  const refused = await discardDraft({
    client,
    path: { draft_id: draft.data.id },
    body: { reason },
    headers: { "Idempotency-Key": `typescript-100${number}`, "If-Match": seen },
  });
  if (!refused.data) show(refused);
}
