import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A back end with WeChat's address compiled in. Its first argument says which of Java's clients it uses. */
public class Main {
    static final String API = "https://api.weixin.qq.com";
    static final String APP = "appid=wx0123456789abcdef&secret=0123456789abcdef0123456789abcdef";

    interface Client {
        String call(String url, String body) throws IOException, InterruptedException;
    }

    static String httpClient(String url, String body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (body != null) {
            request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        }
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    static String urlConnection(String url, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body.getBytes(StandardCharsets.UTF_8));
            }
        }
        return new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"?([^\",}]*)").matcher(json);
        if (!found.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return found.group(1);
    }

    public static void main(String[] args) throws Exception {
        Client client = args[0].equals("HttpClient") ? Main::httpClient : Main::urlConnection;
        String login = API + "/sns/jscode2session?" + APP + "&js_code=" + args[1] + "&grant_type=authorization_code";
        String openid = member(client.call(login, null), "openid");
        String again = member(client.call(login, null), "errcode");
        String token = member(client.call(API + "/cgi-bin/token?grant_type=client_credential&" + APP, null), "access_token");
        String phone = member(client.call(API + "/wxa/business/getuserphonenumber?access_token=" + token, "{\"code\":\"" + args[2] + "\"}"), "purePhoneNumber");
        System.out.println("{\"openid\":\"" + openid + "\",\"again\":" + again + ",\"phone\":\"" + phone + "\"}");
    }
}
