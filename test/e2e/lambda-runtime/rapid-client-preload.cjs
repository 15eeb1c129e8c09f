// Preloaded into every sandbox before aws-lambda-ric: answers for its native client over node:http, which spares a
// compiler, and ends the process with the test that started it. Its module hook is gone before the function loads.
const http = require("node:http");
const { registerHooks } = require("node:module");
const { Socket } = require("node:net");
const { pathToFileURL } = require("node:url");

const LIFELINE_FD = 3;
/** Never part of UTF-8, so it cannot occur in what a function prints. lambda-sandbox.ts reads it. */
const END_OF_TURN = Buffer.of(0xff);

const runtimeApi = new URL(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`);
const agent = new http.Agent({ keepAlive: true });
const printEndOfTurn = [process.stdout, process.stderr].map((stream) => stream.write.bind(stream, END_OF_TURN));

let posted = Promise.resolve();

module.exports = {
  async next() {
    // The native client's posts block; an event asked for before the answer has arrived would belong to nobody.
    await posted;
    for (const print of printEndOfTurn) print();
    const { headers, body } = await send("GET", "next");
    return { bodyJson: body, headers };
  },
  done(requestId, body) {
    posted = send("POST", `${requestId}/response`, body);
  },
  error(requestId, body) {
    posted = send("POST", `${requestId}/error`, body);
  },
};

const hooks = registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== "./rapid-client.node") return nextResolve(specifier, context);
    hooks.deregister();
    return { url: pathToFileURL(__filename).href, format: "commonjs", shortCircuit: true };
  },
});

new Socket({ fd: LIFELINE_FD })
  .on("error", () => process.exit())
  .on("close", () => process.exit())
  .resume()
  .unref();

process.env.AWS_EXECUTION_ENV ??= `AWS_Lambda_nodejs${process.versions.node.split(".")[0]}.x`;

function send(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(path, runtimeApi), { agent, method }, async (response) => {
      try {
        const chunks = await response.toArray();
        resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() });
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject).end(body);
  });
}
