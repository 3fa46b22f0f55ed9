// A webhook receiver that believes only what was signed: node receiver.mjs, with WEBHOOK_SECRET set.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secret = process.env.WEBHOOK_SECRET;
const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);

function verified(headers, body) {
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const hmac = createHmac("sha256", key).update(`${headers["webhook-id"] ?? ""}.${timestamp}.`).update(body);
  const expected = Buffer.from(`v1,${hmac.digest("base64")}`);
  const given = (headers["webhook-signature"] ?? "").split(" ").map((each) => Buffer.from(each));
  return given.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const good = verified(request.headers, body);
  if (good) console.log(request.headers["webhook-id"], body.toString());
  response.writeHead(good ? 204 : 401).end();
});

server.listen(Number(process.env.PORT ?? 4000), "127.0.0.1", () => {
  console.log("listening on", server.address().port);
});
