// tus.cjs - tus-js-client in Node against an installed Share Zone, as somebody's script would use it. Run by tusclient_test.go, which hands it
// { url, cookie, folder, file } as JSON on stdin and looks at what has arrived. Each thing done is a line on stdout.

const fs = require('node:fs');
const net = require('node:net');

const tus = require('tus-js-client');

const facts = JSON.parse(fs.readFileSync(0, 'utf8'));
const size = fs.statSync(facts.file).size;

// send sends the file under a name, and resolves with what came of it: the upload, and where it went on from.
function send(name, options = {}) {
  return new Promise((done, fail) => {
    let from = null;
    const upload = new tus.Upload(fs.createReadStream(facts.file), {
      endpoint: facts.url + facts.folder,
      headers: { Cookie: facts.cookie, Accept: 'application/json' },
      metadata: { filename: name },
      uploadSize: size,
      chunkSize: 1 << 20,
      retryDelays: [0, 100, 500, 1000, 2000, 2000, 2000],
      ...options,
      onProgress(sent) {
        from ??= sent;
        options.onSent?.(upload, sent, done);
      },
      onSuccess: () => done({ upload, from }),
      onError: fail,
    });
    (options.begin ?? (() => upload.start()))(upload);
  });
}

// cutting passes connections on to the server, and cuts each of the first ones when so many bytes of the client's have gone through.
function cutting(times, after) {
  const target = new URL(facts.url);
  const server = net.createServer((client) => {
    const behind = net.connect(Number(target.port || 80), target.hostname);
    let passed = 0;
    client.on('data', (bytes) => {
      passed += bytes.length;
      behind.write(bytes);
      if (times > 0 && passed > after) {
        times--;
        client.destroy();
        behind.destroy();
      }
    });
    behind.on('data', (bytes) => client.write(bytes));
    for (const [one, other] of [[client, behind], [behind, client]]) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({
    url: `http://127.0.0.1:${server.address().port}`, left: () => times, close: () => server.close(),
  })));
}

const say = (what) => console.log(what);

async function main() {
  await send('whole.bin', { chunkSize: Infinity });
  say('whole');
  await send('chunks.bin');
  say('chunks');
  await send('at once.bin', { uploadDataDuringCreation: true });
  say('with its creation');
  await send('perché è così 日本.bin');
  say('any name');

  // Stopped in the middle, and gone on with by another upload, as after the script was started again.
  const store = new tus.FileUrlStorage(`${facts.store}/urls.json`);
  const remembered = { urlStorage: store, fingerprint: async () => 'resumed.bin' };
  await send('resumed.bin', { ...remembered, onSent: (upload, sent, done) => { if (sent >= 2 << 20) upload.abort().then(done); } });
  const { from } = await send('resumed.bin', {
    ...remembered,
    removeFingerprintOnSuccess: true,
    begin: async (upload) => {
      const [previous] = await upload.findPreviousUploads();
      if (!previous) throw new Error('nothing to go on with');
      upload.resumeFromPreviousUpload(previous);
      upload.start();
    },
  });
  if (from < 1 << 20) throw new Error(`it went on from ${from}`);
  say('resumed');

  const line = await cutting(3, 1_500_000);
  await send('cut.bin', { endpoint: line.url + facts.folder, chunkSize: Infinity });
  if (line.left() !== 0) throw new Error('the connection was not cut');
  line.close();
  say('cut');

  // A name that is taken is told, and not tried again; whoever says so replaces what is his.
  const refusal = await send('whole.bin').then(() => null, (error) => error);
  const status = refusal?.originalResponse?.getStatus();
  const code = status && JSON.parse(refusal.originalResponse.getBody()).error.code;
  if (status !== 409 || code !== 'exists') throw new Error(`a taken name: ${status} ${code}`);
  await send('chunks.bin', { endpoint: `${facts.url}${facts.folder}?on_exists=replace` });
  say('taken');

  let address;
  await send('ended.bin', { onSent: (upload, sent, done) => { address = upload.url; if (sent > 0) upload.abort(true).then(done); } });
  const gone = await fetch(address, { method: 'HEAD', headers: { Cookie: facts.cookie, 'Tus-Resumable': '1.0.0' } });
  if (gone.status !== 404) throw new Error(`what was ended: ${gone.status}`);
  say('ended');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
