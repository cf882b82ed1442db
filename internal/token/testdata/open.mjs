// Opens the login token on stdin with the key of argv[2] (base64url), by node's crypto alone; prints {"header","claims"}.
import { createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";

const [header, encryptedKey, iv, sealed, tag] = readFileSync(0, "ascii").split(".");
if (encryptedKey !== "") throw new Error("dir has no encrypted key");
const decipher = createDecipheriv("aes-256-gcm", Buffer.from(process.argv[2], "base64url"), Buffer.from(iv, "base64url"));
decipher.setAAD(Buffer.from(header, "ascii"));
decipher.setAuthTag(Buffer.from(tag, "base64url"));
const claims = Buffer.concat([decipher.update(Buffer.from(sealed, "base64url")), decipher.final()]).toString("utf8");
console.log(JSON.stringify({ header: JSON.parse(Buffer.from(header, "base64url")), claims: JSON.parse(claims) }));
