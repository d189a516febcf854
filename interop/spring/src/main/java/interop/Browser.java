package interop;

import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A browser as far as the pages need one: cookies, redirects, and forms without a script. */
final class Browser {
  private static final int STEPS_MAX = 12;
  private static final Pattern FORM = Pattern.compile("<form action=\"([^\"]+)\" method=\"post\">");
  private static final Pattern HIDDEN = Pattern.compile("<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\">");

  private final HttpClient http =
      HttpClient.newBuilder().cookieHandler(new CookieManager()).followRedirects(HttpClient.Redirect.NEVER).build();
  private final String email;
  private final String password;

  Browser(String email, String password) {
    this.email = email;
    this.password = password;
  }

  /** Opens an address, follows redirects and submits forms, until a page has none; that page. */
  HttpResponse<String> open(URI address) throws IOException, InterruptedException {
    HttpResponse<String> response = get(address);
    for (int step = 0; step < STEPS_MAX; step++) {
      URI here = response.uri();
      var location = response.headers().firstValue("location");
      if (location.isPresent()) {
        response = get(here.resolve(location.get()));
        continue;
      }
      Matcher form = FORM.matcher(response.body());
      if (!form.find()) {
        return response;
      }
      response = post(here.resolve(form.group(1)), fields(response.body()));
    }
    throw new IllegalStateException("the pages do not come to an end");
  }

  HttpResponse<String> get(URI address) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(address).GET());
  }

  private Map<String, String> fields(String page) {
    var fields = new LinkedHashMap<String, String>();
    Matcher hidden = HIDDEN.matcher(page);
    while (hidden.find()) {
      fields.put(hidden.group(1), hidden.group(2));
    }
    if (page.contains("id=\"email\"")) {
      fields.put("email", email);
    }
    if (page.contains("id=\"password\"")) {
      fields.put("password", password);
    }
    if (page.contains("id=\"allow\"")) {
      fields.put("decision", "allow");
    }
    return fields;
  }

  private HttpResponse<String> post(URI address, Map<String, String> fields) throws IOException, InterruptedException {
    String body =
        fields.entrySet().stream().map(it -> it.getKey() + "=" + encoded(it.getValue())).collect(Collectors.joining("&"));
    return send(
        HttpRequest.newBuilder(address)
            .header("content-type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Answer to a request with a bearer token and no cookies. */
  static HttpResponse<String> withToken(URI address, String token) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(address).header("authorization", "Bearer " + token).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
