import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Opens a login token of wxlogin in a service that you trust with its keys (docs/tokens.md), with nothing but the JDK.
 *
 *   (umask 077; wxlogin key export --reveal > keys.jwks)
 *   java Open.java keys.jwks wx4f4bc4dec97d474b < token.txt
 */
public class Open {
    /** The header of every token: no other algorithm, no other member. */
    private static final Pattern HEADER =
        Pattern.compile("\\{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"([A-Za-z0-9_-]{1,64})\",\"typ\":\"JWT\"\\}");

    /**
     * Returns the claims, as JSON, of a token that is whole, for this mini program, and not expired; throws for any other. Whether the
     * token was revoked it cannot know: only the login server can say that.
     */
    static String open(String token, String keySet, String appid, Instant now) throws Exception {
        String[] parts = token.split("\\.", -1);
        if (parts.length != 5 || !parts[1].isEmpty() || token.length() > 8192) throw new IllegalArgumentException("not a login token");
        Base64.Decoder base64 = Base64.getUrlDecoder();
        Matcher header = HEADER.matcher(new String(base64.decode(parts[0]), StandardCharsets.UTF_8));
        if (!header.matches()) throw new IllegalArgumentException("not a header of ours");

        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.DECRYPT_MODE, key(keySet, header.group(1)), new GCMParameterSpec(128, base64.decode(parts[2])));
        cipher.updateAAD(parts[0].getBytes(StandardCharsets.US_ASCII));
        cipher.update(base64.decode(parts[3]));
        String claims = new String(cipher.doFinal(base64.decode(parts[4])), StandardCharsets.UTF_8); // throws when anything was changed

        if (!"wxlogin".equals(text(claims, "iss"))) throw new IllegalArgumentException("issued by somebody else");
        if (!appid.equals(text(claims, "aud"))) throw new IllegalArgumentException("for another mini program");
        if (now.getEpochSecond() >= number(claims, "exp")) throw new IllegalArgumentException("expired");
        return claims;
    }

    private static SecretKeySpec key(String keySet, String kid) {
        Matcher jwk = Pattern.compile("\\{[^{}]*\\}").matcher(keySet);
        while (jwk.find()) {
            if (kid.equals(text(jwk.group(), "kid"))) return new SecretKeySpec(Base64.getUrlDecoder().decode(text(jwk.group(), "k")), "AES");
        }
        throw new IllegalArgumentException("no key " + kid + ": export the keys again after a rotation");
    }

    // Both read what is authentic: the claims after they were decrypted, and your own file. A service with a JSON library uses that.
    static String text(String json, String name) {
        Matcher m = Pattern.compile("\"" + name + "\":\"([^\"\\\\]*)\"").matcher(json);
        return m.find() ? m.group(1) : null;
    }

    static long number(String json, String name) {
        Matcher m = Pattern.compile("\"" + name + "\":([0-9]+)").matcher(json);
        if (!m.find()) throw new IllegalArgumentException("no " + name);
        return Long.parseLong(m.group(1));
    }

    public static void main(String[] args) throws Exception {
        String token = new String(System.in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        String claims = open(token, Files.readString(Path.of(args[0])), args[1], Instant.now());
        String unionid = text(claims, "unionid");
        System.out.println("{\"openid\":\"" + text(claims, "sub") + "\"" + (unionid == null ? "" : ",\"unionid\":\"" + unionid + "\"")
            + ",\"expires\":" + number(claims, "exp") + "}");
    }
}
