// @medplum/hl7 as the sending EHR: HL7 messages in JSON on stdin, one answer in JSON on stdout for each.
// argv: port, "application" to wait for the AA behind the CA; else whatever answer comes first
import { readFileSync } from 'node:fs';
import { Hl7Client, ReturnAckCategory } from '@medplum/hl7';
import { Hl7Message } from '@medplum/core';

const [port, category] = process.argv.slice(2);
const client = new Hl7Client({ host: '127.0.0.1', port: Number(port), keepAlive: true });
for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  const answer = await client.sendAndWait(Hl7Message.parse(text), { timeoutMs: 5000, returnAck: category === "application" ? ReturnAckCategory.APPLICATION : ReturnAckCategory.FIRST });
  const msa = answer.getSegment('MSA');
  console.log(JSON.stringify({ code: msa.getField(1).toString(), id: msa.getField(2).toString() }));
}
await client.close();
process.exit(0); // timers of answers that came long ago would hold the program
