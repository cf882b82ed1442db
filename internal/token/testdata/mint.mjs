// Makes node.json, login tokens by another implementation: node's crypto, with RFC 7516 done by hand.
//   node mint.mjs > node.json
// Keys and nonces are fixed, so every run writes the same file.
import { createCipheriv, createHash } from "node:crypto";

const bytes = (label, size) => createHash("sha256").update(label).digest().subarray(0, size);
const b64 = (value) => Buffer.from(value).toString("base64url");

function mint(header, claims, key, iv) {
  const aad = b64(header);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.from(aad, "ascii"));
  const sealed = Buffer.concat([cipher.update(claims, "utf8"), cipher.final()]);
  return [aad, "", b64(iv), b64(sealed), b64(cipher.getAuthTag())].join(".");
}

const key = bytes("wxlogin interop key", 32);
const kid = "node-1";
const iat = 1770000000;
const cases = [
  {
    name: "members in the order of the RFC's examples",
    header: JSON.stringify({ alg: "dir", enc: "A256GCM", typ: "JWT", kid }),
    claims: { iss: "wxlogin", sub: "oGZUI0egBJY1zhBYw2KhdUfwVJJE", aud: "wx4f4bc4dec97d474b", iat, exp: iat + 86400, jti: "one" },
  },
  {
    name: "blanks in the header, unionid, a claim of somebody else's",
    header: `{ "kid" : "${kid}", "typ":"JWT",\n "enc":"A256GCM", "alg":"dir" }`,
    claims: {
      jti: "two", exp: iat + 1, iat, aud: "wx4f4bc4dec97d474b", sub: "oGZUI0egBJY1zhBYw2KhdUfwVJJE", iss: "wxlogin",
      unionid: "ocMvos6NjeKLIBqg5Mr9QjxrP1FA", role: "微信用户",
    },
  },
];
const vectors = cases.map(({ name, header, claims }) => ({
  name,
  token: mint(header, JSON.stringify(claims), key, bytes(name, 12)),
  claims,
}));
console.log(JSON.stringify({ source: `mint.mjs, node ${process.version}, OpenSSL ${process.versions.openssl}`, kid, key: b64(key), vectors }, null, 2));
