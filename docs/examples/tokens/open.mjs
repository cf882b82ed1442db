// Opens a login token of wxlogin in a service that you trust with its keys (docs/tokens.md).
//
//   npm install jose
//   (umask 077; wxlogin key export --reveal > keys.jwks)
//   node open.mjs keys.jwks wx4f4bc4dec97d474b < token.txt
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { importJWK, jwtDecrypt } from 'jose'

// openToken returns the claims of a token that is whole, for this mini program, and not expired. It throws for any other. Whether the
// token was revoked it cannot know: only the login server can say that.
export async function openToken(token, keySet, appid) {
  const { payload } = await jwtDecrypt(token, header => {
    const jwk = keySet.keys.find(key => key.kid === header.kid)
    if (!jwk) throw new Error('no key ' + header.kid + ': export the keys again after a rotation')
    return importJWK(jwk, 'A256GCM')
  }, {
    keyManagementAlgorithms: ['dir'], // nothing else: the header is the sender's
    contentEncryptionAlgorithms: ['A256GCM'],
    issuer: 'wxlogin',
    audience: appid,
    typ: 'JWT',
    requiredClaims: ['sub', 'iat', 'exp', 'jti'],
  })
  return payload
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , keysFile, appid] = process.argv
  const claims = await openToken(readFileSync(0, 'utf8').trim(), JSON.parse(readFileSync(keysFile, 'utf8')), appid)
  console.log(JSON.stringify({ openid: claims.sub, unionid: claims.unionid, expires: claims.exp }))
}
