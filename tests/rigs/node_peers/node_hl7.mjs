// node-hl7-client as the sending EHR, over mutual TLS when it is given certificates. One message after the other's
// answer: a second sendMessage while the first one waits spins this version's event loop.
// argv: port, version, [folder with ca.pem, and NAME.pem], [NAME]; messages in JSON on stdin; answers on stdout.
import { readFileSync } from 'node:fs';
import { Client, Message } from 'node-hl7-client';

const [port, version, folder, name] = process.argv.slice(2);
const own = name ? readFileSync(`${folder}/${name}.pem`) : undefined;
const tls = folder ? { ca: readFileSync(`${folder}/ca.pem`), key: own, cert: own, rejectUnauthorized: true } : undefined;
const client = new Client({ host: '127.0.0.1', version, ...(tls ? { tls } : {}) });
const texts = JSON.parse(readFileSync(0, 'utf8'));
const done = (code) => setTimeout(() => process.exit(code), 100);
const next = () => connection.sendMessage(new Message({ text: texts.shift() })).catch(() => done(3));

const connection = client.createConnection({ port: Number(port), maxConnectionAttempts: 2 }, async (answer) => {
  const message = answer.getMessage();
  console.log(JSON.stringify({ code: message.get('MSA.1').toString(), id: message.get('MSA.2').toString() }));
  if (texts.length) setImmediate(next);
  else done(0);
});
connection.on('client.error', () => done(3));
connection.on('error', () => done(3));
setTimeout(() => process.exit(4), 6000);
next();
