package interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.SpringOpaqueTokenIntrospector;

/** Spring Security as relying party and as resource server at the provider of a shop, tried with a browser. */
public final class Main {
  private static final int ATTEMPTS_MAX = 100;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonNode settings;
  private final String application;
  private final List<String> passed = new ArrayList<>();

  private Main(JsonNode settings) {
    this.settings = settings;
    this.application = "http://127.0.0.1:" + setting("port");
  }

  public static void main(String[] arguments) throws Exception {
    var main = new Main(JSON.readTree(new File(arguments[0])));
    try (var context = new SpringApplicationBuilder(Application.class).properties(main.properties()).run()) {
      main.check();
    }
    System.out.println(JSON.writeValueAsString(Map.of("passed", main.passed)));
  }

  private String setting(String name) {
    return settings.get(name).asText();
  }

  private Map<String, Object> properties() {
    String oauth = "spring.security.oauth2.client.";
    return Map.ofEntries(
        Map.entry("server.address", "127.0.0.1"),
        Map.entry("server.port", setting("port")),
        Map.entry("audience", setting("audience")),
        Map.entry("spring.main.banner-mode", "off"),
        Map.entry("logging.level.root", "warn"),
        Map.entry(oauth + "provider.shop.issuer-uri", setting("issuer")),
        Map.entry(oauth + "registration.app.provider", "shop"),
        Map.entry(oauth + "registration.app.client-id", "app"),
        Map.entry(oauth + "registration.app.client-secret", setting("secret")),
        Map.entry(oauth + "registration.app.scope", "openid,email"),
        Map.entry(oauth + "registration.robot.provider", "shop"),
        Map.entry(oauth + "registration.robot.client-id", "robot"),
        Map.entry(oauth + "registration.robot.client-secret", setting("robotSecret")),
        Map.entry(oauth + "registration.robot.authorization-grant-type", "client_credentials"),
        Map.entry(oauth + "registration.robot.scope", "orders.read"));
  }

  private void check() throws Exception {
    var browser = new Browser(setting("email"), setting("password"));
    expect(browser.open(URI.create(setting("link"))).statusCode() == 200, "the one-time link");

    JsonNode person = page(browser, "/me");
    String token = person.get("accessToken").asText();
    expect(person.get("email").asText().equals(setting("email")), "sign-in by the authorization code");

    HttpResponse<String> answer = resource("/api/me", token);
    JsonNode caller = JSON.readTree(answer.body());
    expect(answer.statusCode() == 200 && caller.get("client").asText().equals("app"), "access token at the resource server");
    expect(caller.get("subject").equals(person.get("subject")), "one subject in both tokens");
    String forged = token.substring(0, token.lastIndexOf('.') + 1) + "A".repeat(86);
    expect(resource("/api/me", forged).statusCode() == 401, "forged signature");
    expect(resource("/api/me", person.get("idToken").asText()).statusCode() == 401, "ID token in place of an access token");
    expect(resource("/api/orders", token).statusCode() == 403, "scope that the token lacks");

    String machine = page(browser, "/machine").get("accessToken").asText();
    expect(resource("/api/orders", machine).statusCode() == 200, "client credentials");

    String refreshed = page(browser, "/refreshed").get("accessToken").asText();
    expect(!refreshed.equals(token) && resource("/api/me", refreshed).statusCode() == 200, "refresh");
    OAuth2AuthenticatedPrincipal described = introspected(refreshed);
    expect(described.getName().equals(person.get("subject").asText()), "introspection");

    expect(browser.get(URI.create(application + "/me")).statusCode() == 200, "session");
    browser.open(URI.create(setting("issuer") + "/logout"));
    expect(isSignedOut(browser), "back-channel logout");

    page(browser, "/me");
    HttpResponse<String> bye = browser.open(URI.create(application + "/logout"));
    expect(bye.uri().getPath().equals("/bye") && bye.body().equals("bye"), "sign-out at the provider");
  }

  /** Whether the application forgets its session soon, without a request of the browser to it. */
  private boolean isSignedOut(Browser browser) throws Exception {
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (browser.get(URI.create(application + "/me")).statusCode() == 302) {
        return true;
      }
      Thread.sleep(100);
    }
    return false;
  }

  private JsonNode page(Browser browser, String path) throws Exception {
    HttpResponse<String> response = browser.open(URI.create(application + path));
    if (response.statusCode() != 200) {
      throw new IllegalStateException(response.uri() + ": " + response.body());
    }
    return JSON.readTree(response.body());
  }

  private HttpResponse<String> resource(String path, String token) throws Exception {
    return Browser.withToken(URI.create(application + path), token);
  }

  private OAuth2AuthenticatedPrincipal introspected(String token) {
    return SpringOpaqueTokenIntrospector.withIntrospectionUri(setting("issuer") + "/introspect")
        .clientId("app")
        .clientSecret(setting("secret"))
        .build()
        .introspect(token);
  }

  private void expect(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException(what);
    }
    passed.add(what);
  }
}
